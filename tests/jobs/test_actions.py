"""Claim, run, release: each job by one worker at a time, whatever happens to it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from sala.jobs import actions, queries, registry, rules
from sala.jobs.models import Task
from sala.kit import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def diary():
    return []


@pytest.fixture
def only():
    """Register only these jobs, by name and work; every 60 seconds."""
    stack = []

    def register(**work):
        jobs = [registry.Job(f"test.{name}", timedelta(seconds=60), run) for name, run in work.items()]
        context = registry.replaced(*jobs)
        context.__enter__()
        stack.append(context)
        actions.ensure()

    yield register
    for context in reversed(stack):
        context.__exit__(None, None, None)


def task(name):
    return Task.objects.get(name=f"test.{name}")


def test_new_jobs_are_due_at_once_and_then_on_their_rhythm(only, diary):
    only(one=lambda: diary.append(1))
    assert actions.run_due("a") == 1
    assert actions.run_due("a") == 0
    row = task("one")
    assert row.next_at == row.last_started + timedelta(seconds=60)
    assert row.lease_until is None and row.holder == "" and row.last_ok is not None
    with clock.simulate(clock.now() + timedelta(seconds=61)):
        assert actions.run_due("a") == 1
    assert diary == [1, 1]


def test_ensure_twice_changes_nothing(only):
    only(one=lambda: None)
    actions.run_due("a")
    before = Task.objects.values().get()
    actions.ensure()
    assert Task.objects.values().get() == before


def test_one_claim_of_two_wins(only):
    only(one=lambda: None)
    assert actions.claim("test.one", "a")
    assert not actions.claim("test.one", "b")
    assert queries.due() == []
    actions.release("test.one", "b")
    assert task("one").holder == "a", "only the holder can release"


def test_who_read_the_clock_a_moment_earlier_takes_no_lease_away(only):
    """Two lanes read the clock, one claims, the other's statement comes after it with the earlier time."""
    only(one=lambda: None)
    earlier = clock.now()
    with clock.simulate(earlier + timedelta(milliseconds=200)):
        assert actions.claim("test.one", "a")
    with clock.simulate(earlier):
        assert not actions.claim("test.one", "b")


def test_a_lease_that_has_ended_is_taken_over(only, diary):
    only(one=lambda: diary.append(1))
    actions.claim("test.one", "killed")
    with clock.simulate(clock.now() + rules.LEASE - timedelta(seconds=1)):
        assert actions.run_due("b") == 0
    with clock.simulate(clock.now() + rules.LEASE + timedelta(seconds=1)):
        assert actions.run_due("b") == 1
    assert diary == [1]


def test_renewal_keeps_the_lease_and_tells_when_it_is_lost(only):
    only(one=lambda: None)
    actions.claim("test.one", "a")
    with clock.simulate(clock.now() + timedelta(seconds=20)):
        assert actions.renew("test.one", "a")
    with clock.simulate(clock.now() + rules.LEASE + timedelta(seconds=1)):
        assert queries.due() == []
    assert not actions.renew("test.one", "b")


def test_a_job_lost_to_another_worker_is_not_released_by_the_first(only, caplog):
    def overtaken():
        Task.objects.filter(name="test.one").update(holder="b")

    only(one=overtaken)
    actions.run_due("a")
    assert task("one").holder == "b"
    assert "lease was lost" in caplog.text


def test_a_failure_waits_longer_each_time_and_hinders_no_other(only, diary):
    def fail():
        raise ValueError("phone (012 345 678) of 'Sok'")

    only(bad=fail, good=lambda: diary.append(1))
    moment = clock.now() + timedelta(seconds=1)
    for failures, wait in ((1, 1), (2, 2), (3, 4), (4, 8)):
        with clock.simulate(moment):
            assert "test.bad" in queries.due()
            actions.run_due("a")
        row = task("bad")
        assert (row.failures, row.next_at) == (failures, moment + timedelta(seconds=wait))
        assert row.lease_until is None
        moment = row.next_at
    assert diary == [1]
    assert task("bad").last_error == "ValueError: phone … of …"
    report = {row.name: row for row in queries.report()}
    assert report["test.bad"].state == "failing" and report["test.good"].state == "waiting"


def test_a_success_forgets_failures(only):
    answers = iter([ValueError("x"), None])

    def sometimes():
        if error := next(answers):
            raise error

    only(one=sometimes)
    actions.run_due("a")
    assert task("one").failures == 1
    with clock.simulate(clock.now() + timedelta(seconds=5)):
        actions.run_due("a")
    row = task("one")
    assert (row.failures, row.last_error) == (0, "")
    assert row.next_at > row.last_ok


def test_the_place_of_a_failure_in_our_own_code_is_told(only):
    only(one=lambda: rules.back_off("three"))
    actions.run_due("a")
    assert task("one").last_error.startswith("TypeError (jobs/rules.py:")


def test_longest_due_first(only, diary):
    only(one=lambda: diary.append(1), two=lambda: diary.append(2))
    Task.objects.filter(name="test.two").update(next_at=clock.now() - timedelta(hours=1))
    actions.run_due("a")
    assert diary == [2, 1]


def test_a_round_ends_early_when_told(only, diary):
    only(one=lambda: diary.append(1), two=lambda: diary.append(2))
    assert actions.run_due("a", stop=lambda: bool(diary)) == 1


def test_rows_of_jobs_that_are_gone_are_left_alone(only, diary):
    Task.objects.create(name="test.gone")
    only(one=lambda: diary.append(1))
    assert actions.run_due("a") == 1
    assert {row.name for row in queries.report()} == {"test.one"}


