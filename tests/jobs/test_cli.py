"""`sala jobs`."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from sala.jobs import actions, registry
from sala.jobs.cli import group

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def jobs():
    def fail():
        raise ValueError("no")

    work = {"test.good": lambda: None, "test.bad": fail}
    with registry.replaced(*(registry.Job(name, timedelta(seconds=5), run) for name, run in work.items())):
        yield


def call(*words):
    return CliRunner().invoke(group, words)


def test_list():
    assert "test.good" in call("list").output
    actions.ensure()
    actions.run_due("a")
    done = call("list")
    assert done.exit_code == 0
    assert "failed 1 times: ValueError: no" in done.output


def test_list_as_json():
    actions.ensure()
    actions.run_due("a")
    rows = {row["name"]: row for row in json.loads(call("list", "--json").output)}
    assert rows["test.good"]["state"] == "waiting" and rows["test.good"]["last_ok"]
    assert rows["test.bad"]["failures"] == 1


def test_run():
    assert call("run", "test.good").output == "test.good: done\n"
    bad = call("run", "test.bad")
    assert bad.exit_code == 1 and "ValueError: no" in bad.output
    unknown = call("run", "test.unknown")
    assert unknown.exit_code == 1 and "sala jobs list" in unknown.output
    assert call("run").exit_code == 2
