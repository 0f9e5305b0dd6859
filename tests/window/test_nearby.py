"""Which reports tell of the same problem, and which may be joined? The rules alone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sala.window import nearby
from sala.window.nearby import Case, Open, Spot
from sala.window.terms import Kind

HERE = (11.5625, 104.9160)
START = datetime(2026, 3, 16, 9, tzinfo=UTC)


def spot(metres_north: float | None = 0, village: str = "12040402", commune: str = "120404") -> Spot:
    if metres_north is None:
        return Spot(commune, village)
    return Spot(commune, village, HERE[0] + metres_north / 111_320, HERE[1])


@pytest.mark.parametrize(
    ("here", "there", "same"),
    [
        (spot(), spot(149), True),
        (spot(), spot(151), False),
        (spot(), spot(100, village="12040401"), True),  # a street between two villages
        (spot(), spot(400), False),  # in one village, but the points say they are two
        (spot(), spot(None), True),
        (spot(None), spot(None), True),
        (spot(None), spot(None, village="12040401"), False),
        (spot(), spot(None, village="12040401"), False),
        (spot(), spot(10, commune="120405"), False),
        (spot(None, village=""), spot(None, village=""), True),
    ],
)
def test_same_place(here: Spot, there: Spot, same: bool) -> None:
    assert nearby.same_place(here, there) is same
    assert nearby.same_place(there, here) is same


def test_the_newest_come_first_and_no_more_than_five() -> None:
    found = [Open(str(n), "received", START + timedelta(hours=n), spot(n)) for n in range(9)]
    near = nearby.near(spot(), reversed(found))
    assert [each.report.number for each in near] == ["8", "7", "6", "5", "4"]
    assert [round(each.metres or -1) for each in near] == [8, 7, 6, 5, 4]
    assert nearby.near(spot(), [Open("1", "received", START, spot(None))])[0].metres is None


@settings(max_examples=60)
@given(
    st.floats(-60, 60), st.floats(-170, 170), st.floats(-400, 400), st.floats(-400, 400), st.floats(10, 300)
)
def test_the_box_holds_whatever_is_within_reach(
    latitude: float, longitude: float, north: float, east: float, reach: float
) -> None:
    here = (latitude, longitude)
    there = (latitude + north / 111_320, longitude + east / 111_320)
    south, west, top, right = nearby.box(here, reach)
    far = nearby.metres(here, there)
    assert far == pytest.approx(nearby.metres(there, here))
    if far <= reach - 1e-6:  # at the very edge, rounding decides
        assert south <= there[0] <= top and west <= there[1] <= right


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-300, 300).filter(lambda far: abs(far) != 150)),
            st.integers(0, 50),
        ),
        max_size=12,
    )
)
def test_what_is_near_is_near_and_in_order(drawn: list[tuple[int | None, int]]) -> None:
    found = [
        Open(f"{n}", "received", START + timedelta(hours=at), spot(far)) for n, (far, at) in enumerate(drawn)
    ]
    near = nearby.near(spot(), found)
    assert all(each.metres is None or each.metres <= nearby.WITHIN for each in near)
    assert [each.report.received for each in near] == sorted(
        (each.report.received for each in near), reverse=True
    )
    assert len(near) == min(nearby.MOST, sum(far is None or abs(far) <= 150 for far, _ in drawn))


ONE, TWO, HALL, OTHER = (UUID(int=n) for n in (1, 2, 3, 4))


@pytest.mark.parametrize(
    ("change", "main", "by_staff", "word"),
    [
        ({}, {}, True, ""),
        ({}, {}, False, ""),
        ({"id": None}, {}, False, ""),
        ({"id": TWO}, {}, True, "same request"),
        ({"kind": Kind.DOCUMENT}, {}, True, "documents"),
        ({}, {"kind": Kind.DOCUMENT}, True, "documents"),
        ({"protected": True}, {"protected": True}, False, "protected"),
        ({"protected": True}, {"protected": True}, True, "protected"),
        ({"open": False}, {}, True, "finished"),
        ({}, {"open": False}, False, "finished"),
        ({}, {"service": "RP-ROAD"}, True, "different"),
        ({}, {"commune": "120405"}, True, "communes"),
        ({}, {"office": OTHER}, True, "another office"),
        ({}, {"office": OTHER}, False, ""),
    ],
)
def test_why_not(change: dict[str, object], main: dict[str, object], by_staff: bool, word: str) -> None:
    base = {"service": "RP-SEWER", "kind": Kind.REPORT, "commune": "120404", "office": HALL, "open": True}
    one, other = Case(**{"id": ONE, **base, **change}), Case(**{"id": TWO, **base, **main})
    why = nearby.why_not(one, other, by_staff=by_staff)
    assert word in why and bool(why) == bool(word)
