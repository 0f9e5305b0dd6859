"""Which texts of Django, allauth and axes can reach a user? Read from their own catalogues, by the file that says them."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

# Where a text stands decides whether a user can meet it. Admin, debugging, model field kinds and the templates of allauth
# (Sala has its own) are left out.
SOURCES = {
    "django/conf/locale/en/LC_MESSAGES/django.po": re.compile(
        r"^(core/|db/models/(base|constraints)|forms/|template/defaultfilters|utils/|views/defaults)"
    ),
    "django/contrib/auth/locale/en/LC_MESSAGES/django.po": re.compile(
        r"^contrib/auth/(forms|password_validation|validators|templates/registration/password_reset_subject)"
    ),
    # Its e-mails are never sent: Sala's accounts have no e-mail address, its notices go through `notices`.
    "allauth/locale/en/LC_MESSAGES/django.po": re.compile(
        r"^(account|mfa|core)/(?!admin|apps|models)|^mfa/models|^templates/(account|mfa)/messages/"
    ),
    "axes/locale/de/LC_MESSAGES/django.po": re.compile(r"axes[\\/]conf"),
}
FIELDS = "db/models/fields/"


def _file(path: str) -> Path:
    package, rest = path.split("/", 1)
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / rest


def wanted() -> Iterator[Message]:
    """Every message of theirs that needs Khmer."""
    for path, said in SOURCES.items():
        with _file(path).open("rb") as file:
            for message in read_po(file):
                places = [place for place, _line in message.locations]
                english = message.id if isinstance(message.id, str) else (message.id or ("",))[0]
                if not english:
                    continue
                sentence = any(place.startswith(FIELDS) for place in places) and english.endswith(".")
                if sentence or any(said.search(place) for place in places):
                    yield message
