"""To whom does a new request go? The ordered rules of an office, as pure functions: the first that fits decides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Rule:
    """What must be so, and where the request then goes. An empty condition holds for all.

    ``place`` is the beginning of a place's code: a unit with all that lies in it. ``answer`` is one of the keys chosen for
    the question ``attribute``. ``post`` is the code of a kind of post in the office, ``office`` another office: one of them.
    """

    key: UUID
    place: str = ""
    service: str = ""
    attribute: str = ""
    answer: str = ""
    post: str = ""
    office: UUID | None = None

    def fits(self, place: str, service: str, answers: Mapping[str, object]) -> bool:
        """Whether a request for this service at this place, with these answers, is meant."""
        if not place.startswith(self.place) or self.service not in ("", service):
            return False
        if not self.attribute:
            return True
        said = answers.get(self.attribute)
        return self.answer in said if isinstance(said, list) else said == self.answer


def first(rules: Iterable[Rule], place: str, service: str, answers: Mapping[str, object]) -> Rule | None:
    """The first rule that fits; None where none does."""
    return next((rule for rule in rules if rule.fits(place, service, answers)), None)


def swapped(order: Sequence[UUID], key: UUID, by: int) -> list[UUID]:
    """The order with one rule moved up (-1) or down (1); at the end it stays where it is."""
    found = list(order)
    here = found.index(key)
    there = max(0, min(len(found) - 1, here + by))
    found[here], found[there] = found[there], found[here]
    return found
