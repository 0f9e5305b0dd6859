"""What does every page's frame need to know: language, other language's address, demonstration, menu, who acts?"""

from functools import cached_property
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from sala.installation import queries as installation
from sala.offices import queries as offices
from sala.offices import shown
from sala.ui.jinja import lang, name
from sala.ui.menu import Item, items

NAMES = {"km": "ភាសាខ្មែរ", "en": "English"}


class Frame:
    """The frame of one page, worked out only as far as the template asks."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def lang(self) -> str:
        """The page's language."""
        return lang()

    @cached_property
    def other(self) -> str:
        """The language one may switch to."""
        return "en" if self.lang == "km" else "km"

    @property
    def other_name(self) -> str:
        """Its name in itself."""
        return NAMES[self.other]

    @cached_property
    def other_url(self) -> str:
        """The same page, with its query, in the other language."""
        path = self._request.path
        query = self._request.META.get("QUERY_STRING", "") if self._request.method in ("GET", "HEAD") else ""
        prefix, here = f"/{self.other}", f"/{self.lang}"
        if path == here or path.startswith(here + "/"):
            path = prefix + path[len(here) :]
        elif not path.startswith(prefix + "/"):
            path = prefix + "/"  # an address without a language has its like at the front door
        return f"{path}?{query}" if query else path

    @cached_property
    def demonstration(self) -> bool:
        """Whether everything shown is fictional."""
        return installation.is_demonstration()

    @cached_property
    def acting(self) -> Any:
        """Who acts, or None before the middleware has said so."""
        return getattr(self._request, "acting", None)

    @cached_property
    def signed_in(self) -> bool:
        """Whether the reader is signed in."""
        return bool(self.acting and self.acting.signed_in)

    @cached_property
    def menu(self) -> list[Item]:
        """The staff bar of this reader."""
        return list(items(self.acting, self._request.path))

    @cached_property
    def foot(self) -> list[Item]:
        """The footer's links."""
        return list(items(self.acting, self._request.path, "foot"))

    @cached_property
    def hours(self) -> str:
        """When halls are open, for a page that shows no hall of its own; empty where no hours are known."""
        try:
            return shown.hours(offices.calendar(None))
        except (ValueError, DatabaseError):
            return ""  # not founded yet, or the database is away: the rest of the frame still stands

    @cached_property
    def me(self) -> str:
        """Who I am here: person (else post) and office."""
        person, post, office = (
            name(getattr(self.acting, field, None)) for field in ("person", "post_name", "office_name")
        )
        return " · ".join(part for part in (person or post, office) if part) or _("Signed in")


def page(request: HttpRequest) -> dict[str, object]:
    """Context processor: ``here`` holds the frame, ``frame`` names the template that suits the reader."""
    here = Frame(request)
    return {"here": here, "frame": "ui/staff.html" if here.signed_in else "ui/page.html"}
