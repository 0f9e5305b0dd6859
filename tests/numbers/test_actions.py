"""Numbers without gap or double, and answers kept for two days."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.db import transaction

from sala.kit import clock
from sala.numbers import actions, queries
from sala.numbers.models import Counter, KeptAnswer

pytestmark = pytest.mark.django_db


def number(series: str = "trial", office: UUID | str = "a", year: int = 2026) -> int:
    with transaction.atomic():
        return actions.next_number(series=series, office=office, year=year)


def test_numbers_follow_each_other():
    assert [number() for _ in range(4)] == [1, 2, 3, 4]
    assert queries.last_number(series="trial", office="a", year=2026) == 4


def test_each_series_office_and_year_counts_for_itself():
    office = UUID(int=5)
    assert [number(), number("other"), number(office="b"), number(year=2027), number(office=office)] == [
        1
    ] * 5
    assert number(office=str(office)) == 2
    assert queries.last_number(series="nothing", office="a", year=2026) == 0


def test_a_rollback_leaves_no_gap():
    assert number() == 1
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert actions.next_number(series="trial", office="a", year=2026) == 2
        1 / 0  # noqa: B018
    assert number() == 2


def test_many_numbers_at_once():
    assert number() == 1
    with transaction.atomic():
        assert actions.reserve(series="trial", office="a", year=2026, count=10) == 2
        assert actions.reserve(series="new", office="a", year=2026, count=3) == 1
    assert number() == 12
    assert number("new") == 4


@pytest.mark.parametrize("count", [0, -1])
def test_no_numbers_are_none(count: int):
    with pytest.raises(ValueError, match="count"):
        actions.reserve(series="trial", office="a", year=2026, count=count)


def test_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        actions.next_number(series="trial", office="a", year=2026)


def keep(key: str = "k", scope: str = "s") -> bool:
    return actions.keep(
        scope=scope, key=key, body="b", status=201, headers={"Location": "/x"}, answer={"ក": [1, None]}
    )


def test_an_answer_is_kept_once():
    assert keep()
    assert not keep()
    assert keep(scope="other")
    assert queries.kept(scope="s", key="k") == ("b", 201, {"Location": "/x"}, {"ក": [1, None]})
    assert queries.kept(scope="s", key="none") is None


def test_kept_answers_expire_after_two_days():
    now = clock.now()
    for key, hours in (("old", 49), ("young", 47)):
        with clock.simulate(now - timedelta(hours=hours)):
            keep(key)
    actions.expire()
    assert set(KeptAnswer.objects.filter(scope="s").values_list("key", flat=True)) == {"young"}


def test_nothing_is_done_outside_a_transaction(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(actions, "connection", SimpleNamespace(in_atomic_block=False))
    for act in (lambda: actions.next_number(series="t", office="a", year=2026), keep):
        with pytest.raises(transaction.TransactionManagementError):
            act()
    monkeypatch.undo()
    assert not Counter.objects.filter(series="t").exists()
