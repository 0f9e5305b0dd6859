"""Messages in a folder and through a real SMTP server, well and badly behaved."""

import email
import email.policy
import os
import smtplib
import socket
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sala.notices import delivery, rules, senders
from sala.notices.models import Notice
from sala.notices.terms import State, Step
from tests.notices.smtp_server import Behaviour, smtp_server


def state(notice):
    notice.refresh_from_db()
    return notice.state


def parsed(content: bytes):
    return email.message_from_bytes(content, policy=email.policy.default)


def assert_as_posted(content: bytes, notice) -> None:
    message = parsed(content)
    assert not message.defects
    assert message["Subject"] == "សំណើលេខ ១២៣ ត្រូវបានទទួល"
    assert message["To"] == "sok.dara@example.com"
    assert message["Message-ID"] == notice.message_id
    assert message["Content-Language"] == "km"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_charset() == "utf-8"
    assert message["Date"].datetime == notice.created.replace(microsecond=0)
    assert message.get_content().replace("\r\n", "\n").strip() == notice.body
    head = content.split(b"\r\n\r\n")[0]
    assert head.isascii(), "headers are encoded (RFC 2047)"
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")


class TestFolder:
    def test_a_message_is_a_file_for_nobody_else(self, post, outbox):
        notice = post()
        delivery.deliver_due()
        assert state(notice) == State.DELIVERED
        (path,) = outbox.iterdir()
        assert path.suffix == ".eml" and str(notice.pk) in path.name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(outbox.stat().st_mode) == 0o700
        assert_as_posted(path.read_bytes(), notice)
        assert parsed(path.read_bytes())["From"] == "Sala <sala@hall.example.org>"

    def test_a_second_try_writes_the_same_file(self, post, outbox):
        notice = post()
        with senders.open_email() as sender:
            assert sender.send(notice).step == sender.send(notice).step == Step.DELIVER
        assert len(list(outbox.iterdir())) == 1

    def test_a_folder_that_can_not_be_written_is_a_technical_failure(self, post, outbox):
        outbox.write_text("in the way")
        notice = post()
        delivery.deliver_due()
        assert state(notice) == State.TECHNICAL
        assert notice.last_error.startswith(("FileExistsError", "NotADirectoryError"))

    def test_injected_headers_stay_in_their_line(self, post, outbox):
        post(subject="x\r\nBcc: victim@example.com\r\n\r\nbody", body="\r\nBcc: victim@example.com")
        delivery.deliver_due()
        (path,) = outbox.iterdir()
        message = parsed(path.read_bytes())
        assert message["Bcc"] is None and message["Subject"] == "x Bcc: victim@example.com body"

    def test_what_was_slipped_past_the_checks_is_refused_for_good(self, post, outbox):
        notice = post()
        Notice.objects.filter(pk=notice.pk).update(address="a@b.org\r\nBcc: victim@example.com")
        delivery.deliver_due()
        assert state(notice) == State.PERMANENT
        assert notice.last_error == "ValueError"
        assert not outbox.exists() or not list(outbox.iterdir())


@pytest.fixture
def server(settings):
    with smtp_server(Behaviour()) as behaviour:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{behaviour.port}?from=hall@example.org"
        yield behaviour


