"""Bring the catalogue to what the country pack says, keeping every version under which requests were made."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from sala.kit import clock, text
from sala.kit.acting import Acting, Where
from sala.ledger import actions as ledger
from sala.window import catalogue, queries
from sala.window.models import Service, ServiceVersion
from sala.window.terms import LedgerAct

SERVICE, OFFER = "window.service", "window.offer"


def content(version: ServiceVersion, kind: str, *, newest: bool = True) -> dict[str, object]:
    """What the ledger's digest of a version is taken from: all its facts, and whether it is in force as it should be,
    the ``newest`` version and no other."""
    return {
        "service": version.service_id,
        "kind": kind,
        "version": version.version,
        "in_force_rightly": version.current == newest,
        **facts_of(version),
    }


def facts_of(version: ServiceVersion) -> dict[str, object]:
    """All facts; what came later only where it says something, so that the digests of versions from before it stay true."""
    later = {name: getattr(version, name) for name in LATER}
    return {name: getattr(version, name) for name in FACTS} | {
        name: fact for name, fact in later.items() if fact != LATER[name]
    }


FACTS = (
    "name_km", "name_en", "name_verified", "short_km", "short_en", "level", "level_text", "sector", "sector_km",
    "sector_en", "fee_riel", "fee_note", "fee_status", "days", "days_status", "days_note", "validity", "papers",
    "legal_basis", "status", "source",
)  # fmt: skip
LATER: Mapping[str, object] = {"form": [], "about": {}, "passes": [], "days_kind": "working", "checked": None}
"""Facts that came later, with what they say of a version from before them: nothing."""


def load(pack: Path, by: Acting) -> list[str]:
    """The pack's loader: idempotent; returns lines for the report. Raises `catalogue.Faulty`."""
    rows = catalogue.read(pack)
    new, changed = bring(rows, by=by)
    unverified = sum(row.facts["days_status"] == "default" for row in rows)
    unbased = sum(row.facts["fee_status"] in ("no_basis", "unknown") for row in rows)
    own = queries.kept_here()
    named = [row.code for row in rows if not row.facts["name_verified"]]
    return [
        f"services: {len(rows)} ({new} new, {changed} changed)",
        f"services: {unverified} deadlines are defaults of the pack, shown as unverified",
        f"services: {unbased} fees are not chargeable until a legal basis is recorded",
        f"services: {len(named)} Khmer names are to be reviewed, among them {', '.join(c for c in named if c[:3] == 'LA-')}",
        *([f"services: {own} were changed here and are left as they are"] if own else []),
    ]


def bring(rows: Sequence[catalogue.Row], *, by: Acting) -> tuple[int, int]:
    """Make the tables say what ``rows`` say. Returns how many services are new and how many changed.

    Side effects: a new version where a fact changed, services that are no longer in the pack are not offered any more,
    one ledger entry a new version. Not done: a service that was changed here is left as it is. Raises `kit.errors.Refused` for anybody but the system.
    """
    by.require(LedgerAct.LOAD, Where())
    with transaction.atomic():
        known = {row.pk: row for row in Service.objects.all()}
        present = {row.service_id: row for row in ServiceVersion.objects.filter(current=True)}
        added: list[ServiceVersion] = []
        kinds = {row.code: row.kind for row in rows}
        for position, row in enumerate(rows, start=1):
            if row.code in known and known[row.code].own:
                continue
            if row.code not in known:
                Service.objects.create(code=row.code, kind=row.kind, position=position)
            elif (known[row.code].position, known[row.code].offered) != (position, True):
                Service.objects.filter(pk=row.code).update(
                    position=position, offered=True, changed=clock.now()
                )
            old = present.get(row.code)
            if old is None or facts_of(old) != {
                name: fact for name, fact in row.facts.items() if name in FACTS or fact
            }:
                added.append(version_of(row.code, row.facts, old))
        _protect([row.code for row in rows if row.protected], by=by)
        gone = Service.objects.exclude(pk__in=[row.code for row in rows]).filter(own=False, offered=True)
        gone.update(offered=False, changed=clock.now())
        put_in_force(added)
        ledger.save_many(
            [
                ledger.build(
                    by=by,
                    act=LedgerAct.LOAD,
                    kind=SERVICE,
                    subject=str(version.id),
                    at=Where(),
                    content=content(version, kinds[version.service_id]),
                )
                for version in added
            ]
        )
    new = sum(version.version == 1 for version in added)
    return new, len(added) - new


def _protect(codes: Sequence[str], *, by: Acting) -> None:
    """Protect the requests of these services, those that were changed here too; nothing lifts a protection again."""
    rows = list(Service.objects.filter(pk__in=codes, protected=False))
    for service in rows:
        service.protected, service.changed = True, clock.now()
        service.save(update_fields=["protected", "changed"])
        ledger.record(
            by=by,
            act=LedgerAct.PROTECT_SERVICE,
            kind=OFFER,
            subject=service.pk,
            at=Where(),
            content=offer_content(service),
        )


def put_in_force(added: Sequence[ServiceVersion]) -> None:
    """Save new versions, in the caller's transaction; those before them stay for the requests that were made under them."""
    renewed = [version.service_id for version in added]
    ServiceVersion.objects.filter(service_id__in=renewed, current=True).update(current=False)
    ServiceVersion.objects.bulk_create(added)
    queries.forget_services()


def version_of(code: str, facts: Mapping[str, Any], old: ServiceVersion | None) -> ServiceVersion:
    """The next version of a service, not yet saved."""
    words = f"{code} {facts['name_km']} {facts['name_en']} {facts['short_km']} {facts['short_en']}"
    return ServiceVersion(
        service_id=code,
        version=old.version + 1 if old else 1,
        search=text.skeleton(words)[:700],
        loaded=clock.now(),
        **facts,
    )


def snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every version's facts, for the ledger's verification."""
    newest = dict(ServiceVersion.objects.order_by().values_list("service").annotate(Max("version")))
    rows = ServiceVersion.objects.select_related("service").order_by("pk")
    for version in rows.iterator(chunk_size=500):
        own = newest[version.service_id] == version.version
        yield str(version.id), content(version, version.service.kind, newest=own)


def offer_content(service: Service) -> dict[str, object]:
    """What the ledger's digest of whether a service is offered and protected is taken from.

    Whether it is offered follows the pack until it is changed here; protection came later and is told where there is one.
    """
    said: dict[str, object] = {"service": service.pk, "kind": service.kind, "own": service.own}
    if service.own:
        said["offered"] = service.offered
    return said | ({"protected": True} if service.protected else {})


def offer_snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """The same of every service that was changed here or is protected; the others follow the pack."""
    for service in Service.objects.filter(Q(own=True) | Q(protected=True)).order_by("pk"):
        yield service.pk, offer_content(service)
