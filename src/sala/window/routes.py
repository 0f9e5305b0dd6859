"""By which rules do an office's new requests find their officer, and what would the rules have done to past ones?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, QuerySet

from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.errors import Changed, FieldError, Invalid, NotFound, Refused
from sala.kit.kept import Kept
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.offices import queries as offices
from sala.places import queries as places
from sala.window import loads, queries, routing, rules
from sala.window.models import Request, RoutingRule
from sala.window.terms import LedgerAct, Verb

RULE = "window.rule"
TRIED = 200
"""On how many past requests rules are tried out."""
SHOWN = 20
NOT_FOUND = N_("There is no such rule, or it belongs to another office.")
CHANGED = N_("Somebody changed this rule while you had it open. Look at what is new, then change it again.")
ONE_GOAL = N_("Choose either a post of this office or another office.")
TOO_MANY = N_("An office keeps at most 50 rules. Delete one that is not needed any more.")


@dataclass(frozen=True)
class Wanted:
    """What a rule says: its conditions, and the post or the office it leads to."""

    place: str = ""
    service: str = ""
    attribute: str = ""
    answer: str = ""
    post: str = ""
    office: UUID | None = None


@dataclass
class Trial:
    """What a rule would have done to past requests: how many it caught, and the newest of them."""

    count: int = 0
    newest: list[Request] = field(default_factory=list)


# ---- taking in ----------------------------------------------------------------------------------------------------------


def _rule(row: RoutingRule) -> routing.Rule:
    return routing.Rule(
        row.pk, row.place, row.service, row.attribute, row.answer, row.to_post, row.to_office_id
    )


def _read(office: UUID) -> tuple[routing.Rule, ...]:
    rows = RoutingRule.objects.filter(office=office, on=True, ended__isnull=True).order_by("position", "pk")
    return tuple(_rule(row) for row in rows)


_in_force: Kept[UUID, tuple[routing.Rule, ...]] = Kept(
    _read, lambda: RoutingRule.objects.aggregate(Count("pk"), Max("changed"))
)


def goal(office: UUID, place: str, service: str, answers: Mapping[str, object]) -> tuple[UUID, UUID | None]:
    """The office that holds a new request, and the appointment it is given to (None: nobody yet).

    Of several who hold the post whoever has the least open; an office that has ended its rule's post gets it unassigned.
    """
    rule = routing.first(_in_force(office) or (), place, service, answers)
    if rule is None:
        return office, None
    if rule.office is not None:
        return rule.office, None
    least = rules.lightest(loads.of_office(office, rule.post))
    return office, least.key if least is not None else None


# ---- reading ------------------------------------------------------------------------------------------------------------


def rows(by: Acting) -> QuerySet[RoutingRule]:
    """The rules of the asker's office in their order, on or off. Raises `Refused`."""
    by.require(Verb.ROUTES, _at(by))
    found = RoutingRule.objects.filter(office=by.office, ended__isnull=True)
    return found.select_related("to_office").order_by("position", "pk")


def kept(by: Acting) -> list[RoutingRule]:
    """The same, read."""
    return list(rows(by))


def one(by: Acting, rule_id: UUID) -> RoutingRule:
    """One of them. Raises `Refused`, `NotFound`."""
    by.require(Verb.ROUTES, _at(by))
    found = RoutingRule.objects.filter(pk=rule_id, office=by.office, ended__isnull=True).first()
    if found is None:
        raise NotFound(NOT_FOUND)
    return found


def tried(by: Acting, rows: Sequence[RoutingRule]) -> tuple[int, dict[UUID, Trial]]:
    """How many past requests were looked at, and what each rule would have caught of them.

    The rules that are on stand as they are; one that is off is tried as if it alone were switched on as well.
    """
    office = offices.office(by.office) if by.office else None
    if office is None:
        return 0, {}
    past = queries.visible(by).filter(number__startswith=f"{office.place or '00'}-")
    past = past.order_by("-received_at").only(
        "number", "service", "province", "district", "commune", "village", "office", "assigned",
        "attributes", "received_at",
    )  # fmt: skip
    found = {row.pk: Trial() for row in rows}
    seen = list(past[:TRIED])
    for row in rows:
        ruled = [_rule(each) for each in rows if each.on or each.pk == row.pk]
        for request in seen:
            hit = routing.first(ruled, request.place, request.service_id, request.attributes)
            if hit is not None and hit.key == row.pk:
                found[row.pk].count += 1
                if len(found[row.pk].newest) < SHOWN:
                    found[row.pk].newest.append(request)
    return len(seen), found


def posts(by: Acting) -> list[Any]:
    """The kinds of posts that somebody in the asker's office holds today and that may take on requests, once each."""
    held = offices.holders(by.office) if by.office else []
    takes = loads.who_take(held)
    return list({row.post_id: row for row in held if row.pk in takes}.values())


def targets(by: Acting) -> list[Any]:
    """The other offices that requests of the asker's office can go to."""
    return queries.targets_at(_at(by))


def _at(by: Acting) -> Where:
    return replace(by.where, office=by.office)


# ---- changing -----------------------------------------------------------------------------------------------------------


