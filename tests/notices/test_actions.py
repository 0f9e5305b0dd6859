"""Notices: in the transaction of the act, sent once, tried again, erased."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection, transaction

from sala.kit import clock
from sala.kit.errors import Invalid
from sala.notices import actions, channels, delivery, queries, rules
from sala.notices.models import Notice
from sala.notices.terms import Channel, State, Step


def state(notice):
    notice.refresh_from_db()
    return notice.state


class Scripted:
    """A sender that answers as told."""

    repeats = True
    asks = False

    def __init__(self, *results):
        self.results, self.sent = list(results), []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def send(self, notice):
        self.sent.append(notice.message_id)
        result = self.results.pop(0)
        if callable(result):
            result = result(notice)
        return result


@pytest.fixture
def scripted(monkeypatch):
    def script(*results):
        sender = Scripted(*results)
        monkeypatch.setattr(channels, "open_sender", lambda _channel: sender)
        return sender

    return script


def test_posted_in_the_callers_transaction(post):
    with pytest.raises(RuntimeError, match="ledger"), transaction.atomic():
        post()
        raise RuntimeError("the ledger did not take it")
    assert Notice.objects.count() == 0


def test_not_without_a_transaction(monkeypatch, db):
    notice = actions.build(
        kind="k", channel="email", address="a@b.org", language="en", subject="s", body="b", about=""
    )
    monkeypatch.setattr(actions, "connection", SimpleNamespace(in_atomic_block=False))
    with pytest.raises(RuntimeError, match="transaction"):
        actions.post_many([notice])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"address": ""}, "address"),
        ({"address": "sok"}, "address"),
        ({"address": "sok@example.com\r\nBcc: all@example.com"}, "address"),
        ({"address": "sok@example.com, dara@example.com"}, "address"),
        ({"address": "x" * 300 + "@example.com"}, "address"),
        ({"subject": ""}, "subject"),
        ({"subject": " \r\n "}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"body": ""}, "body"),
        ({"body": "x" * 20_001}, "body"),
        ({"channel": "pigeon"}, "channel"),
        ({"language": "fr"}, "language"),
    ],
)
def test_what_is_refused(post, wrong, field):
    with pytest.raises(Invalid) as refusal:
        post(**wrong)
    assert [error.field for error in refusal.value.errors] == [field]
    assert Notice.objects.count() == 0


def test_a_subject_can_not_begin_another_header(post):
    notice = post(subject="Hello\r\nBcc: all@example.com\n\nbody\x00\u2028x")
    assert notice.subject == "Hello Bcc: all@example.com body x"


def test_delivered_once(post, scripted):
    notice = post()
    sender = scripted(rules.Result(Step.DELIVER))
    assert delivery.deliver_due() == 1
    assert state(notice) == State.DELIVERED
    assert (notice.attempts, notice.next_at, notice.lease_until, notice.last_error) == (1, None, None, "")
    assert notice.delivered is not None
    with clock.simulate(clock.now() + timedelta(days=9)):
        assert delivery.deliver_due() == 0
    assert sender.sent == [notice.message_id]


def test_temporary_failures_wait_longer_and_end(post, scripted):
    notice = post()
    again = rules.Result(Step.POSTPONE, "SMTP 450")
    sender = scripted(again, again, again, rules.Result(Step.DELIVER))
    moment = clock.now()
    for minutes in (1, 2, 4):
        with clock.simulate(moment):
            assert delivery.deliver_due() == 1
            assert delivery.deliver_due() == 0
        assert state(notice) == State.TEMPORARY
        assert notice.next_at == moment + rules.wait(notice.attempts, rules.spread(notice.pk))
        assert timedelta(minutes=0.75 * minutes) < notice.next_at - moment <= timedelta(minutes=minutes)
        assert notice.last_error == "SMTP 450"
        moment = notice.next_at
    with clock.simulate(moment):
        delivery.deliver_due()
    assert state(notice) == State.DELIVERED and notice.last_error == ""
    assert sender.sent == [notice.message_id] * 4, "the same Message-ID at every try"


def test_permanent_failures_are_final(post, scripted, caplog):
    notice = post()
    scripted(rules.Result(Step.REJECT, "SMTP 550"))
    delivery.deliver_due()
    assert state(notice) == State.PERMANENT and notice.next_at is None
    assert "SMTP 550" in caplog.text and "dara" not in caplog.text
    with clock.simulate(clock.now() + timedelta(days=9)):
        assert delivery.deliver_due() == 0


def test_technical_failures_wait_for_repair(post, scripted):
    notice = post()
    scripted(rules.Result(Step.BREAK, "wrong"), rules.Result(Step.DELIVER))
    delivery.deliver_due()
    assert state(notice) == State.TECHNICAL
    with clock.simulate(clock.now() + rules.TECHNICAL_WAIT + timedelta(seconds=1)):
        delivery.deliver_due()
    assert state(notice) == State.DELIVERED


def test_a_notice_whose_sender_was_killed_is_taken_again(post, scripted):
    notice = post()

    def killed(_notice):
        raise KeyboardInterrupt

    sender = scripted(killed, rules.Result(Step.DELIVER))
    with pytest.raises(KeyboardInterrupt):
        delivery.deliver_due()
    assert state(notice) == State.SENDING
    assert delivery.deliver_due() == 0, "its lease holds"
    with clock.simulate(clock.now() + rules.LEASE + timedelta(seconds=1)):
        assert delivery.deliver_due() == 1
    assert state(notice) == State.DELIVERED and notice.attempts == 2
    assert len(set(sender.sent)) == 1


def test_the_slow_first_sender_does_not_undo_what_the_second_did(post, scripted):
    notice = post()

    def overtaken(_notice):
        Notice.objects.filter(pk=notice.pk).update(attempts=2)
        return rules.Result(Step.POSTPONE, "late")

    scripted(overtaken)
    delivery.deliver_due()
    assert state(notice) == State.SENDING and notice.last_error == ""


def test_two_senders_do_not_take_one_notice(post):
    notice = post()
    again = Notice.objects.get(pk=notice.pk)
    assert delivery.take(notice)
    assert not delivery.take(again)


def test_no_transaction_is_open_while_a_server_is_spoken_to(post, scripted):
    """A writer beside it isn't hindered: nothing but single statements around the sending."""
    depth = len(connection.savepoint_ids)
    seen = []

    def look(_notice):
        seen.append((len(connection.savepoint_ids), threading.current_thread().name))
        return rules.Result(Step.DELIVER)

    post()
    scripted(look)
    delivery.deliver_due()
    assert seen[0][0] == depth


