"""Who is doing this, and may they? The protocol through which every room asks; only `accounts` builds what fulfils it."""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True)
class Where:
    """Where a thing stands: the keys of the place's line of ancestors and the office that holds it (any may be empty).

    ``province``, ``district``, ``commune`` and ``village`` are keys of `places` units.
    """

    province: str = ""
    district: str = ""
    commune: str = ""
    village: str = ""
    office: UUID | None = None

    @property
    def place(self) -> str:
        """The key of the most precise place; empty for the nation."""
        return self.village or self.commune or self.district or self.province


@dataclass(frozen=True)
class Reach:
    """Over which things a verb extends: everything, or what lies in these places or is held by these offices.

    Queries turn it into a filter (`kit.reach.q`); empty means nothing.
    """

    everything: bool = False
    offices: frozenset[UUID] = field(default_factory=frozenset)
    provinces: frozenset[str] = field(default_factory=frozenset)
    districts: frozenset[str] = field(default_factory=frozenset)
    communes: frozenset[str] = field(default_factory=frozenset)

    def covers(self, at: Where) -> bool:
        """Whether a thing that stands ``at`` lies within."""
        return (
            self.everything
            or (at.office is not None and at.office in self.offices)
            or at.province in self.provinces
            or at.district in self.districts
            or at.commune in self.communes
        )


class Acting(Protocol):
    """The post in which somebody acts now. Verbs are members of the rooms' `terms` (``window.take``)."""

    @property
    def signed_in(self) -> bool:
        """Whether a person is known behind it (a resident without an account is not)."""
        ...

    @property
    def post(self) -> str:
        """What the ledger writes for the actor: the appointment's id, ``resident``, ``key:<id>`` or ``system:<name>``; never a person's name."""
        ...

    @property
    def office(self) -> UUID | None:
        """The office of the appointment."""
        ...

    @property
    def where(self) -> Where:
        """Where that office stands."""
        ...

    def reach(self, verb: str) -> Reach:
        """Over which things the verb extends today."""
        ...

    def may(self, verb: str, at: Where) -> bool:
        """Ask."""
        ...

    def require(self, verb: str, at: Where) -> None:
        """Assert: raises `kit.errors.NotSignedIn` or `kit.errors.Refused`."""
        ...
