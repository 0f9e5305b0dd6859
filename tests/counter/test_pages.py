"""The counter's pages: one thing to press, the kiosk without sign-in, the holder's page, the screen; wrong input is told."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sala.counter import actions, kiosks, queries
from sala.counter.models import Ticket
from sala.counter.terms import Priority, State, Step
from tests.window.conftest import acting

pytestmark = pytest.mark.django_db
SCRIPT = {"HX-Request": "true"}


def issue(count: int, priority: Priority = Priority.ORDINARY) -> list[Ticket]:
    desk = acting("frontdesk120404")
    return [actions.issue(by=desk, priority=priority) for _ in range(count)]


def press(client: Client, act: str, ticket: Any = None, **more: Any) -> Any:
    body = {"act": act, **({"ticket": ticket.pk, "version": ticket.version} if ticket else {}), **more}
    return client.post("/en/counter", body)


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def device(db: None) -> Client:
    """A browser that was opened with a device's link."""
    client = Client()
    key = kiosks.make(by=acting("chief120404"), name="Tablet")
    answer = client.get(f"/en/counter/kiosk/{key}")
    assert (answer.status_code, answer["Location"]) == (302, "/en/counter/kiosk")
    assert client.cookies["sala_kiosk"]["httponly"]
    return client


def test_a_ticket_from_the_call_to_the_end(sign_in: Callable[[str], Client]) -> None:
    client = sign_in("frontdesk120404")
    assert "Nobody is waiting" in text(client.get("/en/counter"))
    issue(2)
    page = text(client.get("/en/counter"))
    assert "Call A-001" in page and page.count("autofocus") == 1
    assert press(client, "call", desk="២", seen="A-001").status_code == 302
    page = text(client.get("/en/counter"))
    assert "Called · Desk 2" in page and 'value="start"' in page and 'value="miss"' in page
    ticket = Ticket.objects.get(position=1)
    assert press(client, "start", ticket).status_code == 302
    page = text(client.get("/en/counter"))
    assert "/en/work/new" in page and 'value="miss"' not in page
    ticket.refresh_from_db()
    assert press(client, "finish", ticket).status_code == 302
    assert Ticket.objects.get(position=1).state == State.DONE
    assert 'value="2"' in text(client.get("/en/counter"))  # the desk is known from the last call
    press(client, "call", desk="2", seen="A-002")
    missed = Ticket.objects.get(position=2)
    press(client, "miss", missed)
    missed.refresh_from_db()
    assert press(client, "recall", missed, desk="2").status_code == 302
    missed.refresh_from_db()
    press(client, "miss", missed)
    missed.refresh_from_db()
    assert press(client, "leave", missed).status_code == 302
    assert not Ticket.objects.exclude(state__in=[State.DONE, State.LEFT]).exists()


def test_another_than_the_one_on_the_button_is_told(sign_in: Callable[[str], Client]) -> None:
    client = sign_in("frontdesk120404")
    issue(2)
    actions.call_next(by=acting("clerk120404"), desk=1)
    press(client, "call", desk="2", seen="A-001")
    page = text(client.get("/en/counter"))
    assert "A-001 is no longer the next one" in page and "You have called A-002" in page
    assert "At other desks" in page


def test_who_was_slower_reads_the_newest_state_and_nothing_is_lost(sign_in: Callable[[str], Client]) -> None:
    client = sign_in("frontdesk120404")
    (ticket,) = issue(1)
    actions.step(by=acting("clerk120404"), ticket_id=ticket.pk, version=1, act=Step.LEAVE)
    answer = press(client, "leave", ticket)
    assert answer.status_code == 412 and "Somebody else changed this ticket" in text(answer)
    answer = press(client, "call", desk="2")
    assert answer.status_code == 409 and "Nobody is waiting" in text(answer)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"act": "call", "desk": ""}, 422), ({"act": "call", "desk": "two"}, 422), ({"act": "call", "desk": "100"}, 422),
        ({"act": "fly"}, 404), ({}, 404), ({"act": "lapse"}, 404), ({"act": "start"}, 404),
        ({"act": "start", "ticket": "x", "version": "1"}, 404),
        ({"act": "start", "ticket": "abcdefab-cdef-4abc-abcd-efabcdefabcd", "version": "1"}, 404),
    ],
)  # fmt: skip
def test_wrong_presses_are_told(sign_in: Callable[[str], Client], body: dict[str, str], status: int) -> None:
    issue(1)
    answer = sign_in("frontdesk120404").post("/en/counter", body)
    assert answer.status_code == status
    if status == 422:
        assert text(answer).count("Give the number of your desk") == 2 and f'value="{body["desk"]}"' in text(
            answer
        )


def test_a_long_queue_asks_no_oftener(sign_in: Callable[[str], Client]) -> None:
    client = sign_in("frontdesk120404")
    seen = []
    for _ in range(2):
        issue(8, Priority.ELDERLY)
        client.get("/en/counter")
        with CaptureQueriesContext(connection) as asked:
            page = text(client.get("/en/counter"))
        seen.append(len(asked))
    assert seen[0] == seen[1] and page.count("Elderly person") == 16


