"""Who changes the list of services, and what becomes of it? New versions, withdrawing, and whole files; each an act of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.errors import Changed, FieldError, Invalid, NotFound, NotPossible
from sala.kit.terms import N_
from sala.ledger import actions as ledger
from sala.window import facts, loading, queries
from sala.window.facts import Plain
from sala.window.models import Service, ServiceVersion
from sala.window.terms import LedgerAct, Verb

CHANGED = N_(
    "Somebody changed this service while you had it open. Look at what is new, then send again what you typed."
)
NONE = N_("There is no such service. Look for it in the list of services.")
WRONG = N_("Something in this service is not right.")
OF_SERVICE = ("kind", "offered", "protected", "verified")
"""What is said of the service as a whole, or worked out; everything else stands in a version."""


@dataclass(frozen=True)
class Change:
    """What a row of a file would do: the service as it is (None: new) and as it would be, and the keys that differ."""

    code: str
    before: Plain | None
    after: Plain
    keys: Sequence[str]
    version: int

    @property
    def kind(self) -> str:
        """new, unchanged, withdrawn, back or changed."""
        if self.before is None:
            return "new"
        if not self.keys:
            return "unchanged"
        if "offered" in self.keys:
            return "back" if self.after["offered"] else "withdrawn"
        return "changed"


STAYS = N_(
    "A protected service stays protected: people asked for it trusting in that. Withdraw it and add another one instead."
)


def plain(version: ServiceVersion) -> Plain:
    """A version as editor and files write it."""
    said = {key: getattr(version, key) for key in facts.KEYS if key not in OF_SERVICE}
    service = version.service
    said |= {"kind": service.kind, "offered": service.offered, "protected": service.protected}
    said |= {"verified": version.proven}
    return facts.tidy(said)


def present(code: str) -> ServiceVersion:
    """A service in its present version, withdrawn ones too. Raises `NotFound`."""
    found = queries.catalogue().filter(service_id=code[:32]).first()
    if found is None:
        raise NotFound(NONE)
    return found


def compare(rows: Sequence[Plain]) -> list[Change]:
    """What taking these tidy services would do, in their order. Those that are not among them stay as they are."""
    known = {version.code: version for version in queries.catalogue()}
    found = []
    for after in rows:
        old = known.get(after["code"])
        before = plain(old) if old is not None else None
        if after["protected"] is None:
            after = {**after, "protected": before is not None and before["protected"]}
        keys = facts.changed(before, after) if before is not None else list(facts.KEYS)
        found.append(Change(after["code"], before, after, keys, old.version if old is not None else 0))
    return found


def save(*, by: Acting, after: Plain, version: int) -> ServiceVersion:
    """Make the service say what ``after`` says: a new version of it, or its first where ``version`` is 0.

    Side effects: the new version, which requests from now on are made under; from now on the pack leaves this service;
    two ledger entries. Not done: requests that are open keep the version they were made under, and its deadline; whether
    it is offered stays (`withdraw`, `offer`); nothing happens where nothing differs.
    Raises `Refused`, `NotFound`, `Changed` for another than the present version, `Invalid`.
    """
    by.require(Verb.EDIT_SERVICES, Where())
    with transaction.atomic():
        service = Service.objects.select_for_update().filter(pk=after["code"]).first()
        if service is None and version:
            raise NotFound(NONE)
        if service is not None and not version:
            raise _invalid([facts.Fault("code", "taken", N_("A service of this code is there already."))])
        return _take(by, compare([after | {"offered": service is None or service.offered}])[0], version)


def take(*, by: Acting, rows: Sequence[Plain], versions: Mapping[str, int] | None = None) -> list[Change]:
    """Take a whole file of services, all or none; returns what it did.

    ``versions``: by the service's code the versions a preview was made of. Side effects as of `save`, `withdraw` and
    `offer`, for each service that differs. Raises as they do.
    """
    by.require(Verb.EDIT_SERVICES, Where())
    with transaction.atomic():
        list(Service.objects.select_for_update().order_by("pk").values_list("pk"))
        changes = compare(rows)
        for change in changes:
            if change.keys:
                _take(by, change, change.version if versions is None else versions.get(change.code, 0))
    return changes


def withdraw(*, by: Acting, code: str) -> None:
    """Take a service out of the list: nobody can ask for it from now on.

    Side effects: the row, a ledger entry. Not done: open requests go on. Raises `Refused`, `NotFound`, `NotPossible`.
    """
    _offer(by, code, False)


def offer(*, by: Acting, code: str) -> None:
    """Bring a withdrawn service back. Side effects: the row, a ledger entry. Raises `Refused`, `NotFound`, `NotPossible`."""
    _offer(by, code, True)


def _offer(by: Acting, code: str, offered: bool) -> None:
    by.require(Verb.EDIT_SERVICES, Where())
    with transaction.atomic():
        service = Service.objects.select_for_update().filter(pk=code[:32]).first()
        if service is None:
            raise NotFound(NONE)
        if service.offered == offered:
            raise NotPossible(
                N_("This service is offered already.")
                if offered
                else N_("This service is withdrawn already.")
            )
        _keep(by, service, offered, service.protected)


def _keep(by: Acting, service: Service, offered: bool, protected: bool) -> None:
    """Note that the service was changed here, whether it is offered, and whether its requests are protected."""
    if service.own and (service.offered, service.protected) == (offered, protected):
        Service.objects.filter(pk=service.pk).update(changed=clock.now())
        return
    act = LedgerAct.KEEP_SERVICE if service.protected == protected else LedgerAct.PROTECT_SERVICE
    if service.offered != offered:
        act = LedgerAct.OFFER_SERVICE if offered else LedgerAct.WITHDRAW_SERVICE
    service.own, service.offered, service.protected, service.changed = True, offered, protected, clock.now()
    service.save(update_fields=["own", "offered", "protected", "changed"])
    queries.forget_services()
    ledger.record(
        by=by,
        act=act,
        kind=loading.OFFER,
        subject=service.pk,
        at=Where(),
        content=loading.offer_content(service),
    )


def _take(by: Acting, change: Change, version: int) -> ServiceVersion:
    """One service, inside the caller's transaction and behind its question for permission."""
    after = change.after
    wrong = facts.faults(after)
    if change.before is not None and "kind" in change.keys:
        wrong.append(facts.Fault("kind", "fixed", N_("A service stays what it is: a report or a document.")))
    if change.before is not None and change.before["protected"] and not after["protected"]:
        wrong.append(facts.Fault("protected", "fixed", STAYS))
    if wrong:
        raise _invalid(wrong)
    if version != change.version:
        raise Changed(CHANGED)
    old = present(change.code) if change.before is not None else None
    service = old.service if old is not None else _new(after)
    if change.keys:
        _keep(by, service, after["offered"], after["protected"])
    if old is not None and not set(change.keys) - {"offered", "protected"}:
        return old
    level_text = old.level_text if old is not None and "level" not in change.keys else after["level"]
    made = loading.version_of(change.code, facts.kept(after, level_text), old)
    loading.put_in_force([made])
    ledger.record(
        by=by,
        act=Verb.EDIT_SERVICES,
        kind=loading.SERVICE,
        subject=str(made.id),
        at=Where(),
        content=loading.content(made, service.kind),
    )
    return made


def _new(after: Plain) -> Service:
    last: dict[str, Any] = Service.objects.aggregate(Max("position"))
    return Service.objects.create(
        code=after["code"], kind=after["kind"], position=(last["position__max"] or 0) + 1
    )


def _invalid(wrong: Sequence[facts.Fault]) -> Invalid:
    return Invalid(WRONG, errors=[FieldError(fault.field, fault.code, fault.message) for fault in wrong])