def test_forgetting_erases_and_withdraws(post, scripted):
    sent, waiting, other = post(), post(), post(about="window.request:8")
    scripted(rules.Result(Step.DELIVER))
    Notice.objects.exclude(pk=sent.pk).update(next_at=clock.now() + timedelta(hours=1))
    delivery.deliver_due()
    assert actions.forget_about("window.request:7") == 2
    for notice in (sent, waiting):
        notice.refresh_from_db()
        assert (notice.address, notice.subject, notice.body) == ("", "", "")
        assert notice.erased is not None
    assert (sent.state, waiting.state, waiting.last_error) == (State.DELIVERED, State.PERMANENT, "withdrawn")
    assert state(other) == State.CREATED and other.address
    with clock.simulate(clock.now() + timedelta(hours=2)):
        scripted(rules.Result(Step.DELIVER))
        assert delivery.deliver_due() == 1
    assert actions.forget_about("window.request:9") == 0


def test_forgetting_while_it_is_being_sent(post, scripted):
    notice = post()

    def forget(_notice):
        actions.forget_about(notice.about)
        return rules.Result(Step.DELIVER)

    scripted(forget)
    delivery.deliver_due()
    assert state(notice) == State.PERMANENT and notice.address == ""


def test_old_texts_are_erased_and_addresses_shortened(post, scripted):
    sent, waiting = post(), post()
    Notice.objects.filter(pk=waiting.pk).update(next_at=clock.now() + timedelta(hours=5))
    scripted(rules.Result(Step.DELIVER))
    delivery.deliver_due()
    assert actions.erase_old(clock.now() - rules.KEPT) == 0
    with clock.simulate(clock.now() + rules.KEPT + timedelta(days=1)):
        assert actions.erase_old(clock.now() - rules.KEPT) == 1
        assert actions.erase_old(clock.now() - rules.KEPT) == 0
    assert state(sent) == State.DELIVERED
    assert (sent.address, sent.subject, sent.body) == ("s…@example.com", "", "")
    assert state(waiting) == State.CREATED and waiting.body


def test_a_wait_reckoned_while_the_clock_ran_ahead_is_over(post, scripted):
    """No wait is longer than `LONGEST_WAIT`: what lies beyond was written by a clock that was wrong."""
    notice, waiting = post(), post()
    Notice.objects.filter(pk=notice.pk).update(next_at=clock.now() + timedelta(days=400))
    Notice.objects.filter(pk=waiting.pk).update(next_at=clock.now() + timedelta(hours=5))
    scripted(rules.Result(Step.DELIVER))
    assert delivery.deliver_due() == 1
    assert state(notice) == State.DELIVERED
    assert state(waiting) == State.CREATED


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "lost"},
        {"channel": "pigeon"},
        {"state": "delivered", "next_at": None},
        {"next_at": None},
        {"state": "permanent"},
    ],
)
def test_the_database_refuses(post, wrong):
    notice = post()
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(**wrong)


def test_message_ids_are_unique(post):
    first, second = post(), post()
    assert first.message_id != second.message_id
    assert first.message_id.endswith("@hall.example.org>")
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.filter(pk=second.pk).update(message_id=first.message_id)


def test_many_are_posted_by_one_statement(db, django_assert_num_queries):
    row = {"kind": "k", "channel": "email", "language": "en", "subject": "s", "body": "b", "about": "x:1"}
    notices = [actions.build(address=f"a{n}@example.com", **row) for n in range(40)]
    with django_assert_num_queries(1):
        actions.post_many(notices)
    assert len(queries.about("x:1")) == 40


def test_queries(post, scripted):
    assert queries.oldest_waiting() is None
    first, second = post(), post(about="window.request:8")
    assert queries.about("window.request:7") == [first]
    assert queries.counts()[State.CREATED] == 2
    assert queries.oldest_waiting() == Notice.objects.get(pk=first.pk).created
    assert list(queries.due(Channel.EMAIL, 1)) == [first]
    scripted(rules.Result(Step.DELIVER), rules.Result(Step.REJECT))
    delivery.deliver_due()
    assert queries.counts()[State.DELIVERED] == queries.counts()[State.PERMANENT] == 1
    assert queries.oldest_waiting() is None
    assert state(second) == State.PERMANENT


def test_what_another_worker_took_meanwhile_is_left_to_it(post, scripted):
    first, second = post(), post()

    def slowly(_notice):
        assert delivery.take(Notice.objects.get(pk=second.pk))
        return rules.Result(Step.DELIVER)

    sender = scripted(slowly)
    assert delivery.deliver_due() == 1
    assert sender.sent == [first.message_id]
    assert state(first) == State.DELIVERED and state(second) == State.SENDING