def test_the_kiosk_gives_out_a_number_without_a_sign_in(device: Client) -> None:
    page = text(device.get("/en/counter/kiosk"))
    assert page.count('name="priority"') == 5 and "/en/work" not in page
    body = {"priority": "elderly", "idempotency_key": "the-same-press"}
    answers = [device.post("/en/counter/kiosk", body) for _ in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"] and Ticket.objects.count() == 1
    paper = text(device.get(answers[0]["Location"]))
    assert (
        "A-001" in paper
        and "<svg" in paper
        and "With priority" in paper
        and 'content="30; url=/en/counter/kiosk"' in paper
    )
    for wrong in ({}, {"priority": "rich"}):
        answer = device.post("/en/counter/kiosk", wrong)
        assert answer.status_code == 422 and "Choose one of the five" in text(answer)
    assert (
        device.post("/en/counter/kiosk", {**body, "priority": "ordinary"}).status_code == 422
    )  # the key was used
    assert Ticket.objects.count() == 1


def test_a_device_opens_nothing_else_and_nothing_once_it_is_ended(device: Client) -> None:
    assert device.get("/en/counter").status_code == 302  # to the sign-in
    assert device.get("/en/counter/screen").status_code == 200
    (row,) = queries.kiosks(by=acting("chief120404"))
    kiosks.end(by=acting("chief120404"), kiosk_id=row.pk)
    assert device.get("/en/counter/kiosk").status_code == 404
    assert device.post("/en/counter/kiosk", {"priority": "ordinary"}).status_code == 404
    assert device.get("/en/counter/screen").status_code == 404
    assert Ticket.objects.count() == 0


def test_staff_may_use_kiosk_and_screen_without_a_device(sign_in: Callable[[str], Client]) -> None:
    client = sign_in("frontdesk120404")
    paper = text(client.get(client.post("/en/counter/kiosk", {"priority": "ordinary"})["Location"]))
    assert "Back to the counter" in paper and "refresh" not in paper
    assert client.get("/en/counter/screen").status_code == 200
    assert sign_in("auditor").get("/en/counter/kiosk").status_code == 404


def test_the_holder_reads_where_the_ticket_stands(client: Client) -> None:
    desk = acting("frontdesk120404")
    first, mine = issue(2)
    address = f"/en/counter/tickets/{queries.code_of(mine)}"
    page = text(client.get(address))
    assert "1 person is called before you" in page and "not known yet" in page
    seen = re.search(r"seen=(\w+)", page)
    assert seen and client.get(f"{address}?seen={seen[1]}", headers=SCRIPT).status_code == 204
    actions.step(by=desk, ticket_id=first.pk, version=1, act=Step.LEAVE)
    changed = client.get(f"{address}?seen={seen[1]}", headers=SCRIPT)
    assert changed.status_code == 200 and "You are the next one" in text(changed)
    called = actions.call_next(by=desk, desk=3)
    assert "Come to desk 3" in text(client.get(address))
    said = {
        Step.START: "being served at desk 3", Step.FINISH: "You have been served",
    }  # fmt: skip
    for act, words in said.items():
        called = actions.step(by=desk, ticket_id=called.pk, version=called.version, act=act)
        assert words in text(client.get(address))
    assert "every 15s" not in text(client.get(address))  # an end is an end
    assert client.get("/en/counter/tickets/0000-0000-0000-0000").status_code == 404


def test_a_missed_and_a_left_ticket_and_one_of_another_day(client: Client) -> None:
    desk = acting("frontdesk120404")
    missed, left, old = issue(3)
    called = actions.call_next(by=desk)
    actions.step(by=desk, ticket_id=missed.pk, version=called.version, act=Step.MISS)
    actions.step(by=desk, ticket_id=left.pk, version=1, act=Step.LEAVE)
    Ticket.objects.filter(pk=old.pk).update(day="2026-01-05")
    for ticket, words in ((missed, "called again today"), (left, "waits no longer"), (old, "5 January 2026")):
        assert words in text(client.get(f"/en/counter/tickets/{queries.code_of(ticket)}"))


def test_an_estimate_is_told_with_its_error(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "error", lambda office: 10)
    monkeypatch.setattr(queries, "_minutes", lambda *_: 20)
    (ticket,) = issue(1)
    address = f"/en/counter/tickets/{queries.code_of(ticket)}"
    for page in (address, f"{address}/paper"):
        assert "About 20 minutes, usually right within 10 minutes." in text(client.get(page))


def test_the_screen_shows_numbers_and_desks_only(sign_in: Callable[[str], Client]) -> None:
    desk, clerk, client = acting("frontdesk120404"), acting("clerk120404"), sign_in("frontdesk120404")
    assert "Nobody is being called now" in text(client.get("/en/counter/screen"))
    issue(3, Priority.PREGNANT)
    actions.call_next(by=desk, desk=1)
    actions.call_next(by=clerk, desk=2)
    page = text(client.get("/km/counter/screen"))
    assert re.search(r'no id">\s*A-002', page) and "Desk 2" in page and "A-001" in page
    assert "Pregnant" not in page and "មានផ្ទៃពោះ" not in page
    seen = re.search(r"seen=(\w+)", page)
    assert seen and client.get(f"/km/counter/screen?seen={seen[1]}", headers=SCRIPT).status_code in (200, 204)


def test_links_of_devices_are_shown_once(sign_in: Callable[[str], Client]) -> None:
    client = sign_in("chief120404")
    made = text(client.post("/en/counter/kiosks", {"name": "Tablet at the door"}))
    link = re.search(r"/en/counter/kiosk/([\w-]{43})", made)
    assert link and "<svg" in made
    page = text(client.get("/en/counter/kiosks"))
    assert "Tablet at the door" in page and link[1] not in page
    for wrong in ("", "Tablet at the door", "x" * 81):
        answer = client.post("/en/counter/kiosks", {"name": wrong})
        assert answer.status_code == 422 and 'class="errs"' in text(answer)
    (row,) = queries.kiosks(by=acting("chief120404"))
    assert client.post("/en/counter/kiosks", {"end": "nonsense"}).status_code == 404
    assert client.post("/en/counter/kiosks", {"end": row.pk}).status_code == 302
    assert Client().get(link[0]).status_code == 404
    assert sign_in("frontdesk120404").post("/en/counter/kiosks", {"name": "x"}).status_code == 403
