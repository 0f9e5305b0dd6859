"""Bring the country pack's places into the database: the list, what went before it, and the borders."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from sala.kit.acting import Acting, Where
from sala.ledger import actions as ledger
from sala.places import borders, gazetteer, memory
from sala.places.models import Boundary, Revision, Succession, Unit
from sala.places.records import PROVINCE, province_content
from sala.places.rules import LEVELS
from sala.places.terms import Act, Change, Level, Status

_BATCH = 2000


def load(pack: Path, by: Acting) -> list[str]:
    """Load ``countries/<code>/`` once; what stands already is left as it is, with its history. Returns report lines.

    Writes one ledger entry a province. About three seconds for Cambodia.
    """
    if Unit.objects.exists():
        return [_("Places: already loaded, %(count)d units.") % {"count": Unit.objects.count()}]
    read = gazetteer.read(pack)
    with transaction.atomic():
        Unit.objects.bulk_create([_unit(line) for line in _top_down(read.lines)], batch_size=_BATCH)
        Succession.objects.bulk_create(
            [_succession(row, read.lines) for row in read.successors], batch_size=_BATCH
        )
        height = _load_borders(pack, read)
        Revision.objects.update_or_create(
            pk=1, defaults={"number": 1, "country": str(read.country["code"]), "map_height": height}
        )
        ledger.save_many(
            ledger.build(
                by=by,
                act=Act.LOAD,
                kind=PROVINCE,
                subject=key,
                at=Where(province=key),
                content=content,
            )
            for key, content in province_content()
        )
    memory.forget()
    count = Counter(line.level for line in read.lines.values() if not line.ended)
    return [
        _(
            "Places: %(provinces)d provinces, %(districts)d districts, %(communes)d communes, %(villages)d villages."
        )
        % {
            "provinces": count[Level.PROVINCE],
            "districts": count[Level.DISTRICT],
            "communes": count[Level.COMMUNE],
            "villages": count[Level.VILLAGE],
        }
    ]


def _load_borders(pack: Path, read: gazetteer.Gazetteer) -> float:
    """Store the borders of the pack's year; returns the height of the map in map units."""
    year, source = int(str(read.country["boundary_year"])), str(read.country["boundary_source"])
    shapes, projection = borders.read(pack / "boundaries", year)
    Boundary.objects.bulk_create(
        [
            Boundary(
                unit_id=shape.unit,
                year=year,
                path=shape.path,
                fine=shape.fine,
                left=shape.box[0],
                top=shape.box[1],
                right=shape.box[2],
                bottom=shape.box[3],
                geometry=shape.geometry,
                basis=shape.basis,
                source=source,
            )
            for shape in shapes
        ],
        batch_size=_BATCH,
    )
    return projection.height


def _top_down(lines: dict[str, gazetteer.Line]) -> Iterator[gazetteer.Line]:
    """Parents before children: a foreign key may be checked row by row."""
    for level in LEVELS:
        yield from (line for line in lines.values() if line.level == level)


def _unit(line: gazetteer.Line) -> Unit:
    return Unit(
        key=line.key,
        code=line.code,
        level=line.level.value,
        kind=line.kind,
        name_km=line.name_km,
        name_en=line.name_en,
        sort_key=line.sort_key,
        skeleton_km=line.skeletons[0],
        skeleton_en=line.skeletons[1],
        parent_id=line.parent or None,
        province=line.columns["province"],
        district=line.columns.get("district", ""),
        commune=line.columns.get("commune", ""),
        village=line.columns.get("village", ""),
        valid_to=line.valid_to,
        ended=line.ended,
        status=line.status.value,
        source=line.source,
        defects=line.defects,
    )


def _succession(row: gazetteer.Successor, lines: dict[str, gazetteer.Line]) -> Succession:
    kind = Change.SPLIT if row.basis == "divided" else Change.MOVE
    return Succession(
        kind=kind.value,
        old_id=lines[row.old].key,
        new_id=lines[row.new].key,
        on=row.on,
        status=Status.UNVERIFIED.value,
    )
