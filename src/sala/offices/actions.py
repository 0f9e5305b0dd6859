"""Put a person into a post, end it, add a holiday: every change of public office."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from sala.kit import clock
from sala.kit.acting import Acting, Where
from sala.kit.errors import Changed, FieldError, Invalid, NotFound, NotPossible
from sala.kit.terms import N_
from sala.kit.text import normalise
from sala.ledger import actions as ledger
from sala.offices import queries, records, registry, rules
from sala.offices.models import Appointment, Holiday, Office, Person, PostKind
from sala.offices.terms import Act, DayStatus, Instrument, OfficeKind, Verb

NO_OFFICE = N_("There is no such office. Choose one from the list.")
NO_POST = N_("There is no such post. Choose one from the list.")
NO_PERSON = N_("There is no such person in public office. Enter the person first.")
NO_APPOINTMENT = N_("There is no such appointment.")


@dataclass(frozen=True)
class Paper:
    """The instrument of an appointment. ``note``: what it says in words, ``{"km", "en"}`` (the list of an election)."""

    kind: str
    number: str = ""
    dated: date | None = None
    note: Mapping[str, str] | None = None


def open_office(
    *,
    by: Acting,
    code: str,
    kind: str,
    name: Mapping[str, str],
    place_key: str = "",
    parent: Office | None = None,
    valid_from: date | None = None,
) -> Office:
    """Open an office the pack does not bring (a working group, an organisation) for a place, or for the nation.

    Side effects: one row, two ledger entries. The same ``code`` again gives the office that stands. Deliberately not
    done: nobody is appointed. Raises `Refused`, `Invalid`, `NotFound` for an unknown place.
    """
    from sala.places import queries as places

    unit = places.unit(place_key) if place_key else None
    if place_key and unit is None:
        raise NotFound(N_("There is no such place. Choose one from the list."))
    where = places.where(place_key) if place_key else Where()
    by.require(Verb.APPOINT, where)
    names = {lang: normalise(name.get(lang, "")).strip() for lang in ("km", "en")}
    wrong = [lang for lang, text in names.items() if not 1 <= len(text) <= 160]
    if wrong:
        message = N_("Give the office's name in Khmer and in English, at most 160 letters each.")
        raise Invalid(message, errors=[FieldError(f"name_{lang}", "name", message) for lang in wrong])
    key = rules.office_id(code)
    with transaction.atomic():
        row = Office.objects.filter(pk=key).first()
        if row is None:
            row = Office.objects.create(
                id=key,
                code=code,
                kind=OfficeKind(kind),
                form=unit.kind if unit else "",
                name_km=names["km"],
                name_en=names["en"],
                place=place_key,
                province=where.province,
                district=where.district,
                commune=where.commune,
                parent=parent,
                valid_from=valid_from,
            )
            queries.forget_offices()
            content = dict(records.pack_snapshots())["offices"]
            ledger.record(
                by=by, act=Act.OPEN, kind=records.PACK, subject="offices", at=row.where, content=content
            )
    return row


def register_person(
    *,
    by: Acting,
    family_km: str,
    given_km: str,
    family_latin: str,
    given_latin: str,
    office: Office | None = None,
) -> Person:
    """Enter a person in public office, for an ``office`` the acting post may appoint in (None: anywhere).

    Side effects: one row, one ledger entry. Deliberately not done: no search for a person of the same name, and no link
    to any resident or to the civil book. Raises `Refused`, `Invalid`.
    """
    at = office.where if office else Where()
    by.require(Verb.APPOINT, at)
    words = {"family_km": family_km, "given_km": given_km, "family_en": family_latin, "given_en": given_latin}
    words = {name: normalise(text).strip() for name, text in words.items()}
    wrong = [name for name, text in words.items() if not 1 <= len(text) <= 60]
    if wrong:
        message = N_(
            "Enter the family name and the given name in Khmer and in Latin letters, at most 60 letters each."
        )
        raise Invalid(message, errors=[FieldError(name, "name", message) for name in wrong])
    with transaction.atomic():
        row = Person.objects.create(**words)
        content = records.person_content(row)
        ledger.record(by=by, act=Act.PERSON, kind=records.PERSON, subject=str(row.pk), at=at, content=content)
    return row


def appoint(
    *,
    by: Acting,
    person: Person | UUID,
    post: PostKind | str,
    office: Office | UUID,
    start: date,
    end: date | None = None,
    instrument: Paper,
) -> Appointment:
    """Appoint a person to a post in an office from ``start`` to ``end`` (both included; None: open).

    Side effects: one row, one ledger entry; what the person may do in Sala follows at once. Deliberately not done: no
    account is opened, and no earlier appointment is ended. Raises `Refused`, `NotFound`, `Invalid`.
    """
    with transaction.atomic():
        # The office's row is the lock: two appointments to one post of one office are decided one after the other.
        key = office.pk if isinstance(office, Office) else office
        place = Office.objects.select_for_update().filter(pk=key).first()
        if place is None:
            raise NotFound(NO_OFFICE)
        by.require(Verb.APPOINT, place.where)
        kind = post if isinstance(post, PostKind) else PostKind.objects.filter(pk=post).first()
        if kind is None:
            raise NotFound(NO_POST)
        who = person if isinstance(person, Person) else Person.objects.filter(pk=person).first()
        if who is None:
            raise NotFound(NO_PERSON)
        rules.check_office_kind(place.kind, kind.office_kinds)
        rules.check_span(start, end)
        rules.check_instrument_date(instrument.dated, clock.today())
        _check_others(place, kind, who.pk, rules.Span(start, end))
        note = instrument.note or {}
        row = Appointment.objects.create(
            person=who,
            post=kind,
            office=place,
            start=start,
            end=end,
            single=kind.single,
            instrument=Instrument(instrument.kind),
            instrument_number=normalise(instrument.number),
            instrument_date=instrument.dated,
            instrument_note_km=normalise(note.get("km", "")),
            instrument_note_en=normalise(note.get("en", "")),
        )
        _record(by, Verb.APPOINT, row)
    return row


def end_appointment(
    *, by: Acting, appointment: UUID, end: date, reason: str = "", version: int | None = None
) -> Appointment:
    """Let an appointment end with the day ``end`` (still held on it), earlier or later than was said before.

    Side effects: the row, one ledger entry; sessions and tokens of the appointment open nothing any more after that day.
    Deliberately not done: nobody is appointed instead. Raises `Refused`, `NotFound`, `NotPossible` for one that ended
    earlier, `Invalid`, `Changed` where ``version`` is not the present one.
    """
    with transaction.atomic():
        row = Appointment.objects.select_related("office", "post", "person").filter(pk=appointment).first()
        if row is None:
            raise NotFound(NO_APPOINTMENT)
        by.require(Verb.APPOINT, row.office.where)
        if row.end is not None and row.end < min(end, clock.today()):
            raise NotPossible(N_("This appointment ended already."))
        rules.check_span(row.start, end)
        Office.objects.select_for_update().get(pk=row.office_id)  # as when somebody is appointed
        _check_others(row.office, row.post, row.person_id, rules.Span(row.start, end), but=row.pk)
        read = row.version if version is None else version
        done = Appointment.objects.filter(pk=row.pk, version=read).update(
            end=end, end_reason=normalise(reason), version=read + 1, changed=clock.now()
        )
        if not done:
            raise Changed(N_("Somebody changed this appointment in the meantime. Look at it again."))
        row.refresh_from_db()
        _record(by, Act.END, row)
    return row


def add_holiday(
    *, by: Acting, day: date, name: Mapping[str, str], office: Office | None = None, source: str = ""
) -> Holiday:
    """Add a day on which deadlines stand still, for the country or for one office.

    Side effects: one row, one ledger entry; the calendars are read anew, and the rooms that keep deadlines are told
    (`registry.on_holiday`), in the same transaction. Deliberately not done: nothing moves that is finished. Raises `Refused`, `Invalid` for a day that is a holiday already.
    """
    by.require(Verb.HOLIDAYS, office.where if office else Where())
    names = {lang: normalise(name.get(lang, "")).strip() for lang in ("km", "en")}
    wrong = [lang for lang, text in names.items() if not 1 <= len(text) <= 160]
    if wrong:
        message = N_("Give the holiday's name in Khmer and in English, at most 160 letters each.")
        raise Invalid(message, errors=[FieldError(f"name_{lang}", "name", message) for lang in wrong])
    try:
        with transaction.atomic():
            row = Holiday.objects.create(
                date=day,
                office=office,
                name_km=names["km"],
                name_en=names["en"],
                status=DayStatus.DECREED,
                source=normalise(source)[:300],
            )
            content = dict(records.pack_snapshots())["days"]
            ledger.record(
                by=by,
                act=Verb.HOLIDAYS,
                kind=records.PACK,
                subject="days",
                at=office.where if office else Where(),
                content=content,
            )
            queries.forget_calendars()
            registry.tell(by, day, office.pk if office else None)
    except IntegrityError as error:
        message = N_("This day is a holiday already.")
        raise Invalid(message, errors=[FieldError("date", "taken", message)]) from error
    finally:
        queries.forget_calendars()
    return row


def touch_posts(codes: set[str]) -> None:
    """Raise the version of posts whose permissions changed, so that every process reads them anew. By `accounts` only."""
    PostKind.objects.filter(pk__in=codes).update(version=F("version") + 1)


def _check_others(
    office: Office, kind: PostKind, person: UUID, span: rules.Span, but: UUID | None = None
) -> None:
    """Raises `Invalid` where ``span`` meets another appointment (``but`` this one) to a post for one, or of the same person."""
    same = Appointment.objects.filter(office=office, post=kind)
    if but is not None:
        same = same.exclude(pk=but)
    others = same if kind.single else same.filter(person_id=person)
    rules.check_single(span, [rules.Span(*row) for row in others.values_list("start", "end")])


def _record(by: Acting, act: str, row: Appointment) -> None:
    content = records.appointment_content(row)
    at = row.office.where
    ledger.record(by=by, act=act, kind=records.APPOINTMENT, subject=str(row.pk), at=at, content=content)
