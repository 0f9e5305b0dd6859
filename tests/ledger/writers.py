# ruff: noqa: E402
"""A process that writes acts, seals, or tells how the ledger stands: `writers.py write|seal|tell COUNT`."""

import json
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "sala.settings"

import django

django.setup()

from django.db import transaction

from sala.accounts.acting import system
from sala.kit.acting import Where
from sala.ledger import actions, queries
from sala.ledger.models import Entry
from sala.ledger.verification import Verification


def main(role: str, count: int) -> None:
    for number in range(count):
        if role == "seal":
            actions.seal()
        elif role == "write":
            with transaction.atomic():
                content = {"number": number}
                actions.record(
                    by=system("test"),
                    act="test.write",
                    kind="test.thing",
                    subject=f"{os.getpid()}-{number}",
                    at=Where(),
                    content=content,
                )
    if role == "tell":
        actions.seal()
        numbers = list(Entry.objects.order_by("leaf").values_list("leaf", flat=True))
        faults = [found.text for found in Verification().findings() if not found.kind]
        print(
            json.dumps(
                {
                    "gapless": numbers == list(range(len(numbers))),
                    "count": len(numbers),
                    "size": queries.checkpoint().size,
                    "faults": faults,
                }
            )
        )


main(sys.argv[1], int(sys.argv[2]))
