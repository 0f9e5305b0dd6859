"""By which ways is the applicant told, who sees what became of it, and what can staff do where it did not arrive?"""

from types import SimpleNamespace

import pytest

from sala.kit import clock
from sala.kit.errors import NotFound
from sala.ledger import actions as ledger_actions
from sala.ledger import queries as ledger
from sala.ledger.verification import Verification
from sala.notices import channels, chats, delivery
from sala.notices import queries as outbox
from sala.notices import rules as notice_rules
from sala.notices.models import Chat, Notice
from sala.notices.terms import Channel, State
from sala.window import actions, letters, messages, steps
from sala.window.terms import Act
from tests.notices.gateway_server import Gateway, gateway_server

NOON = clock.now().astimezone(clock.zone()).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def gateway(settings):
    settings.PUBLIC_URL = "https://hall.example.org"
    with gateway_server(Gateway()) as running, clock.simulate(NOON):
        settings.SMS_URL = f"{running.url}/send"
        yield running


@pytest.fixture
def bot(gateway, settings):
    settings.TELEGRAM_URL = gateway.url
    settings.TELEGRAM_BOT, settings.TELEGRAM_TOKEN = "hall_bot", "123456:token"
    return gateway


def told(received):
    return [(each.channel, each.address) for each in outbox.about(letters.about(received.request))]


def take(by, request_id, verb=Act.TAKE, **said):
    from sala.window import queries

    version = queries.record(by, request_id).version
    return actions.act(by=by, request_id=request_id, version=version, verb=verb, **said)


class TestWays:
    def test_a_phone_alone_and_no_gateway_costs_nothing(self, report, django_assert_num_queries, settings):
        assert not channels.is_open(Channel.SMS)
        received = report(email="")
        assert told(received) == []
        contact = SimpleNamespace(email="", phone="+85512345678", language="km")
        with django_assert_num_queries(0):
            letters.tell(received.request, SimpleNamespace(act=Act.RECEIVE), contact, received.code)

    def test_a_phone_alone_and_a_gateway(self, report, gateway):
        assert told(report(email="")) == [("sms", "+85512345648")]

    def test_e_mail_goes_before_sms(self, report, gateway):
        assert told(report()) == [("email", "tara@example.com")]

    def test_nobody_to_tell(self, report, gateway):
        assert told(report(email="", phone="", name="")) == []

    @pytest.mark.parametrize("language", ["km", "en"])
    @pytest.mark.parametrize("act", letters.KINDS)
    def test_an_sms_is_short_and_says_nothing_of_what_was_told(self, report, gateway, act, language):
        from django.utils import translation

        received = report(email="", language=language)
        with translation.override(language):
            text = letters.short(act, received.request.number, received.code)
            link = letters.link(received.code)
        assert notice_rules.segments(text) <= 3
        assert text.endswith(link) and f"/{language}/requests/" in link
        assert text.count(received.code) == 1 and received.request.number in text
        assert "ទឹកលូ" not in text and "តារា" not in text

    def test_a_long_address_of_the_hall_leaves_the_link(self, report, gateway, settings):
        settings.PUBLIC_URL = "https://" + "a" * 120 + ".example.org"
        received = report(email="")
        (notice,) = outbox.about(letters.about(received.request))
        assert notice.body.startswith("https://") and received.code in notice.body

    def test_in_the_language_of_the_applicant(self, report, gateway):
        (notice,) = outbox.about(letters.about(report(email="", language="en").request))
        assert notice.body.startswith("Your request ")
        (notice,) = outbox.about(letters.about(report(email="", language="km").request))
        assert notice.body.startswith("សំណើលេខ ")


class TestTelegram:
    def say(self, bot, text, chat=4321, number=1, kind="private"):
        bot.updates.append({"update_id": number, "message": {"chat": {"id": chat, "type": kind}, "text": text}})  # fmt: skip
        chats.listen()

    def start(self, received):
        return f"/start {chats.token(steps.REQUEST, received.request.id)}"

    def test_linked_greeted_and_told(self, report, posts, bot):
        received = report(email="")
        self.say(bot, self.start(received))
        assert bot.updates == [], "what was heard is confirmed"
        take(posts.clerk, received.request.id)
        take(posts.clerk, received.request.id, Act.ANSWER, text="ខាងក្នុង")
        assert sorted(told(received)) == [("sms", "+85512345648"), *[("telegram", "4321")] * 2]
        delivery.deliver_due((Channel.TELEGRAM,))
        first, second = sorted(
            (said["text"] for _m, path, _h, said in bot.requests if path.endswith("sendMessage")),
            key=lambda text: "/stop" not in text,
        )
        assert received.request.number in first and "/stop" in first
        assert received.code in second and "ខាងក្នុង" not in second

    def test_twice_is_once_and_stop_ends_it(self, report, posts, bot):
        received = report(email="")
        self.say(bot, self.start(received))
        self.say(bot, self.start(received), number=2)
        assert told(received).count(("telegram", "4321")) == 1
        self.say(bot, "/stop", number=3)
        assert not Chat.objects.exists()
        take(posts.clerk, received.request.id)
        take(posts.clerk, received.request.id, Act.ANSWER, text="x")
        assert told(received).count(("sms", "+85512345648")) == 2

    @pytest.mark.parametrize(
        "text", ["/start", "/start x", "hello", "/start " + "A" * 43, "/start " + "ក" * 43, "/start a b"]
    )
    def test_what_links_nothing(self, report, bot, text):
        report(email="")
        self.say(bot, text)
        assert not Chat.objects.exists()

    def test_a_group_is_not_linked(self, report, bot):
        self.say(bot, self.start(report()), kind="group")
        assert not Chat.objects.exists()

    @pytest.mark.parametrize(
        "update", [{"update_id": 1}, {"update_id": 1, "message": 7}, {"message": {"chat": []}}, {"update_id": 1, "message": {"chat": {"id": "x", "type": "private"}, "text": 3}}]
    )  # fmt: skip
    def test_nonsense_is_passed_over(self, bot, update, db):
        bot.updates.append(update)
        assert chats.listen() >= 1

    def test_a_bot_that_is_away_is_heard_later(self, bot, settings, db):
        settings.TELEGRAM_URL = "http://127.0.0.1:9"
        assert chats.listen() == 0

    def test_erasing_takes_the_chat_too(self, report, posts, bot):
        received = report(email="")
        self.say(bot, self.start(received))
        actions.erase_person(by=posts.chief, request_id=received.request.id)
        assert not Chat.objects.exists()
        self.say(bot, self.start(received), number=2)
        assert not Chat.objects.exists(), "nothing is linked to what was erased"

    def test_a_blocked_bot_leaves_the_other_ways(self, report, bot):
        received = report(email="")
        self.say(bot, self.start(received))
        bot.mode = "403"
        delivery.deliver_due((Channel.TELEGRAM,))
        assert not Chat.objects.exists()

    def test_the_link_stands_on_the_page_the_code_opens(self, report, bot, client):
        received = report()
        page = client.get(f"/en/requests/{received.code}").content.decode()
        assert chats.address(steps.REQUEST, received.request.id) in page

    def test_no_bot_no_link(self, report, client):
        assert "t.me" not in client.get(f"/en/requests/{report().code}").content.decode()


