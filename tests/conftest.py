"""What all tests share: a database that holds Cambodia, sign-ins, homes of their own."""

import os
import tempfile
from pathlib import Path

# Everything Sala writes during tests goes to a folder of its own.
os.environ["SALA_HOME"] = tempfile.mkdtemp(prefix="sala-tests-")
os.environ.pop("SALA_PUBLIC_URL", None)

import pytest


@pytest.fixture(scope="session")
def home() -> Path:
    """The folder the tests write to."""
    return Path(os.environ["SALA_HOME"])
