"""A store of its own for each test, and a kind of record that files are attached to."""

import pytest

from sala.files import registry


@pytest.fixture(autouse=True)
def store_folder(settings, tmp_path):
    settings.FILES_ROOT = tmp_path / "files"
    settings.FILES_URL = ""
    return settings.FILES_ROOT


@pytest.fixture
def kind(monkeypatch):
    """A registered kind whose records open to requests with ``?me=<subject>``."""
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    registry.register("test.record", lambda request, subject: request.GET.get("me") == subject)
    return "test.record"