def add(*, by: Acting, wanted: Wanted) -> RoutingRule:
    """Add a rule at the end, switched off. Side effect: a ledger entry. Raises `Refused`, `Invalid`."""
    by.require(Verb.ROUTES, _at(by))
    if by.office is None:
        raise Refused(N_("Routing rules belong to an office; choose the post in which you keep them."))
    _check(by, wanted)
    with transaction.atomic():
        present = RoutingRule.objects.filter(office=by.office, ended__isnull=True)
        if present.count() >= rules.MOST_RULES:
            raise Invalid(TOO_MANY, errors=[FieldError("post", "too-many", TOO_MANY)])
        last = present.aggregate(last=Max("position"))["last"] or 0
        row = RoutingRule(office_id=by.office, position=last + 1, **_facts(wanted))
        row.save(force_insert=True)
        _record(by, LedgerAct.RULE_ADD, row)
    return row


def change(*, by: Acting, rule_id: UUID, version: int, wanted: Wanted) -> RoutingRule:
    """Let it say something else; it is switched off by that, so that it is tried out again.

    Side effect: a ledger entry. Raises `Refused`, `NotFound`, `Changed`, `Invalid`.
    """
    by.require(Verb.ROUTES, _at(by))
    _check(by, wanted)
    return _save(by, LedgerAct.RULE_CHANGE, rule_id, version, {**_facts(wanted), "on": False})


def switch(*, by: Acting, rule_id: UUID, version: int, on: bool) -> RoutingRule:
    """Switch it on or off for the requests that come from now on. Side effect: a ledger entry. Raises as `change`."""
    return _save(by, LedgerAct.RULE_ON if on else LedgerAct.RULE_OFF, rule_id, version, {"on": on})


def end(*, by: Acting, rule_id: UUID, version: int) -> RoutingRule:
    """Delete it from the list; the ledger keeps what it was. Side effect: a ledger entry. Raises as `change`."""
    values = {"on": False, "ended": clock.now()}
    return _save(by, LedgerAct.RULE_END, rule_id, version, values)


def move(*, by: Acting, rule_id: UUID, version: int, step: int) -> None:
    """Move it one place up (-1) or down (1). Side effects: both rows, a ledger entry each. Raises as `change`."""
    with transaction.atomic():
        row = one(by, rule_id)
        if row.version != version:
            raise Changed(CHANGED)
        present = {each.pk: each for each in kept(by)}
        order = routing.swapped(list(present), row.pk, step)
        for position, key in enumerate(order, start=1):
            if present[key].position != position:
                _save(by, LedgerAct.RULE_MOVE, key, present[key].version, {"position": position})


def _save(by: Acting, act: LedgerAct, rule_id: UUID, version: int, values: Mapping[str, Any]) -> RoutingRule:
    with transaction.atomic():
        row = one(by, rule_id)
        now = {**values, "version": version + 1, "changed": clock.now()}
        if not RoutingRule.objects.filter(pk=row.pk, version=version).update(**now):
            raise Changed(CHANGED)
        row.refresh_from_db()
        _record(by, act, row)
    return row


def _check(by: Acting, wanted: Wanted) -> None:
    errors = []
    if bool(wanted.post) == bool(wanted.office):
        errors.append(FieldError("post", "one-goal", ONE_GOAL))
    elif wanted.post and wanted.post not in {row.post_id for row in posts(by)}:
        message = N_("Choose a post that somebody in this office holds today.")
        errors.append(FieldError("post", "not-here", message))
    elif wanted.office and wanted.office not in {target.id for target in targets(by)}:
        message = N_("Choose an office from the list.")
        errors.append(FieldError("office", "not-there", message))
    if wanted.place and places.unit(wanted.place) is None:
        errors.append(FieldError("place", "unknown", N_("Choose a place from the list.")))
    if wanted.service:
        try:
            queries.service(wanted.service)
        except NotFound:
            errors.append(FieldError("service", "unknown", N_("Choose a service from the list.")))
    said = N_("Choose an answer from the list.")
    if bool(wanted.attribute) != bool(wanted.answer):
        errors.append(FieldError("answer", "half", said))
    elif wanted.attribute and not _asked(wanted):
        errors.append(FieldError("answer", "unknown", said))
    if errors:
        raise Invalid(errors[0].message, errors=errors)


def _asked(wanted: Wanted) -> bool:
    """Whether a service on offer asks this question and has this answer among its choices."""
    return any(
        asked.code == wanted.attribute and wanted.answer in {choice.key for choice in asked.choices}
        for terms in queries.services()
        if terms.form
        for asked in terms.asks
    )


def _facts(wanted: Wanted) -> dict[str, Any]:
    return {
        "place": wanted.place,
        "service": wanted.service,
        "attribute": wanted.attribute,
        "answer": wanted.answer,
        "to_post": wanted.post,
        "to_office_id": wanted.office,
    }


def _record(by: Acting, act: LedgerAct, row: RoutingRule) -> None:
    _in_force.forget()
    ledger.record(by=by, act=act, kind=RULE, subject=str(row.pk), at=_at(by), content=content(row))


def content(row: RoutingRule) -> dict[str, object]:
    """What the ledger's digest of a rule is taken from."""
    return {
        **{name: getattr(row, name) for name in ("version", "position", "place", "service", "attribute")},
        **{name: getattr(row, name) for name in ("answer", "to_post", "on")},
        "office": str(row.office_id),
        "to_office": str(row.to_office_id) if row.to_office_id else None,
        "ended": row.ended is not None,
    }


def snapshots() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every rule's facts."""
    for row in RoutingRule.objects.order_by("pk").iterator(chunk_size=500):
        yield str(row.pk), content(row)