def test_the_clock_is_set_forward_and_back(only, diary):
    """What was reckoned while the clock ran ahead, next runs and leases, keeps no job waiting for a year."""
    only(one=lambda: diary.append(1), two=lambda: diary.append(2))
    with clock.simulate(clock.now() + timedelta(days=400)):
        assert actions.run_due("a") == 2
        assert actions.claim("test.two", "a") is False  # not due
        Task.objects.filter(name="test.two").update(next_at=clock.now())
        assert actions.claim("test.two", "a")
    assert set(queries.due()) == {"test.one", "test.two"}
    assert actions.run_due("b") == 2
    assert sorted(diary) == [1, 1, 2, 2]
    assert task("two").next_at < clock.now() + timedelta(seconds=61)
    with clock.simulate(clock.now() - timedelta(days=2)):
        assert actions.run_due("b") == 2


def test_hand_back_counts_no_failure(only):
    only(one=lambda: None)
    actions.claim("test.one", "a")
    actions.hand_back("a")
    row = task("one")
    assert (row.lease_until, row.holder, row.failures) == (None, "", 0)
    assert queries.due() == ["test.one"]


def test_run_now_neither_needs_nor_changes_the_table(only, diary):
    only(one=lambda: diary.append(1), bad=lambda: 1 / 0)
    before = list(Task.objects.order_by("name").values())
    actions.claim("test.one", "another")
    claimed = list(Task.objects.order_by("name").values())
    assert actions.run_now("test.one") == ""
    assert actions.run_now("test.bad").startswith("ZeroDivisionError")
    assert list(Task.objects.order_by("name").values()) == claimed != before


def test_heartbeat(only):
    assert queries.heartbeat() is None
    only(one=lambda: None)
    assert queries.heartbeat() is None
    before = clock.now()
    actions.run_due("a")
    assert before <= queries.heartbeat() <= clock.now()
    actions.claim("test.one", "a")
    Task.objects.update(lease_until=clock.now() + timedelta(seconds=100) + rules.LEASE, holder="a")
    assert queries.heartbeat() > clock.now() + timedelta(seconds=99)


def test_report_of_new_and_running_jobs(only):
    with registry.replaced(registry.Job("test.new", timedelta(seconds=5), lambda: None)):
        assert [(row.name, row.state, row.every_seconds) for row in queries.report()] == [
            ("test.new", "new", 5)
        ]
        assert queries.next_at() is None
    only(one=lambda: None)
    actions.claim("test.one", "a")
    assert [row.state for row in queries.report()] == ["running"]


def test_the_database_refuses_a_holder_without_a_lease(only):
    only(one=lambda: None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.update(holder="a", lease_until=None)


def test_a_database_error_inside_a_job_is_the_jobs_failure(only, diary):
    def broken():
        with transaction.atomic():  # a savepoint of the test's transaction
            connection.cursor().execute("SELECT * FROM there_is_no_such_table")

    def lost():
        raise OperationalError("server closed the connection")

    only(broken=broken, lost=lost, good=lambda: diary.append(1))
    assert actions.run_due("a") == 3
    assert diary == [1]
    assert task("broken").failures == task("lost").failures == 1


def test_what_a_failing_job_wrote_in_its_transaction_is_gone(only):
    def half():
        with transaction.atomic():
            Task.objects.create(name="test.half-written")
            raise ValueError

    only(half=half)
    actions.run_due("a")
    assert not Task.objects.filter(name="test.half-written").exists()


@pytest.mark.parametrize(("name", "every"), [("", 1), ("x" * 65, 1), ("test.a", 0), ("test.a", -1)])
def test_registry_refuses(name, every):
    with registry.replaced(), pytest.raises(ValueError, match="job"):
        registry.register(name, timedelta(seconds=every), lambda: None)


def test_registry_refuses_a_second_job_of_a_name():
    def work():
        pass

    with registry.replaced():
        registry.register("test.a", timedelta(seconds=1), work)
        registry.register("test.a", timedelta(seconds=2), work)
        assert registry.jobs()["test.a"].every == timedelta(seconds=2)
        with pytest.raises(ValueError, match="already"):
            registry.register("test.a", timedelta(seconds=1), lambda: None)


def test_a_job_claimed_by_another_meanwhile_is_left_to_it(only, diary, monkeypatch):
    only(one=lambda: diary.append(1))
    actions.claim("test.one", "faster")
    monkeypatch.setattr(queries, "due", lambda: ["test.one"])
    assert actions.run_due("slower") == 0
    assert diary == [] and task("one").holder == "faster"
    assert actions.holders() == ["faster"]


class Breaking:
    """A release that fails so many times, and a connection that counts its closings."""

    def __init__(self, times, in_atomic_block):
        self.times, self.in_atomic_block, self.closed, self.real = times, in_atomic_block, 0, actions.release

    def close(self):
        self.closed += 1

    def release(self, *words):
        if self.times:
            self.times -= 1
            raise OperationalError("gone")
        self.real(*words)


@pytest.mark.parametrize(
    ("times", "in_transaction", "raises"), [(1, False, False), (2, False, True), (1, True, True)]
)
def test_a_release_is_tried_once_more_through_a_new_connection(
    only, monkeypatch, times, in_transaction, raises
):
    only(one=lambda: None)
    breaking = Breaking(times, in_transaction)
    monkeypatch.setattr(actions, "release", breaking.release)
    monkeypatch.setattr(actions, "connection", breaking)
    if raises:
        with pytest.raises(OperationalError):
            actions.run_due("a")
        assert task("one").holder == "a", "the lease ends by itself"
    else:
        assert actions.run_due("a") == 1
        assert task("one").holder == ""
    assert breaking.closed == (0 if in_transaction else 1)
