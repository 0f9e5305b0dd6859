"""Who acts: a resident without an account, a device, the system itself, or a post held today? Four kinds, one protocol (`kit.acting`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from allauth.core.exceptions import ReauthenticationRequired

from sala.accounts import verbs
from sala.kit.acting import Reach, Where
from sala.kit.errors import NotSignedIn, Refused
from sala.kit.terms import N_
from sala.offices.terms import Scope

EVERYTHING = Reach(everything=True)
NOTHING = Reach()


@dataclass(frozen=True)
class Resident:
    """Somebody without an account. May what every resident may."""

    signed_in: bool = False
    post: str = "resident"
    office: UUID | None = None
    where: Where = field(default_factory=Where)

    def reach(self, verb: str) -> Reach:
        """Everything for the verbs of residents, nothing else."""
        return EVERYTHING if verbs.is_resident(verb) else NOTHING

    def may(self, verb: str, at: Where) -> bool:
        """Ask."""
        return verbs.is_resident(verb)

    def require(self, verb: str, at: Where) -> None:
        """Assert: raises `NotSignedIn`."""
        if not verbs.is_resident(verb):
            raise NotSignedIn(N_("Sign in first: this is work of an office."))


@dataclass(frozen=True)
class Device:
    """A machine that shows a key of its own, such as a kiosk: it may what its key is for, in its own office, nothing else."""

    key: UUID
    office: UUID
    where: Where
    verbs: frozenset[str]
    signed_in: bool = False

    @property
    def post(self) -> str:
        """``key:<id>``, as the ledger writes it."""
        return f"key:{self.key}"

    def reach(self, verb: str) -> Reach:
        """Its office for its verbs."""
        return Reach(offices=frozenset({self.office})) if verb in self.verbs else NOTHING

    def may(self, verb: str, at: Where) -> bool:
        """Ask."""
        return self.reach(verb).covers(at)

    def require(self, verb: str, at: Where) -> None:
        """Assert: raises `Refused`."""
        if not self.may(verb, at):
            raise Refused(N_("This device is not set up for this."))


@dataclass(frozen=True)
class System:
    """A job or the loading of a pack. May everything; the ledger names it."""

    name: str
    signed_in: bool = True
    office: UUID | None = None
    where: Where = field(default_factory=Where)

    @property
    def post(self) -> str:
        """``system:<name>``, as the ledger writes it."""
        return f"system:{self.name}"

    def reach(self, verb: str) -> Reach:
        """Everything."""
        return EVERYTHING

    def may(self, verb: str, at: Where) -> bool:
        """Ask: always yes."""
        return True

    def require(self, verb: str, at: Where) -> None:
        """Assert: never raises."""


@dataclass(frozen=True)
class Post:
    """A post held today by the person who signed in. ``grants``: verb -> scopes, as the post's grants say; ``person``,
    ``post_name`` and ``office_name`` are ``{"km", "en"}`` for pages. ``recent``: the person said just now who she is.
    ``limits``: to what a token is limited (verbs, or `rules.READ`); empty for all that the post may do.
    """

    appointment: UUID
    user: UUID | None
    person_id: UUID
    kind: str
    office: UUID
    where: Where
    grants: Mapping[str, frozenset[str]]
    person: Mapping[str, str] = field(default_factory=dict)
    post_name: Mapping[str, str] = field(default_factory=dict)
    office_name: Mapping[str, str] = field(default_factory=dict)
    until: date | None = None
    signed_in: bool = True
    recent: bool = True
    limits: frozenset[str] = frozenset()

    @property
    def post(self) -> str:
        """The appointment's id: the ledger never holds a name."""
        return str(self.appointment)

    @property
    def user_id(self) -> UUID:
        """The account's id; raises `NotSignedIn` for a post that acts without one (a demonstration, the command line)."""
        if self.user is None:
            raise NotSignedIn(N_("Sign in first."))
        return self.user

    def reach(self, verb: str) -> Reach:
        """Over which things the verb extends today."""
        if verbs.is_resident(verb):
            return EVERYTHING
        scopes = self.grants.get(verb, frozenset())
        if not scopes:
            return NOTHING
        if Scope.NATION in scopes:
            return EVERYTHING
        offices = frozenset({self.office})
        if Scope.SUBTREE not in scopes:
            return Reach(offices=offices)
        if self.where.commune:
            return Reach(offices=offices, communes=frozenset({self.where.commune}))
        if self.where.district:
            return Reach(offices=offices, districts=frozenset({self.where.district}))
        if self.where.province:
            return Reach(offices=offices, provinces=frozenset({self.where.province}))
        return EVERYTHING

    def may(self, verb: str, at: Where) -> bool:
        """Ask."""
        return self.reach(verb).covers(at)

    def require(self, verb: str, at: Where) -> None:
        """Assert: raises `Refused`, and what `require_recent` raises for a verb that can't be undone."""
        if not self.may(verb, at):
            raise Refused(
                N_(
                    "Your post does not allow this step here. Ask an office that may, or look at who may do what."
                )
            )
        if verbs.needs_recent(verb):
            self.require_recent()

    def require_recent(self) -> None:
        """Assert: raises allauth's `ReauthenticationRequired` where the sign-in is not recent; its middleware keeps what was
        typed, and goes on with it after the person has said again who she is.
        """
        if not self.recent:
            raise ReauthenticationRequired


RESIDENT = Resident()


def program(key: UUID) -> Resident:
    """The acting of a program that shows a key of its own: it may what a resident may; the ledger names the key, never its name."""
    return Resident(post=f"key:{key}")


def system(name: str) -> System:
    """The acting of a job or a loading called ``name``."""
    return System(name)