@pytest.fixture
def lost(report, gateway):
    """A message of which nobody knows whether it arrived."""
    received = report(email="")
    gateway.mode = "cut"
    delivery.deliver_due((Channel.SMS,))
    gateway.mode = ""
    (notice,) = outbox.about(letters.about(received.request))
    assert notice.state == State.UNCERTAIN
    return SimpleNamespace(notice=notice, request=received.request)


class TestSeeingToIt:
    def test_the_office_sees_it_and_nobody_else(self, lost, posts):
        (line,) = messages.lines(posts.clerk, messages.troubled(posts.clerk))
        assert (line.number, line.address) == (lost.request.number, "+85512…48")
        assert [step.value for step in line.steps] == ["resend", "confirm"]
        for other in (posts.other, posts.resident):
            assert messages.lines(other, messages.troubled(other)) == []
            with pytest.raises(NotFound):
                messages.resend(by=other, notice_id=lost.notice.pk)

    def test_sent_again(self, lost, posts, gateway):
        messages.resend(by=posts.clerk, notice_id=lost.notice.pk)
        delivery.deliver_due((Channel.SMS,))
        lost.notice.refresh_from_db()
        assert lost.notice.state == State.DELIVERED and gateway.ids == {str(lost.notice.pk): 2}
        acts = [entry.act for entry in ledger.history(steps.REQUEST, str(lost.request.id))]
        assert "window.resend" in acts
        ledger_actions.seal()
        assert [found.line() for found in Verification().findings() if not found.warning] == []

    def test_marked_as_delivered(self, lost, posts):
        messages.confirm(by=posts.clerk, notice_id=lost.notice.pk)
        lost.notice.refresh_from_db()
        assert lost.notice.state == State.DELIVERED

    def test_nothing_is_changed_without_the_ledger(self, lost, posts, monkeypatch):
        from sala.ledger import actions as ledger_module

        def fails(**_said):
            raise RuntimeError("the ledger did not take it")

        monkeypatch.setattr(ledger_module, "record", fails)
        for do in (messages.resend, messages.confirm):
            with pytest.raises(RuntimeError):
                do(by=posts.clerk, notice_id=lost.notice.pk)
        assert Notice.objects.get(pk=lost.notice.pk).state == State.UNCERTAIN

    def test_the_page(self, lost, sign_in):
        client = sign_in("clerk120404")
        page = client.get("/en/work/messages").content.decode()
        assert lost.request.number in page and "Not known whether it arrived" in page
        assert "+85512345648" not in page
        answer = client.post("/en/work/messages", {"notice": str(lost.notice.pk), "act": "resend"})
        assert answer.status_code == 302
        again = client.post("/en/work/messages", {"notice": str(lost.notice.pk), "act": "confirm"})
        assert again.status_code == 409 and "not possible" in again.content.decode()

    @pytest.mark.parametrize(
        "said", [{}, {"notice": "x", "act": "resend"}, {"notice": "01a220da-7b16-7493-9dc3-efff575f0512", "act": "resend"}, {"act": "take"}]
    )  # fmt: skip
    def test_nonsense_is_not_found(self, lost, sign_in, said):
        assert sign_in("clerk120404").post("/en/work/messages", said).status_code == 404

    def test_who_may_not(self, lost, sign_in, client):
        assert client.get("/en/work/messages").status_code in (302, 401)
        assert sign_in("auditor").get("/en/work/messages").status_code == 403
        page = sign_in("clerk020801").get("/en/work/messages").content.decode()
        assert lost.request.number not in page

    def test_the_administrator_keeps_accounts_and_sees_no_messages(self, lost, sign_in):
        assert sign_in("admin").get("/en/work/messages").status_code == 403

    def test_the_record_page_shows_what_was_sent(self, lost, sign_in):
        page = sign_in("clerk120404").get(f"/en/work/requests/{lost.request.id}").content.decode()
        assert "Messages to the applicant" in page and "+85512…48" in page
        assert "Not known whether it arrived" in page
        elsewhere = sign_in("ministry").get(f"/en/work/requests/{lost.request.id}").content.decode()
        assert "+85512" not in elsewhere
