"""Who may do what in an office, and why? The table of verbs and posts, the holders, and one post's own list, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sala.accounts import queries, verbs
from sala.accounts.acting import Post
from sala.offices import queries as offices
from sala.offices import rules
from sala.offices.terms import Scope, Status

MOST_FOUND = 12
SOON_DAYS = 30


@dataclass
class Line:
    """One verb: its sentence, for each post the scope or None, and the reasons with their status."""

    verb: str
    sentence: Mapping[str, str]
    cells: list[Scope | None]
    bases: list[tuple[Mapping[str, str], Status]] = field(default_factory=list)


@dataclass(frozen=True)
class Group:
    """The lines of one room."""

    room: str
    label: Any
    lines: list[Line]


@dataclass(frozen=True)
class Held:
    """A post in the office on the day: its duties, and who holds it (None: vacant)."""

    code: str
    title: Mapping[str, str]
    duties: list[Mapping[str, str]]
    row: Any = None
    left: int | None = None

    @property
    def soon(self) -> bool:
        """Whether the appointment ends within a month."""
        return self.left is not None and 0 <= self.left <= SOON_DAYS


@dataclass(frozen=True)
class Shown:
    """Everything the page shows of an office."""

    posts: Sequence[tuple[str, Mapping[str, str]]]
    groups: list[Group]
    held: list[Held]


def widest(scopes: frozenset[str] | set[str]) -> Scope | None:
    """The widest of some scopes; None of none."""
    return next((scope for scope in (Scope.NATION, Scope.SUBTREE, Scope.OFFICE) if scope in scopes), None)


def of_office(office: Any, day: date) -> Shown:
    """The table of an office's posts and verbs, and who holds the posts on ``day``."""
    kinds = offices.posts(office.kind)
    titles = [(kind.pk, offices.title(kind, office.form)) for kind in kinds]
    return Shown(posts=titles, groups=_groups([kind.pk for kind in kinds]), held=_held(office, kinds, day))


def _groups(posts: list[str]) -> list[Group]:
    lines: dict[str, Line] = {}
    scopes: dict[tuple[str, str], set[str]] = {}
    for grant in queries.grants(posts):
        line = lines.setdefault(
            grant.verb,
            Line(grant.verb, {"km": grant.sentence_km, "en": grant.sentence_en}, [None] * len(posts)),
        )
        scopes.setdefault((grant.verb, grant.post_id), set()).add(grant.scope)
        basis = ({"km": grant.basis_km, "en": grant.basis_en}, Status(grant.status))
        if basis not in line.bases:
            line.bases.append(basis)
    for (verb, post), found in scopes.items():
        lines[verb].cells[posts.index(post)] = widest(found)
    groups = []
    for room, terms in verbs.rooms().items():
        mine = [lines[verb] for verb in terms if verb in lines]
        if mine:
            groups.append(Group(room, verbs.label(room), mine))
    return groups


def _held(office: Any, kinds: list[Any], day: date) -> list[Held]:
    rows: dict[str, list[Any]] = {}
    for row in offices.holders(office.pk, day):
        rows.setdefault(row.post_id, []).append(row)
    held = []
    for kind in kinds:
        title = offices.title(kind, office.form)
        for row in rows.get(kind.pk) or [None]:
            left = rules.days_left(row.end, day) if row is not None else None
            held.append(Held(kind.pk, title, kind.duties, row, left))
    return held


def own(acting: Post) -> list[Line]:
    """What the acting post may do, a sentence each with the reason."""
    groups = _groups([acting.kind])
    return [line for group in groups for line in group.lines]


def find_offices(text: str) -> list[Any]:
    """Offices for a search: those of the places it finds, then those with the words in their own name."""
    from sala.places import queries as places

    keys = [
        getattr(hit, "key", "")
        for hit in places.search(text, limit=5, levels=("province", "district", "commune"))
    ]
    found = offices.at_places(keys)
    known = {office.pk for office in found}
    found += [
        office for office in offices.listed(q=text).order_by("code")[:MOST_FOUND] if office.pk not in known
    ]
    return found[:MOST_FOUND]


def who_may(verb: str, office: Any, day: date) -> list[tuple[Any, Scope | None]]:
    """The appointments valid on ``day`` whose post lets them do ``verb`` where ``office`` stands, with the scope.

    Looks at the office itself and at every office whose place contains it.
    """
    scopes: dict[str, set[str]] = {}
    for grant in queries.grants():
        if grant.verb == verb:
            scopes.setdefault(grant.post_id, set()).add(grant.scope)
    rows = offices.holders_of_posts(list(scopes), day)
    return [
        (row, widest(scopes[row.post_id])) for row in rows if queries.post_of(row).may(verb, office.where)
    ]