class TestSmtp:
    def test_delivered(self, post, server):
        notice = post()
        delivery.deliver_due()
        assert state(notice) == State.DELIVERED
        ((sender, recipients, content),) = server.messages
        assert (sender, recipients) == ("hall@example.org", ["sok.dara@example.com"])
        assert_as_posted(content, notice)

    def test_one_connection_for_many(self, post, server):
        for _ in range(5):
            post()
        assert delivery.deliver_due() == 5
        assert (server.connections, len(server.messages)) == (1, 5)

    @pytest.mark.parametrize(
        ("command", "reply", "expected", "error"),
        [
            ("RCPT", "550 sok.dara@example.com unknown", State.PERMANENT, "SMTPRecipientsRefused: SMTP 550"),
            ("RCPT", "450 greylisted", State.TEMPORARY, "SMTPRecipientsRefused: SMTP 450"),
            ("RCPT", "421 too busy", State.TEMPORARY, "SMTPRecipientsRefused: SMTP 421"),
            ("RCPT", "drop", State.TEMPORARY, "SMTPServerDisconnected"),
            ("MAIL", "550 who are you", State.TECHNICAL, "SMTPSenderRefused: SMTP 550"),
            ("MAIL", "451 later", State.TEMPORARY, "SMTPSenderRefused: SMTP 451"),
            ("MAIL", "drop", State.TEMPORARY, "SMTPServerDisconnected"),
            ("DATA", "554 no", State.PERMANENT, "SMTPDataError: SMTP 554"),
            ("DATA", "drop", State.TEMPORARY, "SMTPServerDisconnected"),
            ("END", "552 mailbox full", State.PERMANENT, "SMTPDataError: SMTP 552"),
            ("END", "452 disk full", State.TEMPORARY, "SMTPDataError: SMTP 452"),
            ("END", "drop", State.TEMPORARY, "SMTPServerDisconnected"),
            ("CONNECT", "421 closing", State.TEMPORARY, "SMTPConnectError: SMTP 421"),
            ("CONNECT", "554 not for you", State.TECHNICAL, "SMTPConnectError: SMTP 554"),
            ("CONNECT", "drop", State.TEMPORARY, "SMTPServerDisconnected"),
        ],
    )
    def test_what_a_server_may_answer(self, post, server, command, reply, expected, error):
        notice = post()
        server.replies[command] = reply
        delivery.deliver_due()
        assert (state(notice), notice.last_error) == (expected, error)
        assert server.messages == []

    def test_a_bad_message_does_not_hinder_the_next(self, post, server):
        server.refused_recipients["bad@example.com"] = "550 unknown"
        bad, good = post(address="bad@example.com"), post()
        delivery.deliver_due()
        assert (state(bad), state(good)) == (State.PERMANENT, State.DELIVERED)

    def test_after_a_dropped_connection_the_next_goes_through_a_new_one(self, post, server):
        first, second = post(address="first@example.com"), post()
        real = senders.Smtp.send

        def drop_the_first(self, notice):
            server.replies = {"RCPT": "drop"} if notice.pk == first.pk else {}
            return real(self, notice)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(senders.Smtp, "send", drop_the_first)
            delivery.deliver_due()
        assert (state(first), state(second)) == (State.TEMPORARY, State.DELIVERED)

    def test_nobody_listens(self, post, settings):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            settings.EMAIL_URL = f"smtp://127.0.0.1:{taken.getsockname()[1]}"
            notice, other = post(), post()
            delivery.deliver_due()
        assert (state(notice), notice.last_error) == (State.TEMPORARY, "ConnectionRefusedError")
        assert state(other) == State.CREATED, "a server that is away is not tried once more for each message"

    def test_a_server_that_says_nothing(self, post, settings, monkeypatch):
        monkeypatch.setattr(senders, "TIMEOUT", 0.2)
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            settings.EMAIL_URL = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
            notice = post()
            delivery.deliver_due()
        assert (state(notice), notice.last_error) == (State.TEMPORARY, "SMTPServerDisconnected")

    def test_wrong_password(self, post, server, settings):
        server.extensions = ("AUTH PLAIN LOGIN",)
        server.replies["AUTH"] = "535 sok:geheim is wrong"
        settings.EMAIL_URL = f"smtp://sok:geheim@127.0.0.1:{server.port}"
        notice = post()
        delivery.deliver_due()
        assert state(notice) == State.TECHNICAL
        assert notice.last_error == "SMTPAuthenticationError: SMTP 535"

    def test_a_server_without_encryption_where_it_was_asked_for(self, post, server, settings):
        settings.EMAIL_URL = f"smtp://127.0.0.1:{server.port}?starttls=1"
        notice = post()
        delivery.deliver_due()
        assert (state(notice), notice.last_error) == (State.TECHNICAL, "SMTPNotSupportedError")

    def test_no_such_host(self, post, settings):
        settings.EMAIL_URL = "smtp://no-such-host.invalid"
        notice = post()
        delivery.deliver_due()
        assert (state(notice), notice.last_error) == (State.TECHNICAL, "gaierror")

    def test_encryption_with_a_server_that_has_none(self, post, server, settings):
        settings.EMAIL_URL = f"smtps://127.0.0.1:{server.port}"
        notice = post()
        delivery.deliver_due()
        assert state(notice) == State.TECHNICAL and "SSL" in notice.last_error

    def test_an_unknown_setting(self, post, settings):
        settings.EMAIL_URL = "pigeon://user:geheim@loft"
        notice = post()
        delivery.deliver_due()
        assert state(notice) == State.TECHNICAL
        assert "smtp://" in notice.last_error and "geheim" not in notice.last_error

    def test_injected_headers_stay_in_their_line(self, post, server):
        post(
            subject="x\nBcc: victim@example.com",
            body="a\r\n.\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.com>",
        )
        delivery.deliver_due()
        ((_, recipients, content),) = server.messages
        assert recipients == ["sok.dara@example.com"]
        assert parsed(content)["Bcc"] is None
        assert "MAIL FROM:<evil@example.com>" in parsed(content).get_content()


KHMER = st.text(alphabet="កខគឃងចឆជសំណើលេខត្រូវបាន្ទទួលុះ ១២៣។ab?=_", min_size=1, max_size=200)


@given(subject=KHMER)
def test_every_subject_comes_out_as_it_went_in(subject):
    """Split between the words of the encoding, never inside a character."""
    subject = rules.one_line(subject)
    notice = Notice(subject=subject, address="a@example.org", body="b", message_id="<x@y>", language="km")
    content = senders.message(notice).as_bytes()
    assert " ".join(parsed(content)["Subject"].split()) == " ".join(subject.split())
    assert all(len(line) <= 78 for line in content.split(b"\r\n\r\n")[0].split(b"\r\n"))


def test_long_lines_and_foreign_hosts(post, server):
    notice = post(body="ក" * 5000, address="sok@សាលា.example")
    delivery.deliver_due()
    assert state(notice) == State.DELIVERED
    ((_, recipients, content),) = server.messages
    assert recipients == [parsed(content)["To"]] and recipients[0].isascii()
    assert parsed(content).get_content().strip() == "ក" * 5000
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))


def test_a_whole_address_book_line_as_sender(post, server, settings):
    settings.EMAIL_URL = f"smtp://127.0.0.1:{server.port}?from=Hall%20%3Chall@example.org%3E"
    post()
    delivery.deliver_due()
    ((sender, _, content),) = server.messages
    assert (sender, parsed(content)["From"]) == ("hall@example.org", "Hall <hall@example.org>")


def test_without_a_public_address_the_sender_has_a_name_all_the_same(settings):
    settings.PUBLIC_URL = ""
    assert senders.domain() == "sala.localdomain"
    assert os.sep in str(senders.outbox())


@pytest.mark.parametrize(
    ("error", "step"),
    [
        (smtplib.SMTPNotSupportedError("SMTPUTF8"), Step.REJECT),
        (OSError(), Step.POSTPONE),
        (smtplib.SMTPRecipientsRefused({}), Step.REJECT),
    ],
)
def test_rarer_failures_of_a_message(error, step):
    assert senders.sending(error, attempts=1).step == step
