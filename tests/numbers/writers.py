"""A process that writes as a server would: run by the tests, many at once, on a database of their own.

python writers.py numbers OFFICE COUNT    takes COUNT numbers, rolling back each third, and prints those it kept
python writers.py once THREADS            sends one request from THREADS threads at once and prints the answers
"""

import json
import os
import sys
import threading

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402

from sala.kit.errors import Invalid  # noqa: E402
from sala.numbers import actions  # noqa: E402
from sala.numbers.idempotency import Answer, once  # noqa: E402


class Dropped(Exception):
    """The act failed after it had its number."""


def numbers(office: str, count: int) -> list[int]:
    """The numbers kept; each third attempt fails and is made again."""
    kept: list[int] = []
    attempt = 0
    while len(kept) < count:
        attempt += 1
        try:
            with transaction.atomic():
                number = actions.next_number(series="request", office=office, year=2026)
                if attempt % 3 == 0:
                    raise Dropped
            kept.append(number)
        except Dropped:
            continue
    return kept


def at_once(threads: int) -> dict[str, object]:
    """What ``threads`` threads are told that send the same key and body in the same moment, and one with another body."""
    gate = threading.Barrier(threads + 1)
    answers: list[object] = []
    errors: list[str] = []

    def act() -> Answer:
        return Answer(
            201, {"number": actions.next_number(series="once", office="o", year=2026)}, {"Location": "/x"}
        )

    def send(body: str) -> None:
        try:
            gate.wait()
            answer = once("one-key", "trial", body, act)
            answers.append([answer.status, answer.body, dict(answer.headers)])
        except Invalid as error:
            errors.append(error.code)
        except Exception as error:  # noqa: BLE001 - the test reads what went wrong
            errors.append(repr(error))
        finally:
            connection.close()

    workers = [threading.Thread(target=send, args=("same",)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    gate.wait()
    for worker in workers:
        worker.join()
    try:
        once("one-key", "trial", "another", act)
    except Invalid as error:
        errors.append(error.code)
    return {"answers": answers, "errors": errors}


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    print(json.dumps(numbers(given[0], int(given[1])) if what == "numbers" else at_once(int(given[0]))))
