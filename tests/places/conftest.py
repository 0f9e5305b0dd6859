"""What the tests of places share: who acts, and units read anew after a test that changed them."""

from collections.abc import Iterator

import pytest

from sala.kit.acting import Acting


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    """A change that a test rolls back must not stay in memory."""
    from sala.places import memory

    memory.forget()
    yield
    memory.forget()


@pytest.fixture
def by() -> Acting:
    """The system, which may everything."""
    from sala.accounts.acting import system

    return system("test")
