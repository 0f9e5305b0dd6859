"""SMS and Telegram through real sockets: every state, gateways that behave badly, and an hour without one."""
# long because every state of two kinds of gateway is seen through real sockets

import os
import time
from datetime import timedelta
from itertools import count

import pytest

from sala.kit import clock
from sala.notices import actions, delivery, exchange, queries, registry, rules, sms
from sala.notices import models as tables
from sala.notices.models import Notice
from sala.notices.terms import Channel, State, Step
from tests.notices.gateway_server import Gateway, gateway_server

MANY = int(os.environ.get("NOTICES", "1000"))
NOON = clock.now().astimezone(clock.zone()).replace(hour=12, minute=0, second=0, microsecond=0)
KNOWS = 'repeats = true\n[fields]\nto = "{to}"\ntext = "{text}"\nid = "{id}"\n'
ASK = '[ask]\nurl = "{url}/messages/{{id}}"\nstate = "state"\nhad = ["delivered"]\nrefused = ["undeliverable"]\n'


@pytest.fixture(autouse=True)
def noon():
    """No test waits for the end of the quiet hours unless it says so."""
    with clock.simulate(NOON):
        yield


@pytest.fixture
def gateway(settings):
    with gateway_server(Gateway()) as running:
        settings.SMS_URL = f"{running.url}/send"
        settings.TELEGRAM_URL = running.url
        settings.TELEGRAM_BOT, settings.TELEGRAM_TOKEN = "hall_bot", "123456:token-of_tests"
        yield running


@pytest.fixture
def describe(settings, tmp_path):
    """Write the gateway's description."""

    def described(text):
        path = tmp_path / "gateway.toml"
        path.write_text(text)
        settings.SMS_FILE = str(path)

    return described


@pytest.fixture
def text(post):
    order = count(1)  # what is written in the same millisecond has no order

    def posted(channel="sms", **more):
        address = "+85512345678" if channel == "sms" else "4321"
        with clock.simulate(NOON - timedelta(minutes=1) + timedelta(milliseconds=next(order))):
            return post(**{"channel": channel, "address": address, "body": "សំណើលេខ ១២៣", **more})

    return posted


def seen(notice):
    notice.refresh_from_db()
    return notice.state, notice.last_error


def later(moment, work=delivery.deliver_due):
    """Do some work at another time."""
    with clock.simulate(moment):
        return work()


