"""What the tests of the whole house share: halls that may be broken."""

from collections.abc import Iterator

import pytest

from tests.faults.place import Halls, on_postgresql
from tests.opened import Opened


@pytest.fixture(scope="session")
def halls(tmp_path_factory: pytest.TempPathFactory, opened: Opened) -> Iterator[Halls]:
    """Halls on the database the tests run on, with fsync and a server of their own. Their tests are `xdist_group("faults")`."""
    found = Halls(tmp_path_factory.mktemp("faults") / "halls", on_postgresql(), opened)
    try:
        yield found
    finally:
        found.gone()
