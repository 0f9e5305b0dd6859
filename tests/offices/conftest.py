"""An acting that may everything, and a person to appoint."""

from collections.abc import Callable
from typing import Any

import pytest

from sala.accounts.acting import System, system
from sala.offices import actions


@pytest.fixture
def by() -> System:
    return system("test")


@pytest.fixture
def person(db: None, by: System) -> Callable[[str], Any]:
    def made(given: str = "ដារ៉ា") -> Any:
        return actions.register_person(
            by=by, family_km="តេស្ត", given_km=given, family_latin="Test", given_latin="Dara"
        )

    return made
