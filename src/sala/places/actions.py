"""Change the map by instrument: divide, merge, move or rename a unit, with what it was kept and what it became told.

A change of shape or code ends the old units and makes new ones, so that records of the past stay where they were.
What lies below follows its parent with new keys. Only names change in place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import F

from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.errors import Changed, FieldError, Invalid, NotFound, NotPossible
from sala.kit.terms import N_
from sala.kit.text import normalise, skeleton, sort_key
from sala.ledger import actions as ledger
from sala.places import memory, records, rules
from sala.places.models import Name, Revision, Succession, Unit
from sala.places.terms import LEVELS_BELOW, Act, Change, Level, Status, Verb

_CHANGED = N_("Somebody was faster: the unit has changed. Read it again, then repeat your step.")


@dataclass(frozen=True)
class Part:
    """A unit to be made: its official code, names and kind, and the keys of the units below that go to it."""

    code: str
    name_km: str
    name_en: str
    kind: str
    children: tuple[str, ...] = ()


@transaction.atomic
def split(
    *, by: Acting, unit: str, version: int, into: Sequence[Part], on: date, instrument: str
) -> list[str]:
    """Divide ``unit`` into two or more parts on a day; returns the parts' keys.

    Every unit directly below must go to exactly one part. Raises `Invalid`, `NotPossible`, `Changed`, `NotFound`, and
    what ``by.require`` raises.
    """
    old = _open(by, unit, version, on, instrument)
    if len(into) < 2:
        raise _invalid("into", N_("A unit is divided into two or more parts."))
    below = {child.key: child for child in _children(old)}
    given = [key for part in into for key in part.children]
    if sorted(given) != sorted(below):
        raise _invalid("children", N_("Say for every unit below to which part it goes, once."))
    _codes(old.level, into)
    _end([old], on)
    new = []
    for part in into:
        made = _make(part, old.parent, old.level, on)
        for key in part.children:
            _follow(below[key], made, on, instrument)
        _succeed(Change.SPLIT, old, made, on, instrument)
        new.append(made)
    _enter(by, Act.SPLIT, {old.province, *(made.province for made in new)})
    return [made.key for made in new]


@transaction.atomic
def merge(*, by: Acting, units: Mapping[str, int], into: Part, on: date, instrument: str) -> str:
    """Merge two or more units of one parent (key -> version read) into one on a day; returns its key.

    All units below go to it. Raises as `split`.
    """
    if len(units) < 2:
        raise _invalid("units", N_("Two or more units are merged."))
    old = [_open(by, key, version, on, instrument) for key, version in sorted(units.items())]
    if len({(one.parent_id, one.level) for one in old}) != 1:
        raise NotPossible(N_("Only units of one level that lie directly in the same unit can be merged."))
    _codes(old[0].level, [into])
    below = [child for one in old for child in _children(one)]
    _end(old, on)
    made = _make(into, old[0].parent, old[0].level, on)
    for child in below:
        _follow(child, made, on, instrument)
    for one in old:
        _succeed(Change.MERGE, one, made, on, instrument)
    _enter(by, Act.MERGE, {made.province})
    return made.key


@transaction.atomic
def move(
    *, by: Acting, unit: str, version: int, parent: str, code: str, kind: str = "", on: date, instrument: str
) -> str:
    """Put a unit under another parent, or give it another official code, on a day; returns the new key.

    ``kind`` where it changes (a commune that becomes a sangkat). Raises as `split`.
    """
    old = _open(by, unit, version, on, instrument)
    above = None
    if old.level != Level.PROVINCE:
        above = Unit.objects.filter(pk=parent).first()
        if above is None:
            raise NotFound(N_("There is no place with this code."))
        if above.ended or LEVELS_BELOW[Level(above.level)] != old.level:
            raise NotPossible(N_("A unit moves under an existing unit of the level above it."))
        by.require(Verb.CHANGE, _where(above))
    part = Part(code, old.name_km, old.name_en, kind or old.kind)
    _codes(old.level, [part])
    below = list(_children(old))
    _end([old], on)
    made = _make(part, above, old.level, on)
    for child in below:
        _follow(child, made, on, instrument)
    _succeed(Change.MOVE, old, made, on, instrument)
    _enter(by, Act.MOVE, {old.province, made.province})
    return made.key


@transaction.atomic
def rename(
    *, by: Acting, unit: str, version: int, name_km: str, name_en: str, on: date, instrument: str
) -> None:
    """Give a unit another name from a day on; the key stays and the old name is still found. Raises as `split`."""
    row = _open(by, unit, version, on, instrument)
    km, en = _names(name_km, name_en)
    if (km, en) == (row.name_km, row.name_en):
        raise _invalid("name_km", N_("This is its name already."))
    before = row.old_names.order_by("-valid_to").first()
    if before is not None and before.valid_to >= on:
        raise _invalid("on", N_("It was renamed on that day or later already."))
    Name.objects.create(
        unit=row,
        name_km=row.name_km,
        name_en=row.name_en,
        skeleton_km=row.skeleton_km,
        skeleton_en=row.skeleton_en,
        valid_from=before.valid_to if before else row.valid_from,
        valid_to=on,
    )
    row.name_km, row.name_en, row.sort_key = km, en, sort_key(km)
    row.skeleton_km, row.skeleton_en = skeleton(km), skeleton(en)
    row.changed = clock.now()
    row.save(update_fields=["name_km", "name_en", "sort_key", "skeleton_km", "skeleton_en", "changed"])
    _succeed(Change.RENAME, row, row, on, instrument)
    _enter(by, Act.RENAME, {row.province})


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(message, errors=[FieldError(field, "invalid", message)])


def _where(row: Unit) -> Where:
    return Where(row.province, row.district, row.commune, row.village)


def _open(by: Acting, key: str, version: int, on: date, instrument: str) -> Unit:
    """The unit to be changed: permitted, read at ``version`` (which goes up by one), existing on the day before."""
    row = Unit.objects.filter(pk=key).first()
    if row is None:
        raise NotFound(N_("There is no place with this code."))
    by.require(Verb.CHANGE, _where(row))
    if not instrument.strip():
        raise _invalid("instrument", N_("Name the instrument (sub-decree, prakas) that orders the change."))
    if on > clock.today():
        raise _invalid("on", N_("The day lies in the future. Enter the change when it takes effect."))
    if row.ended or (row.valid_from is not None and on <= row.valid_from):
        raise NotPossible(N_("The unit does not exist on that day."))
    if not Unit.objects.filter(pk=key, version=version).update(version=F("version") + 1):
        raise Changed(_CHANGED)
    row.version = version + 1
    return row


def _names(name_km: str, name_en: str) -> tuple[str, str]:
    names = []
    for field, given in (("name_km", name_km), ("name_en", name_en)):
        try:
            name = " ".join(normalise(given).split())
        except ValueError as error:
            raise _invalid(field, N_("The name contains a character that is no text.")) from error
        if not name or len(name) > 100:
            raise _invalid(field, N_("Give both names, each of at most 100 letters."))
        names.append(name)
    return names[0], names[1]


def _codes(level: str, parts: Sequence[Part]) -> None:
    """Codes must be of the level, and not two of them the same."""
    for part in parts:
        if rules.level_of(part.code) != level:
            raise _invalid("code", N_("The code does not have the digits of this level."))
        if part.kind not in memory.words() or memory.words()[part.kind].level != level:
            raise _invalid("kind", N_("This kind of unit is of another level."))
    if len({part.code for part in parts}) != len(parts):
        raise _invalid("code", N_("Each part has its own code."))


def _children(row: Unit) -> Sequence[Unit]:
    return list(row.children.filter(ended=False).order_by("code", "key"))


def _end(rows: Sequence[Unit], on: date) -> None:
    for row in rows:
        row.ended, row.valid_to, row.changed = True, on, clock.now()
        row.save(update_fields=["ended", "valid_to", "changed"])


def _make(part: Part, parent: Unit | None, level: str, on: date) -> Unit:
    """A new unit under ``parent``; its key is the code, or the code with a number where the key is taken."""
    km, en = _names(part.name_km, part.name_en)
    if Unit.objects.filter(code=part.code, ended=False).exists():
        raise _invalid("code", N_("Another unit has this code now."))
    key = rules.free_key(part.code, Unit.objects.filter(code=part.code).values_list("key", flat=True))
    columns = (
        {}
        if parent is None
        else {each: getattr(parent, each) for each in ("province", "district", "commune")}
    )
    columns[level] = key
    return Unit.objects.create(
        key=key,
        code=part.code,
        level=level,
        kind=part.kind,
        name_km=km,
        name_en=en,
        sort_key=sort_key(km),
        skeleton_km=skeleton(km),
        skeleton_en=skeleton(en),
        parent=parent,
        valid_from=on,
        status=Status.OFFICIAL,
        **columns,
    )


def _follow(row: Unit, parent: Unit, on: date, instrument: str) -> None:
    """What lay below a changed unit lies below ``parent`` now: a new unit, and so on down."""
    below = _children(row)
    _end([row], on)
    Unit.objects.filter(pk=row.pk).update(version=F("version") + 1)
    kind = memory.words()[parent.kind].children
    kind = (
        kind if kind and memory.words()[kind].level == row.level and row.level != Level.DISTRICT else row.kind
    )
    made = _make(Part(_next_code(row, parent), row.name_km, row.name_en, kind), parent, row.level, on)
    for child in below:
        _follow(child, made, on, instrument)
    _succeed(Change.MOVE, row, made, on, instrument)


def _next_code(row: Unit, parent: Unit) -> str:
    """The parent's code and the unit's own last two digits, or the next two that are free."""
    taken = set(Unit.objects.filter(code__startswith=parent.code, ended=False).values_list("code", flat=True))
    wanted = parent.code + row.code[-2:]
    if wanted.isdecimal() and wanted not in taken:
        return wanted
    for number in range(1, 100):
        code = f"{parent.code}{number:02d}"
        if code not in taken:
            return code
    raise NotPossible(N_("The unit has no free code left for what lies below it."))


def _succeed(kind: Change, old: Unit, new: Unit, on: date, instrument: str) -> None:
    Succession.objects.create(kind=kind, old=old, new=new, on=on, instrument=instrument.strip()[:300])


def _enter(by: Acting, act: Act, provinces: set[str]) -> None:
    """The ledger entries of the change, one a province, and word to every process that units have changed."""
    for province in sorted(provinces):
        for key, content in records.province_content(province):
            ledger.record(
                by=by, act=act, kind=records.PROVINCE, subject=key, at=Where(province=key), content=content
            )
    Revision.objects.update_or_create(pk=1, defaults={}, create_defaults={"number": 0})
    Revision.objects.filter(pk=1).update(number=F("number") + 1)
    memory.forget()
    transaction.on_commit(memory.forget)
