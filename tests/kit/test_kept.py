"""What is kept in memory: while the stamp is the same, until it is forgotten, and never what is not there."""

from dataclasses import dataclass, field

import pytest

from sala.kit import kept


@dataclass
class World:
    """A clock, a stamp, and what was read."""

    now: float = 100.0
    stamp: int = 1
    read: list[str] = field(default_factory=list)
    looks: int = 0

    def answer(self, key: str) -> object | None:
        self.read.append(key)
        return None if key == "nothing" else object()

    def look(self) -> int:
        self.looks += 1
        return self.stamp


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(kept, "monotonic", lambda: made.now)
    return made


def test_read_once_and_looked_at_every_five_seconds(world: World) -> None:
    offices = kept.Kept(world.answer, world.look)
    first = offices("hall")
    for _ in range(4):
        world.now += 4
        assert offices("hall") is first
    assert (world.read, world.looks) == (["hall"], 3)


def test_a_change_elsewhere_is_seen_at_the_next_look(world: World) -> None:
    offices = kept.Kept(world.answer, world.look)
    first = offices("hall")
    world.stamp = 2
    world.now += 4.9
    assert offices("hall") is first
    world.now += 0.2
    assert offices("hall") is not first


def test_each_key_has_its_own(world: World) -> None:
    offices = kept.Kept(world.answer, world.look)
    assert offices("hall") is not offices("district")
    assert (world.read, world.looks) == (["hall", "district"], 1)


def test_what_is_not_there_is_not_kept(world: World) -> None:
    offices = kept.Kept(world.answer, world.look)
    assert offices("nothing") is None and offices("nothing") is None
    assert world.read == ["nothing", "nothing"]


def test_what_was_changed_here_is_forgotten_at_once(world: World) -> None:
    offices = kept.Kept(world.answer, world.look)
    first = offices("hall")
    offices.forget()
    second = offices("hall")
    kept.forget_all()
    assert len({first, second, offices("hall")}) == 3 and len(world.read) == 3
