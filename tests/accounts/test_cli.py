"""The command line of accounts."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from sala.accounts import queries
from sala.accounts.cli import group, token

pytestmark = pytest.mark.django_db


def run(command: Any, *arguments: str) -> Any:
    return CliRunner().invoke(command, list(arguments))


def test_who_may(make: Any) -> None:
    make("clerk")
    text = run(group, "who-may", "window.take", "--at", "020802").output
    assert "Test Dara (office)" in text
    rows = json.loads(run(group, "who-may", "window.see", "--at", "commune-hall-020802", "--json").output)
    assert {"subtree", "nation"} <= {row["scope"] for row in rows}
    assert not any("Phnom Penh" in row["office"] for row in rows)
    assert "everybody" in run(group, "who-may", "window.report", "--at", "020802").output
    assert "Nobody today" in run(group, "who-may", "window.take", "--at", "010201").output


@pytest.mark.parametrize(
    "arguments", [("window.fly", "--at", "020802"), ("window.take", "--at", "99"), ("window.take",)]
)
def test_who_may_of_nothing(arguments: tuple[str, ...]) -> None:
    assert run(group, "who-may", *arguments).exit_code in (1, 2)


def test_a_token_is_printed_once(make: Any) -> None:
    clerk = make("clerk")
    done = run(token, "create", "test-clerk", "--days", "3")
    assert done.exit_code == 0
    found = queries.by_token(done.output.strip())
    assert found is not None and found[1] == clerk.user
    body = json.loads(
        run(token, "create", "test-clerk", "--json", "--post", "clerk", "--label", "backup").output
    )
    assert body["post"] == "clerk" and queries.by_token(body["token"]) is not None


@pytest.mark.parametrize(
    "arguments", [("nobody",), ("test-clerk", "--post", "auditor"), ("test-clerk", "--days", "0")]
)
def test_no_token_for_nobody(make: Any, arguments: tuple[str, ...]) -> None:
    make("clerk")
    assert run(token, "create", *arguments).exit_code in (1, 2)