class TestSms:
    def test_handed_over_once_with_its_id(self, text, gateway, settings):
        notice = text()
        assert delivery.deliver_due() == 1
        assert seen(notice) == (State.DELIVERED, "")
        ((method, path, _headers, said),) = gateway.requests
        assert (method, path) == ("POST", "/send")
        assert said == {"to": "+85512345678", "text": "សំណើលេខ ១២៣", "id": str(notice.pk)}
        assert later(NOON + timedelta(days=3)) == 0

    def test_a_described_gateway(self, text, gateway, describe, settings):
        settings.SMS_SECRET = "hush"
        describe(
            'body = "form"\n[headers]\nAuthorization = "Bearer {secret}"\nX-Id = "{id}"\n'
            '[fields]\nmsisdn = "{digits}"\nmessage = "{text}"\nsender = "HALL"\n'
            '[answer]\nstate = "messages.0.status"\ntaken = ["0"]\nrefused = ["6"]\nreference = "messages.0.id"\n'
        )
        gateway.answer = {"messages": [{"status": 0, "id": "abc-9"}]}
        notice = text(body="{id} & {secret} ១")
        delivery.deliver_due()
        assert seen(notice) == (State.DELIVERED, "")
        assert notice.reference == "abc-9"
        ((_method, _path, headers, said),) = gateway.requests
        assert said == {"msisdn": "85512345678", "message": "{id} & {secret} ១", "sender": "HALL"}
        assert (headers["Authorization"], headers["X-Id"]) == ("Bearer hush", str(notice.pk))

    def test_by_the_address_line(self, text, gateway, describe, settings):
        settings.SMS_URL += "?user=hall"
        describe('method = "GET"\nbody = "query"\n[fields]\nto = "{digits}"\ntext = "{text}"\n')
        text()
        delivery.deliver_due()
        ((method, _path, _headers, said),) = gateway.requests
        assert (method, said) == ("GET", {"user": "hall", "to": "85512345678", "text": "សំណើលេខ ១២៣"})

    @pytest.mark.parametrize(
        ("status", "state", "closed"),
        [
            ("400", State.PERMANENT, False),
            ("422", State.PERMANENT, False),
            ("401", State.TECHNICAL, True),
            ("404", State.TECHNICAL, True),
            ("302", State.TECHNICAL, True),
            ("429", State.TEMPORARY, True),
            ("500", State.TEMPORARY, False),
            ("503", State.TEMPORARY, True),
            ("502", State.UNCERTAIN, False),
            ("504", State.UNCERTAIN, False),
        ],
    )
    def test_what_a_gateway_may_answer(self, text, gateway, status, state, closed):
        gateway.mode = status
        notice = text()
        delivery.deliver_due()
        assert seen(notice) == (state, f"HTTP {status}")
        assert bool(tables.Gateway.objects.get().closed_until) is closed
        assert not gateway.sent

    def test_the_answer_s_own_refusal_and_one_not_understood(self, text, gateway, describe):
        describe('[answer]\nstate = "state"\ntaken = ["queued"]\nrefused = ["bad number"]\n')
        gateway.answer = {"state": "bad number"}
        refused = text()
        delivery.deliver_due()
        gateway.answer = {"state": "perhaps"}
        unclear = text()
        delivery.deliver_due()
        assert seen(refused) == (State.PERMANENT, "HTTP 200: refused")
        assert seen(unclear) == (State.UNCERTAIN, "HTTP 200: answer not understood")

    @pytest.mark.parametrize("mode", ["cut", "cut before", "late", "long"])
    def test_what_was_handed_over_and_not_answered_is_uncertain(self, text, gateway, mode, monkeypatch):
        monkeypatch.setattr(exchange, "WHOLE", 0.3)
        gateway.mode = mode
        notice = text()
        delivery.deliver_due()
        assert seen(notice)[0] == State.UNCERTAIN and notice.next_at is None
        gateway.mode = ""
        assert later(NOON + timedelta(days=1)) == 0, "never sent again by itself"
        assert sum(gateway.sent.values()) == (mode != "cut before")

    @pytest.mark.parametrize("mode", ["cut", "cut before", "late"])
    def test_a_gateway_that_knows_the_id_is_simply_tried_again(
        self, text, gateway, describe, mode, monkeypatch
    ):
        monkeypatch.setattr(exchange, "WHOLE", 0.3)
        describe(KNOWS)
        gateway.knows, gateway.mode = True, mode
        notice = text()
        delivery.deliver_due()
        assert seen(notice)[0] == State.TEMPORARY
        gateway.mode = ""
        later(NOON + timedelta(minutes=2))
        assert seen(notice) == (State.DELIVERED, "")
        assert list(gateway.sent.values()) == [1] and set(gateway.ids) == {str(notice.pk)}

    def test_an_answer_that_drips(self, text, settings, monkeypatch):
        """The whole exchange has one end, however often a byte comes in."""
        import socket
        import threading

        monkeypatch.setattr(exchange, "WHOLE", 0.5)
        with socket.create_server(("127.0.0.1", 0)) as door:
            settings.SMS_URL = f"http://127.0.0.1:{door.getsockname()[1]}/"

            def drip():
                line, _ = door.accept()
                with line:
                    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 200:
                        try:
                            line.sendall(bytes([byte]))
                        except OSError:
                            return
                        time.sleep(0.05)

            thread = threading.Thread(target=drip, daemon=True)
            thread.start()
            notice, began = text(), time.monotonic()
            delivery.deliver_due()
            assert time.monotonic() - began < 3
            thread.join(5)
        assert seen(notice)[0] == State.UNCERTAIN

    def test_nobody_listens(self, text, gateway, settings):
        settings.SMS_URL = "http://127.0.0.1:9/"
        first, second = text(), text()
        assert delivery.deliver_due() == 1
        assert seen(first) == (State.TEMPORARY, "ConnectionRefusedError")
        assert seen(second) == (State.CREATED, ""), "left alone while the gateway is down"
        assert delivery.deliver_due() == 0

    def test_what_no_certificate_vouches_for(self, text, gateway, settings):
        settings.SMS_URL = f"https://127.0.0.1:{gateway.port}/"
        notice = text()
        delivery.deliver_due()
        assert seen(notice) == (State.TECHNICAL, "SSLError")

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("", "not set"),
            ("http://sms.example/", "only https"),
            ("ftp://sms.example/", "no web address"),
            ("https://key:hush@sms.example/", "user name"),
            ("https://[::1", "can't be read"),
        ],
    )
    def test_settings_that_can_not_work(self, text, settings, url, said):
        settings.SMS_URL = url
        notice = text()
        delivery.deliver_due()
        state, error = seen(notice)
        assert state == State.TECHNICAL and said in error and "hush" not in error

    def test_a_folder_for_a_trial(self, text, settings, outbox):
        settings.SMS_URL = sms.FOLDER
        notice = text()
        delivery.deliver_due()
        assert seen(notice) == (State.DELIVERED, "")
        (path,) = outbox.glob("*.txt")
        assert "+85512345678" in path.read_text() and path.stat().st_mode & 0o777 == 0o600
        assert actions.erase_old(clock.now() + timedelta(days=1)) == 1
        assert not list(outbox.iterdir())

    def test_nothing_personal_is_logged(self, text, gateway, caplog):
        for number, gateway.mode in enumerate(("cut", "500", "400", "429")):
            text(address=f"+8551234567{number}")
            delivery.deliver_due()
        assert "left alone" in caplog.text
        assert "34567" not in caplog.text and "សំណើ" not in caplog.text


