"""Does the bar show to each what they may use, and does every entry lead somewhere?"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.urls import reverse
from django.utils import translation

from sala.kit.acting import Reach
from sala.ui import menu


@dataclass(frozen=True)
class Actor:
    """As much of an acting post as the menu asks for."""

    signed_in: bool
    verbs: frozenset[str] = frozenset()

    def reach(self, verb: str) -> Reach:
        return Reach(everything=verb in self.verbs)


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(menu, "_entries", {})
    menu._address.cache_clear()
    menu.register(menu.Entry("parts-staff", "B", 2))
    menu.register(menu.Entry("parts", "A", 1, "room.look"))
    menu.register(menu.Entry("not-there", "C", 3))
    menu.register(menu.Entry("parts", "Foot", 1, bar="foot"))
    yield
    menu._address.cache_clear()


def _labels(actor: Actor | None, path: str = "/", bar: str = "staff") -> list[str]:
    with translation.override("en"):
        return [item.label for item in menu.items(actor, path, bar)]  # type: ignore[arg-type]


def test_each_sees_what_they_may_use(entries: None) -> None:
    assert _labels(Actor(True, frozenset({"room.look"}))) == ["A", "B"]
    assert _labels(Actor(True)) == ["B"]
    assert _labels(Actor(False, frozenset({"room.look"}))) == ["B"]
    assert _labels(None, bar="foot") == ["Foot"]


def test_the_nearest_entry_is_current(entries: None) -> None:
    actor = Actor(True, frozenset({"room.look"}))
    with translation.override("en"):
        at = {item.label: item.current for item in menu.items(actor, "/en/parts/staff/7")}  # type: ignore[arg-type]
        assert at == {"A": False, "B": True}
        at = {item.label: item.current for item in menu.items(actor, "/en/partsale")}  # type: ignore[arg-type]
        assert at == {"A": False, "B": False}


def test_addresses_follow_the_language(entries: None) -> None:
    for language in ("km", "en"):
        with translation.override(language):
            assert [item.url for item in menu.items(None, "/", "foot")] == [f"/{language}/parts"]


def test_every_registered_entry_leads_to_a_page() -> None:
    for bar in ("staff", "foot"):
        for entry in menu.entries(bar):
            assert reverse(entry.route)
