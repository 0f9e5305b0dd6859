"""Spans, single posts, ids that follow from codes."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.kit.errors import Invalid
from sala.offices import rules
from sala.offices.rules import Span

D = date
days = st.dates(D(2000, 1, 1), D(2040, 1, 1))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(days)
    length = draw(st.none() | st.integers(0, 4000))
    return Span(start, None if length is None else start + timedelta(days=length))


@pytest.mark.parametrize(
    ("span", "day", "held"),
    [
        (Span(D(2026, 1, 1), D(2026, 1, 31)), D(2025, 12, 31), False),
        (Span(D(2026, 1, 1), D(2026, 1, 31)), D(2026, 1, 1), True),
        (Span(D(2026, 1, 1), D(2026, 1, 31)), D(2026, 1, 31), True),
        (Span(D(2026, 1, 1), D(2026, 1, 31)), D(2026, 2, 1), False),
        (Span(D(2026, 1, 1)), D(2099, 1, 1), True),
        (Span(D(2026, 1, 1)), D(2025, 1, 1), False),
    ],
)
def test_a_post_is_held_on_both_end_days(span: Span, day: date, held: bool) -> None:
    assert span.covers(day) is held


@given(spans(), spans(), days)
def test_spans_meet_exactly_when_a_day_is_in_both(one: Span, other: Span, day: date) -> None:
    assert one.meets(other) is other.meets(one)
    if one.covers(day) and other.covers(day):
        assert one.meets(other)
    if one.meets(other):
        common = max(one.start, other.start)
        assert one.covers(common) and other.covers(common)


def test_single_posts_do_not_overlap() -> None:
    first = Span(D(2022, 6, 24), D(2024, 1, 31))
    rules.check_single(Span(D(2024, 2, 1)), [first])
    with pytest.raises(Invalid) as problem:
        rules.check_single(Span(D(2024, 1, 31)), [first])
    assert [error.code for error in problem.value.errors] == ["post-taken"]


@pytest.mark.parametrize(("end", "good"), [(None, True), (D(2026, 5, 1), True), (D(2026, 4, 30), False)])
def test_the_end_is_not_before_the_start(end: date | None, good: bool) -> None:
    if good:
        rules.check_span(D(2026, 5, 1), end)
    else:
        with pytest.raises(Invalid):
            rules.check_span(D(2026, 5, 1), end)


def test_a_post_exists_only_in_its_kinds_of_office() -> None:
    rules.check_office_kind("commune_hall", ["commune_hall"])
    with pytest.raises(Invalid):
        rules.check_office_kind("auditor", ["commune_hall"])


def test_a_paper_is_not_of_tomorrow() -> None:
    rules.check_instrument_date(None, D(2026, 1, 1))
    rules.check_instrument_date(D(2026, 1, 1), D(2026, 1, 1))
    with pytest.raises(Invalid):
        rules.check_instrument_date(D(2026, 1, 2), D(2026, 1, 1))


def test_days_left() -> None:
    assert rules.days_left(None, D(2026, 1, 1)) is None
    assert rules.days_left(D(2026, 1, 11), D(2026, 1, 1)) == 10
    assert rules.days_left(D(2025, 12, 31), D(2026, 1, 1)) == -1


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_the_same_code_has_the_same_id(one: str, other: str) -> None:
    assert rules.office_id(one) == rules.office_id(one)
    assert (rules.office_id(one) == rules.office_id(other)) is (one == other)


def test_titles_follow_the_kind_of_place() -> None:
    names = {"": {"km": "មេឃុំ", "en": "Commune chief"}, "sangkat": {"km": "ចៅសង្កាត់", "en": "Sangkat chief"}}
    assert rules.titles(names, "sangkat")["km"] == "ចៅសង្កាត់"
    assert rules.titles(names, "commune")["km"] == "មេឃុំ"