class TestAsking:
    @pytest.fixture
    def lost(self, text, gateway, describe):
        describe(ASK.format(url=gateway.url))

        def made(mode):
            gateway.mode = mode
            notice = text()
            delivery.deliver_due()
            gateway.mode = ""
            assert seen(notice)[0] == State.UNCERTAIN
            return notice

        return made

    def test_it_had_it(self, lost, gateway):
        notice = lost("cut")
        assert delivery.deliver_due() == 0 and len(gateway.requests) == 1, "not asked at once"
        later(NOON + timedelta(minutes=2))
        assert seen(notice)[0] == State.DELIVERED and notice.delivered is not None
        assert list(gateway.sent.values()) == [1]

    def test_it_never_had_it(self, lost, gateway):
        notice = lost("cut before")
        later(NOON + timedelta(minutes=2))
        assert seen(notice) == (State.DELIVERED, "")
        assert list(gateway.sent.values()) == [1] and notice.attempts == 2

    def test_nobody_is_asked_after_what_was_erased(self, lost, gateway):
        notice = lost("cut before")
        assert actions.erase_old(NOON + timedelta(days=1)) == 1
        later(NOON + timedelta(days=1))
        assert seen(notice)[0] == State.UNCERTAIN and len(gateway.requests) == 1

    def test_it_could_not_deliver_it(self, lost, gateway):
        notice = lost("cut")
        gateway.states[str(notice.pk)] = "undeliverable"
        later(NOON + timedelta(minutes=2))
        assert seen(notice) == (State.PERMANENT, "asked: HTTP 200: refused")

    def test_it_can_not_say_and_is_left_in_peace_at_last(self, lost, gateway):
        notice = lost("cut")
        gateway.states[str(notice.pk)] = "perhaps"
        for hours in range(3 * rules.ASKS):
            later(NOON.replace(hour=8) + timedelta(days=1, hours=hours))
        assert seen(notice) == (State.UNCERTAIN, "asked: HTTP 200: answer not understood")
        assert notice.next_at is None and notice.asked == rules.ASKS
        assert list(gateway.sent.values()) == [1]


class TestTelegram:
    def test_handed_over(self, text, gateway):
        notice = text("telegram")
        delivery.deliver_due()
        assert seen(notice) == (State.DELIVERED, "") and notice.reference == "77"
        ((_method, path, _headers, said),) = gateway.requests
        assert path == "/bot123456:token-of_tests/sendMessage"
        assert (said["chat_id"], said["text"]) == ("4321", "សំណើលេខ ១២៣")

    @pytest.mark.parametrize(
        ("mode", "state"),
        [
            ("400", State.PERMANENT),
            ("403", State.PERMANENT),
            ("401", State.TECHNICAL),
            ("404", State.TECHNICAL),
            ("429", State.TEMPORARY),
            ("500", State.TEMPORARY),
            ("502", State.UNCERTAIN),
            ("cut", State.UNCERTAIN),
            ("garbled", State.UNCERTAIN),
        ],
    )
    def test_what_it_may_answer(self, text, gateway, mode, state):
        gateway.mode = mode
        notice = text("telegram")
        delivery.deliver_due()
        assert seen(notice)[0] == state

    def test_it_says_how_long_it_wants_to_be_left_alone(self, text, gateway):
        gateway.mode = "429"
        text("telegram")
        delivery.deliver_due()
        assert tables.Gateway.objects.get(pk="telegram").closed_until == NOON + timedelta(seconds=40)

    def test_the_token_is_in_no_log_and_no_error(self, text, gateway, caplog, settings):
        settings.TELEGRAM_URL = "http://127.0.0.1:9"
        notice = text("telegram")
        delivery.deliver_due()
        assert seen(notice) == (State.TEMPORARY, "ConnectionRefusedError")
        assert "token-of" not in caplog.text


