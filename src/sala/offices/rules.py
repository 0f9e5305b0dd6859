"""Who holds a post on a day, and may this appointment stand beside the others? Plain values, no database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from sala.kit.errors import FieldError, Invalid
from sala.kit.terms import N_

NAMESPACE = uuid5(NAMESPACE_URL, "https://sala.example/offices/")


@dataclass(frozen=True)
class Span:
    """An appointment's days, both included; ``end`` None is open."""

    start: date
    end: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the post is held on ``day``."""
        return self.start <= day and (self.end is None or day <= self.end)

    def meets(self, other: "Span") -> bool:
        """Whether both share at least one day."""
        return (self.end is None or other.start <= self.end) and (
            other.end is None or self.start <= other.end
        )


def office_id(code: str) -> UUID:
    """The same id for the same code on every loading, so that a pack can be loaded again."""
    return uuid5(NAMESPACE, code)


def check_span(start: date, end: date | None) -> None:
    """Raises `Invalid` where the end lies before the start."""
    if end is not None and end < start:
        message = N_(
            "The last day lies before the first. Give a last day that is the same or later, or leave it empty."
        )
        raise Invalid(message, errors=[FieldError("end", "end-before-start", message)])


def check_single(span: Span, others: Iterable[Span]) -> None:
    """A post for one person: raises `Invalid` where one of the ``others`` shares a day with ``span``."""
    if any(span.meets(other) for other in others):
        message = N_("Somebody holds this post in this office in that time. End that appointment first.")
        raise Invalid(message, errors=[FieldError("start", "post-taken", message)])


def check_office_kind(kind: str, allowed: Iterable[str]) -> None:
    """Raises `Invalid` where the post does not exist in an office of that ``kind``."""
    if kind not in tuple(allowed):
        message = N_(
            "This post does not exist in an office of this kind. Choose another post or another office."
        )
        raise Invalid(message, errors=[FieldError("post", "wrong-office-kind", message)])


def check_instrument_date(instrument: date | None, today: date) -> None:
    """Raises `Invalid` for a paper of the future."""
    if instrument is not None and instrument > today:
        message = N_("The paper's date lies in the future. Give the date that stands on it.")
        raise Invalid(message, errors=[FieldError("instrument_date", "future", message)])


def days_left(end: date | None, today: date) -> int | None:
    """Calendar days from ``today`` to the last day; None where the end is open."""
    return None if end is None else (end - today).days


def titles(names: Mapping[str, Mapping[str, str]], form: str) -> Mapping[str, str]:
    """A post's or office's names for a place of this ``form`` (sangkat, khan ...); the general ones under the empty key."""
    return names.get(form) or names[""]
