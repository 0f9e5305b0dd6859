"""What the window's tests share: the acting posts of two communes and a request in one of them."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from sala.accounts.acting import RESIDENT
from sala.window import actions

PLACE, VILLAGE, OTHER = "120404", "12040402", "020801"


def acting(username: str) -> Any:
    """The acting post of a demonstration sign-in, as the middleware would build it."""
    from sala.accounts import queries as accounts
    from sala.accounts.models import User
    from sala.kit import clock
    from sala.offices import queries as offices

    user = User.objects.get(username=username)
    held = offices.appointments_of(user.person_id, clock.today())
    return accounts.acting_as(held[0].id, clock.today())


@pytest.fixture
def posts(db: None) -> SimpleNamespace:
    """Clerk, chief and front desk of 120404, the clerk of another commune, the ministry, the district's window."""
    return SimpleNamespace(
        clerk=acting("clerk120404"),
        chief=acting("chief120404"),
        desk=acting("frontdesk120404"),
        other=acting("clerk020801"),
        ministry=acting("ministry"),
        district=acting("window1204"),
        resident=RESIDENT,
    )


@pytest.fixture
def report(db: None) -> Callable[..., actions.Received]:
    """A resident reports a blocked sewer in a village of 120404; keywords change what is told."""

    def made(**changes: Any) -> actions.Received:
        said = {
            "service": "RP-SEWER",
            "place": VILLAGE,
            "description": "ទឹកលូហៀរលើផ្លូវ",
            "location": "ផ្លូវលេខ ២៨៩",
            "name": "សុខ តារា",
            "phone": "+85512345648",
            "email": "tara@example.com",
            **changes,
        }
        return actions.receive(by=RESIDENT, **said)

    return made


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A small sound JPEG."""
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (64, 48), (12, 90, 82)).save(out, "JPEG")
    return out.getvalue()