class TestGently:
    def test_three_disturbances_in_a_row_and_it_is_left_alone(self, text, gateway):
        gateway.mode = "500"
        for number in range(5):
            text(address=f"+8551234560{number}")
        assert delivery.deliver_due() == rules.STRIKES
        assert delivery.deliver_due() == 0
        moment = tables.Gateway.objects.get().closed_until
        assert NOON + rules.FIRST_PAUSE * 0.75 <= moment <= NOON + rules.FIRST_PAUSE
        assert later(moment) == 1, "one to try whether it is back"
        gateway.mode = ""
        assert later(tables.Gateway.objects.get().closed_until) == 1
        later(tables.Gateway.objects.get().minute + timedelta(minutes=2))
        assert queries.counts()[State.DELIVERED] == 5

    def test_a_pause_grows_and_ends_growing(self):
        assert [rules.pause(n) for n in (1, 2, 3)] == [timedelta(seconds=s) for s in (15, 30, 60)]
        assert rules.pause(50) == rules.LONGEST_PAUSE
        assert rules.pause(1, 1.0) == rules.FIRST_PAUSE * 0.75

    def test_a_bad_message_does_not_close_the_gateway(self, text, gateway):
        gateway.mode = "400"
        for number in range(6):
            text(address=f"+8551234560{number}")
        assert delivery.deliver_due() == 6

    def test_no_more_in_a_minute_than_the_gateway_wants(self, text, gateway, describe):
        describe("per_minute = 4\n")
        for number in range(10):
            text(address=f"+8551234560{number}")
        given = [later(NOON + timedelta(seconds=5 * step)) for step in range(36)]
        assert [sum(given[start : start + 12]) for start in (0, 12, 24)] == [4, 4, 2]

    def test_the_order_of_one_recipient_is_kept(self, text, gateway):
        gateway.mode = "500"
        first, second, other = text(body="1"), text(body="2"), text(body="3", address="+85598765432")
        delivery.deliver_due()
        assert [seen(each)[0] for each in (first, second, other)] == ["temporary", "created", "temporary"]
        gateway.mode = ""
        later(NOON + timedelta(minutes=3))
        assert [key[-1] for key in gateway.sent if "345678" in key] == ["1", "2"]

    def test_another_channel_goes_on(self, text, post, gateway, settings):
        settings.SMS_URL = "http://127.0.0.1:9/"
        text()
        mail = post()
        delivery.deliver_due()
        assert seen(mail)[0] == State.DELIVERED


class TestQuietHours:
    NIGHT = NOON.replace(hour=23)

    def test_nobody_is_woken(self, text, post, gateway):
        waits, chat, mail = text(), text("telegram"), post()
        later(self.NIGHT)
        assert [seen(each)[0] for each in (waits, chat, mail)] == ["created", "created", "delivered"]
        with clock.simulate(self.NIGHT):
            assert queries.oldest_waiting() is None, "what waits for the morning is no alarm"
        assert later(NOON.replace(hour=6, minute=59) + timedelta(days=1)) == 0
        assert later(NOON.replace(hour=7) + timedelta(days=1)) == 2

    def test_unless_it_is_urgent(self, text, gateway):
        registry.register("test.flood", "Flood", urgent=True)
        try:
            urgent, other = text(kind="test.flood"), text(address="+85598765432")
            later(self.NIGHT)
            assert [seen(each)[0] for each in (urgent, other)] == ["delivered", "created"]
        finally:
            registry._kinds.pop("test.flood")
            registry._urgent.discard("test.flood")

    def test_the_hours(self):
        from datetime import time as at

        night = (at(21), at(7))
        assert [rules.is_quiet(at(hour), *night) for hour in (20, 21, 0, 6, 7, 12)] == [
            False, True, True, True, False, False,
        ]  # fmt: skip
        assert rules.is_quiet(at(13), at(12), at(14)) and not rules.is_quiet(at(14), at(12), at(14))
        assert not rules.is_quiet(at(3), at(0), at(0))

    @pytest.mark.parametrize(
        "pack", [{"quiet": {"from": 21, "to": 7}}, {"quiet": {"from": NOON.time(), "to": NOON.time(), "channels": ["fax"]}}]
    )  # fmt: skip
    def test_a_pack_that_can_not_be_followed(self, pack):
        with pytest.raises(ValueError, match=r"notices\.toml"):
            rules.quiet_hours(pack)
        assert rules.quiet_hours({})[2] == frozenset()


