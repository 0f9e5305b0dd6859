"""What is asked in every request and changes hardly ever? Kept in memory as long as a stamp of its tables is the same."""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any, Generic, TypeVar
from weakref import WeakSet

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
FRESH_SECONDS = 5.0
_all: "WeakSet[Kept[Any, Any]]" = WeakSet()


class Kept(Generic[K, T]):
    """A read by a key whose answer is given again, the same object: nobody may change it.

    ``read`` gives None for what is not there; that is not kept, since strangers choose keys. ``stamp`` says in one cheap
    read whether anything changed; it is looked at every five seconds, so what another process changed is seen then. Whoever
    changes the rows in this process calls `forget`.
    """

    def __init__(self, read: Callable[[K], T | None], stamp: Callable[[], object]) -> None:
        self._read, self._stamp = read, stamp
        self._kept: dict[K, T] = {}
        self._looked: tuple[float, object] = (float("-inf"), None)
        _all.add(self)

    def __call__(self, key: K) -> T | None:
        """What stands there, at most five seconds old."""
        now = monotonic()
        if now - self._looked[0] > FRESH_SECONDS:
            stamp = self._stamp()
            if stamp != self._looked[1]:
                self._kept.clear()
            self._looked = (now, stamp)
        found = self._kept.get(key)
        if found is None:
            found = self._read(key)
            if found is not None:
                self._kept[key] = found
        return found

    def forget(self) -> None:
        """Read anew at the next question."""
        self._kept.clear()
        self._looked = (float("-inf"), None)


def forget_all() -> None:
    """Forget everything that is kept: after a restoration, and between tests."""
    for each in list(_all):
        each.forget()
