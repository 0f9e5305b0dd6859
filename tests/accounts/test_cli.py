"""The command line of accounts."""

import json
import re
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


OPEN = ("open", "borey", "--post", "clerk", "--office", "commune-hall-020802", "--name-km", "ឈឹម", "បូរី", "--name", "Chhoem", "Borey")  # fmt: skip


def test_the_first_account_is_opened_from_the_command_line(client: Any) -> None:
    done = run(group, *OPEN)
    assert done.exit_code == 0, done.output
    code = re.search(r"[A-Z2-9]{5}(-[A-Z2-9]{5}){4}", done.output)
    assert code and f"invitation?code={code[0]}" in done.output
    found = json.loads(run(group, "invite", "borey", "--days", "1", "--json").output)
    assert found["username"] == "borey" and found["code"] != code[0]
    facts = {"code": found["code"], "password": "a long enough one"}
    assert client.post("/en/invitation", facts).status_code == 302
    assert client.post("/en/sign-in", {"username": "borey", "password": facts["password"]}).status_code == 302
    assert run(group, "factors-off", "borey").output == "borey: 0 removed.\n"
    assert run(group, "close", "borey").output == "borey is closed.\n"
    assert queries.user("borey").is_active is False  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ({"clerk": "king"}, "Known:"),
        ({"commune-hall-020802": "nowhere"}, "no office"),
        ({"borey": "x"}, "2 to 64"),
        ({"Chhoem": " "}, "name"),
    ],
)
def test_an_account_that_can_not_be_opened(instead: dict[str, str], said: str) -> None:
    done = run(group, *(instead.get(word, word) for word in OPEN))
    assert done.exit_code == 1 and said in done.output
    assert queries.user("borey") is None


@pytest.mark.parametrize("step", ["invite", "close", "factors-off"])
def test_of_nobody_nothing_is_done(step: str) -> None:
    done = run(group, step, "nobody")
    assert done.exit_code == 1 and "no open account nobody" in done.output


def test_linking_the_providers_sign_in(make: Any, settings: Any) -> None:
    make("clerk")
    assert "No provider is set" in run(group, "link", "test-clerk", "dara").output
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [{}]}}
    settings.OIDC_ISSUER = "https://id.example.org"
    assert run(group, "link", "test-clerk", "dara").exit_code == 0
    assert run(group, "link", "test-clerk", "dara").exit_code == 1


def test_a_limited_token_from_the_command_line(make: Any) -> None:
    make("clerk")
    done = run(token, "create", "test-clerk", "--scope", "window.see", "--scope", "window.take")
    found = queries.by_token(done.output.strip())
    assert found is not None and found[0].limits == {"window.see", "window.take"}
    assert run(token, "create", "test-clerk", "--scope", "fly").exit_code == 1