class TestByAPerson:
    def test_sent_again_under_the_same_id(self, text, gateway):
        gateway.mode = "cut"
        notice = text()
        delivery.deliver_due()
        gateway.mode = ""
        actions.resend(notice.pk)
        delivery.deliver_due()
        assert seen(notice) == (State.DELIVERED, "")
        assert gateway.ids == {str(notice.pk): 2}, (
            "the gateway did not know it again: the person wanted it so"
        )

    def test_known_to_have_arrived(self, text, gateway):
        gateway.mode = "cut"
        notice = text()
        delivery.deliver_due()
        actions.confirm(notice.pk)
        assert seen(notice)[0] == State.DELIVERED and notice.delivered == NOON

    def test_what_was_refused_can_be_sent_again_and_what_arrived_can_not(self, text, gateway):
        from sala.kit.errors import NotFound, NotPossible

        gateway.mode = "400"
        notice = text()
        delivery.deliver_due()
        with pytest.raises(NotPossible):
            actions.confirm(notice.pk)
        actions.resend(notice.pk)
        gateway.mode = ""
        delivery.deliver_due()
        with pytest.raises(NotPossible):
            actions.resend(notice.pk)
        with pytest.raises(NotFound):
            actions.resend(Notice().pk)

    def test_not_without_its_text(self, text, gateway):
        from sala.kit.errors import NotPossible

        gateway.mode = "400"
        notice = text()
        delivery.deliver_due()
        actions.forget_about(notice.about)
        with pytest.raises(NotPossible, match="erased"):
            actions.resend(notice.pk)

    def test_a_sender_that_comes_back_late_knows_better(self, text):
        notice = text()
        assert delivery.take(notice, repeats=False)
        delivery._give_up_on_cut_off(Channel.SMS, NOON + rules.LEASE, asks=False)
        assert seen(Notice.objects.get(pk=notice.pk))[0] == State.UNCERTAIN
        assert delivery.finish(notice, rules.Result(Step.DELIVER))
        assert seen(notice)[0] == State.DELIVERED


def test_an_hour_without_a_gateway(db, settings):
    """Notices wait while nobody listens; when the gateway is back, each arrives exactly once. NOTICES=5000 for the whole."""
    people, every = MANY * 4 // 5, MANY
    gateway = Gateway()
    with gateway_server(gateway):
        settings.SMS_URL = f"{gateway.url}/send"
    row = {"kind": "test", "channel": "sms", "language": "km", "subject": "s", "about": "x:1"}
    for start, end in ((0, people), (people, every)):
        with clock.simulate(NOON - timedelta(seconds=10 - bool(start))):
            actions.post_many(
                actions.build(address=f"+8551{number % people:07}", body=f"n{number}", **row)
                for number in range(start, end)
            )
    began, moment, tries = time.process_time(), NOON, 0

    def work():
        return delivery.deliver_due((Channel.SMS,))

    while moment < NOON + timedelta(hours=1):
        tries += later(moment, work)
        moment += timedelta(seconds=15)
    assert queries.counts()[State.DELIVERED] == 0
    assert 10 <= tries <= 20, "a gateway that is down is asked a few times, not once a notice"
    with gateway_server(gateway):
        while queries.oldest_waiting() is not None and moment < NOON + timedelta(hours=2):
            later(moment, work)
            moment += timedelta(seconds=5)
    assert queries.counts()[State.DELIVERED] == every
    assert len(gateway.sent) == every and set(gateway.sent.values()) == {1}
    by_address: dict[str, list[int]] = {}
    for key in gateway.sent:
        address, body = key.split()
        by_address.setdefault(address, []).append(int(body[1:]))
    assert all(numbers == sorted(numbers) for numbers in by_address.values())
    assert moment - NOON < timedelta(hours=1, minutes=25)
    assert time.process_time() - began < 30, "seconds of work; others may be at work here too"
