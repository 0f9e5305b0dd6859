"""Kinds of notices and their words."""

import pytest

from sala.notices import registry


@pytest.fixture(autouse=True)
def empty(monkeypatch):
    monkeypatch.setattr(registry, "_kinds", {})


def test_kinds_have_labels():
    registry.register("test.hello", "Greeting")
    assert registry.label("test.hello") == "Greeting"
    assert registry.label("test.other") == "test.other"
    assert registry.kinds() == {"test.hello": "Greeting"}
