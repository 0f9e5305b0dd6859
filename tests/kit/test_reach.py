"""A reach becomes a filter: nothing when empty, everything only when told, and the columns asked for."""

from uuid import UUID

import pytest
from django.db.models import Q

from sala.kit.acting import Reach, Where
from sala.kit.reach import q

A, B = UUID(int=1), UUID(int=2)


def parts(found: Q) -> set[tuple[str, tuple[object, ...]]]:
    return {(name, tuple(value)) for name, value in found.children}


def test_everything_is_no_filter():
    assert q(Reach(everything=True)) == Q()


def test_an_empty_reach_finds_nothing():
    assert q(Reach()) == Q(pk__in=[])
    assert q(Reach(), prefix="request__") == Q(request__pk__in=[])


def test_an_empty_key_opens_nothing():
    """A row without a place carries "", which no reach may match."""
    assert q(Reach(provinces=frozenset({""}), communes=frozenset({""}))) == Q(pk__in=[])


@pytest.mark.parametrize(
    ("reach", "expected"),
    [
        (Reach(offices=frozenset({A})), {("office__in", (A,))}),
        (Reach(offices=frozenset({B, A})), {("office__in", (A, B))}),
        (Reach(provinces=frozenset({"12"})), {("province__in", ("12",))}),
        (
            Reach(
                offices=frozenset({A}),
                districts=frozenset({"1204"}),
                communes=frozenset({"020801", "120404"}),
            ),
            {("office__in", (A,)), ("district__in", ("1204",)), ("commune__in", ("020801", "120404"))},
        ),
    ],
)
def test_each_part_opens_its_own_column(reach: Reach, expected: set[tuple[str, tuple[object, ...]]]):
    found = q(reach)
    assert parts(found) == expected
    assert len(expected) == 1 or found.connector == Q.OR


def test_prefix_and_office_column():
    reach = Reach(offices=frozenset({A}), provinces=frozenset({"12"}))
    assert parts(q(reach, prefix="request__", office="held_by")) == {
        ("request__held_by__in", (A,)),
        ("request__province__in", ("12",)),
    }


@pytest.mark.parametrize("place", ["12", "02"])
def test_the_filter_and_covers_agree(place: str):
    reach = Reach(provinces=frozenset({"12"}))
    matches = place in dict(parts(q(reach)))["province__in"]
    assert matches == reach.covers(Where(province=place))
