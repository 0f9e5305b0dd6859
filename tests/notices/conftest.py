"""An outbox of its own for each test."""

import pytest

from sala.notices import actions


@pytest.fixture(autouse=True)
def outbox(settings, tmp_path):
    settings.HOME = tmp_path
    settings.EMAIL_URL = ""
    settings.PUBLIC_URL = "https://hall.example.org"
    return tmp_path / "outbox"


@pytest.fixture
def post(db):
    def posted(**more):
        notice = {
            "kind": "test.hello",
            "channel": "email",
            "address": "sok.dara@example.com",
            "language": "km",
            "subject": "សំណើលេខ ១២៣ ត្រូវបានទទួល",
            "body": "សូមជម្រាបសួរ\n\nសំណើរបស់លោកអ្នកត្រូវបានទទួល។\n.\nText after a dot\n",
            "about": "window.request:7",
        }
        return actions.post(**{**notice, **more})

    return posted
