"""What happens when many do the same at once, against a real server on a real database?"""

import io
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.files import hostile
from tests.hall import Hall

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("hall")]


def call(hall: Hall, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON of an API call; a POST where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{hall.url}/api/v1/{path}", data, {"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def token(hall: Hall, username: str) -> dict[str, str]:
    account = hall.accounts[username]
    status, body = call(hall, "tokens", {"username": username, "password": account["password"]})
    assert status == 201, body
    return {"Authorization": f"Bearer {body['token']}"}


def report(words: str, place: str = "120404") -> dict[str, str]:
    return {"service": "RP-SEWER", "place": place, "description": words}


def test_one_key_a_hundred_times_makes_one_request(hall: Hall) -> None:
    def send(_: int) -> tuple[int, dict[str, Any]]:
        return call(hall, "window/requests", report("a hundred times"), **{"Idempotency-Key": "the-same-key"})

    with ThreadPoolExecutor(100) as many:
        answers = list(many.map(send, range(100)))
    assert {status for status, _ in answers} == {201}, Counter(status for status, _ in answers)
    assert len({(body["number"], body["id"], body["code"]) for _, body in answers}) == 1
    status, problem = call(
        hall, "window/requests", report("another body"), **{"Idempotency-Key": "the-same-key"}
    )
    assert status == 422
    assert problem["errors"] or problem["detail"]
    listed = call(hall, f"window/requests?q={answers[0][1]['number']}", **token(hall, "clerk120404"))[1]
    assert listed["count"] == 1


def test_a_kept_form_sent_from_many_windows_at_once_is_one_request(hall: Hall) -> None:
    """As service workers send it: with a token fetched just before, and the photo in the body each time."""
    fields = {
        "idempotency_key": "0123456789abcdef0123456789abcdef",
        "service": "RP-SEWER",
        "place": "120404",
        "village": "12040401",
        "description": "kept and sent at once",
        "language": "km",
    }
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    photo = '--x\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    picture = io.BytesIO()
    hostile.picture().save(picture, "JPEG")
    body = "".join(parts).encode() + photo.encode() + picture.getvalue() + b"\r\n--x--\r\n"

    def send(_: int) -> tuple[int, str]:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(f"{hall.url}/km/report/token", timeout=60) as answer:
            token = json.loads(answer.read())["csrf"]
        headers = {
            "Content-Type": "multipart/form-data; boundary=x",
            "Accept": "application/json",
            "X-CSRFToken": token,
        }
        request = urllib.request.Request(f"{hall.url}/km/report", body, headers)
        with opener.open(request, timeout=60) as answer:
            return answer.status, answer.read().decode()

    with ThreadPoolExecutor(16) as many:
        answers = set(many.map(send, range(32)))
    ((status, told),) = answers
    assert status == 201
    listed = call(hall, f"window/requests?q={json.loads(told)['number']}", **token(hall, "clerk120404"))[1]
    assert listed["count"] == 1


def test_numbers_have_no_gap_and_no_double_under_eight_writers(hall: Hall) -> None:
    def send(number: int) -> str:
        status, body = call(hall, "window/requests", report(f"one of many {number}", "020801"))
        assert status == 201, body
        return str(body["number"])

    with ThreadPoolExecutor(8) as many:
        numbers = sorted(int(number.rsplit("-", 1)[1]) for number in many.map(send, range(160)))
    assert numbers == list(range(numbers[0], numbers[0] + 160))


def test_of_two_clerks_one_is_told(hall: Hall) -> None:
    made = call(hall, "window/requests", report("two clerks"))[1]
    headers = [token(hall, "clerk120404"), token(hall, "chief120404")]
    version = str(call(hall, f"window/requests/{made['id']}", **headers[0])[1]["version"])

    def answer(mine: dict[str, str]) -> int:
        return call(
            hall,
            f"window/requests/{made['id']}/answer",
            {"text": "soon"},
            **mine,
            **{"If-Match": f'"{version}"'},
        )[0]

    with ThreadPoolExecutor(2) as both:
        statuses = sorted(both.map(answer, headers))
    assert statuses == [200, 412]


def browser(hall: Hall, username: str) -> Callable[..., str]:
    """A browser in which that user has signed in; ``send(path, **fields)`` posts a form and gives the page that follows."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def send(path: str, **fields: object) -> str:
        with opener.open(f"{hall.url}{path}", timeout=60) as answer:
            page = str(answer.read().decode())
        if not fields:
            return page
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, page[:2000]
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        with opener.open(f"{hall.url}{path}", body, timeout=60) as answer:
            return str(answer.read().decode())

    password = hall.accounts[username]["password"]
    send("/en/sign-in", login=username, username=username, password=password)
    return send


def test_two_clerks_who_call_at_once_get_two_numbers(hall: Hall) -> None:
    """Each calls, serves and ends, six times, both at the same time: every number is called once, at one desk."""
    clerks = [browser(hall, "clerk120404"), browser(hall, "frontdesk120404")]
    while "Nobody is waiting" not in clerks[0]("/en/counter"):  # what the demonstration left in the queue
        one_round(clerks[0], 1)
    for number in range(12):
        clerks[1]("/en/counter/kiosk", priority="ordinary", idempotency_key=f"at-once-{number}")

    def work(mine: tuple[int, Callable[..., str]]) -> list[str]:
        desk, send = mine
        return [one_round(send, desk) for _ in range(6)]

    with ThreadPoolExecutor(2) as both:
        called = [number for numbers in both.map(work, enumerate(clerks, start=1)) for number in numbers]
    assert len(set(called)) == 12, sorted(called)
    assert "Nobody is waiting" in clerks[0]("/en/counter")


def one_round(send: Callable[..., str], desk: int) -> str:
    """Call the next one to this desk, serve, end; returns the number."""
    page = send("/en/counter", act="call", desk=desk)
    found = re.search(r'class="no id">([A-Z]-[0-9]+)<', page)
    assert found, page[:3000]
    for act in ("start", "finish"):
        ticket, version = (
            re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("ticket", "version")
        )
        assert ticket and version, page[:3000]
        page = send("/en/counter", act=act, ticket=ticket[1], version=version[1])
    return found[1]


def test_the_ledger_is_content_afterwards(hall: Hall) -> None:
    done = hall.sala("ledger", "verify")
    assert done.returncode == 0, done.stderr


def test_two_cashiers_and_a_closing_at_one_cash_box(hall: Hall) -> None:
    """Each fee is taken by both at once, and in the middle somebody counts: one receipt a fee, and a book that adds up."""
    asked = {"service": "LG-BUSCERT", "place": "12040402", "name": "Sok Dara", "phone": "012000111"}
    answers = [call(hall, "window/requests", asked) for _ in range(10)]
    numbers = [str(body["number"]) for status, body in answers if status == 201]
    assert len(numbers) == 10, answers
    cashiers = [browser(hall, "window1204") for _ in range(2)]
    box = "/en/counter/cash"

    def try_it(send: Callable[..., str], path: str, **fields: object) -> tuple[int, str]:
        try:
            return 200, send(path, **fields)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def both(number: str) -> list[tuple[int, str]]:
        with ThreadPoolExecutor(2) as at_once:
            return list(
                at_once.map(lambda send: try_it(send, box, act="pay", number=number, riel=1000), cashiers)
            )

    receipts = []
    for number in numbers[:5]:
        answers = dict(sorted(both(number)))
        assert set(answers) == {200, 409}, answers
        assert "or it is paid" in answers[409]
        receipts += re.findall(r"R-1204-\d\d-(\d{5})", answers[200])[:1]
    positions = [int(receipt) for receipt in receipts]
    assert positions == list(range(positions[0], positions[0] + 5))

    def take(number: str) -> int:
        return try_it(cashiers[0], box, act="pay", number=number, riel=1000)[0]

    with ThreadPoolExecutor(2) as at_once:
        taken = at_once.submit(lambda: [take(number) for number in numbers[5:]])
        closed = at_once.submit(
            try_it, cashiers[1], f"{box}/close", note_1000="1", explanation="counted while fees were taken"
        )
        statuses, (status, report) = taken.result(), closed.result()
    assert status == 200, report
    assert statuses == sorted(statuses)  # what came before the closing was taken, what came after it was not
    assert set(statuses) <= {200, 409}
    page = try_it(cashiers[0], box)[1]
    assert "closed" in page
    assert "Take a fee" not in page
    verified = hall.sala("ledger", "verify")  # gaps, doubles, closings that are not the sum of their lines
    assert "sound" in verified.stdout
