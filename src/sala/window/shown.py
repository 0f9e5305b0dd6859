"""How is a request written on a page? Titles, places, deadlines and steps in the words of whoever reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import phonenumbers
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from markupsafe import Markup

from sala.installation import queries as installation
from sala.kit import clock
from sala.kit.terms import N_
from sala.offices import queries as offices
from sala.offices import shown as offices_shown
from sala.places import queries as places
from sala.ui import jinja
from sala.window import rules
from sala.window.terms import Act, DaysKind, FeeStatus, Level, State

if TYPE_CHECKING:
    from sala.kit.days import Calendar
    from sala.window.desk import Row
    from sala.window.escalating import Told
    from sala.window.models import Event, Request, ServiceVersion
    from sala.window.nearby import Near

TAGS = {
    State.RECEIVED: "",
    State.IN_PROGRESS: "go",
    State.WAITING: "wait",
    State.FORWARDED: "go",
    State.REOPENED: "go",
    State.DONE: "ok",
    State.CLOSED: "ok",
    State.REFUSED: "late",
    State.WITHDRAWN: "",
}


@dataclass(frozen=True)
class Tag:
    """A word in a colour that repeats it."""

    text: str
    kind: str = ""
    drawing: str = ""


def state(request: "Request") -> Tag:
    """The state as a tag."""
    return tag(State(request.state))


def tag(here: State) -> Tag:
    """A state as a tag."""
    return Tag(jinja.term(here), TAGS[here], "none" if here != State.WAITING else "")


def time_for(terms: "ServiceVersion") -> str:
    """In how many days a service is given, in a sentence."""
    if terms.days_kind == DaysKind.CALENDAR:
        said = ngettext("%(count)s calendar day", "%(count)s calendar days", terms.days)
        return said % {"count": jinja.number(terms.days)}
    return days(terms.days)


def days(count: int) -> str:
    """A number of working days in a sentence."""
    return ngettext("%(count)s working day", "%(count)s working days", count) % {"count": jinja.number(count)}


def due_tag(request: "Request | Row", calendar: "Calendar", now: datetime, most: int | None = None) -> Tag:
    """What a list says about the deadline: late, today, days left (at ``most``), paused, or how it ended."""
    if request.state == State.WAITING and request.paused_at:
        waited = max(0, calendar.working_days_between(_day(request.paused_at), _day(now)))
        if waited == 0:
            return Tag(_("Paused"), "wait")
        return Tag(
            ngettext("Paused %(count)s day", "Paused %(count)s days", waited)
            % {"count": jinja.number(waited)},
            "wait",
        )
    if not request.open:
        if request.on_time is None:
            return Tag(_("Ended"), "")
        return Tag(_("In time"), "ok") if request.on_time else Tag(_("Was late"), "late")
    left = calendar.working_days_between(_day(now), _day(request.due_at))
    if most is not None:
        left = min(left, most)
    if now > request.due_at:
        late = max(0, -left)
        if late == 0:
            return Tag(_("Late"), "late")
        return Tag(
            ngettext("%(count)s day late", "%(count)s days late", late) % {"count": jinja.number(late)},
            "late",
        )
    if left <= 0:
        return Tag(_("Today, by %(time)s") % {"time": jinja.clock_time(request.due_at, staff=True)}, "soon")
    text = ngettext("%(count)s day left", "%(count)s days left", left) % {"count": jinja.number(left)}
    return Tag(text, "soon" if left == 1 else "")


def escalated(request: "Request | Row", names: Mapping[str, Mapping[str, str]]) -> Tag | None:
    """The mark of an open request of which somebody was told that it gets late; None for every other."""
    if not request.open or not request.escalated:
        return None
    return Tag(_("Escalated: %(step)s") % {"step": step(request.escalated, names)}, "", "none")


def step(code: str, names: Mapping[str, Mapping[str, str]]) -> str:
    """The name of a step of escalation; its code where the pack has it no more."""
    return jinja.name(names[code]) if code in names else code


def told(each: "Told") -> str:
    """Which posts of which office were told, in a line."""
    posts = ", ".join(jinja.name(post) for post in each.posts)
    return _("%(posts)s (%(office)s)") % {"posts": posts, "office": jinja.name(each.office)}


def _day(at: datetime) -> date:
    return at.astimezone(clock.zone()).date()


def uncounted(calendar: "Calendar", first: datetime, last: datetime) -> str:
    """The holidays in between, each feast once with its days: ``Water Festival (23–25 November)``."""
    found = offices_shown.feasts(calendar.uncounted(first, last))
    return ", ".join(f"{called} ({offices_shown.span(days)})" for called, days in found)


def promise(request: "Request", calendar: "Calendar") -> tuple[str, str, str]:
    """The due box of a resident's page: the promise, what is counted, and the icon."""
    now = clock.now()
    when = jinja.date_long(request.due_at)
    if request.state == State.WAITING:
        return (
            _("The clock is paused: we wait for your reply"),
            _("When you reply, the time you needed is added to %(date)s.") % {"date": when},
            "pause",
        )
    if request.state in (State.DONE, State.CLOSED):
        shown = jinja.date_long(request.done_at)
        text = _("Done in time") if request.on_time else _("Done, after the deadline")
        return _("Done on %(date)s") % {"date": shown}, text, "check"
    if request.state == State.REFUSED:
        return (
            _("Refused on %(date)s") % {"date": jinja.date_long(request.done_at)},
            _("The reason stands below."),
            "info",
        )
    if request.state == State.WITHDRAWN:
        return _("You withdrew this request"), "", "info"
    if now > request.due_at:
        return (
            _("This should have been done by %(date)s") % {"date": when},
            _("The hall is late. Ask there with the number of your request."),
            "warn",
        )
    why = counted(request.terms, calendar, request.received_at, request.due_at)
    return promised(request.due_at), why, "clock"


def promised(due: datetime) -> str:
    """The promise: by which day it will be done."""
    return _("Will be done by %(date)s") % {"date": jinja.date_long(due)}


def counted(terms: "ServiceVersion", calendar: "Calendar", first: datetime, due: datetime) -> str:
    """How the day of the promise was found: the working days, and the holidays that do not count."""
    text, holidays = time_for(terms), uncounted(calendar, first, due)
    if holidays and terms.days_kind == DaysKind.WORKING:
        return _("%(days)s, not counting %(holidays)s") % {"days": text, "holidays": holidays}
    return text


def if_asked_now(terms: "ServiceVersion", key: str) -> dict[str, str]:
    """The promise somebody who asks now gets at a place, and what it is counted from. Without a place, or where no office
    serves it yet, by the country's calendar.
    """
    unit = places.unit(key) if key else None
    office = offices.serving(unit.key, terms.level) if unit is not None and not unit.ended else None
    calendar = offices.calendar(office.id if office else None)
    now = clock.now()
    due = rules.due(calendar, now, terms.days, terms.days_kind)
    return {"promise": promised(due), "counted": counted(terms, calendar, now, due)}


def officer(person: Any, load: rules.Load | None) -> str:
    """Somebody to whom a request can be given, with the post and, for who takes on requests, how much lies with them."""
    said = [jinja.name(person), jinja.name(person.post)]
    if load is not None:
        count = ngettext("%(count)s open", "%(count)s open", load.open) % {"count": jinja.number(load.open)}
        said.append(
            f"{count}, {_('%(count)s late') % {'count': jinja.number(load.late)}}" if load.late else count
        )
    return " · ".join(said)


def near(found: "Near") -> dict[str, Any]:
    """An open report that may be the same problem: number, state, day and how far; nothing that was told."""
    if found.metres is None:
        far = _("in the same village")
    else:
        ten = max(10, round(found.metres, -1))  # a public point is that exact
        far = _("about %(metres)s metres away") % {"metres": jinja.number(int(ten))}
    return {
        "number": found.report.number,
        "state": tag(State(found.report.state)),
        "far": far,
        "day": jinja.date_long(found.report.received),
    }


def place_names(requests: "Iterable[Request | Row]") -> dict[str, dict[str, str]]:
    """Names of the most precise places of the requests and of their communes, looked up at once."""
    return places.names({key for request in requests for key in (request.place, request.commune) if key})


def address(
    request: "Request | Row", names: Mapping[str, Mapping[str, str] | str], *, told: bool, home: str = ""
) -> str:
    """Village and commune and, for those who may read it, the words for the place.

    ``home`` is the reader's own commune, which need not be said: "Village 2" alone is found in every other.
    """
    keys = dict.fromkeys((request.place, "" if request.commune == home else request.commune))
    where = [jinja.name(names.get(key, {})) for key in keys if key]
    return ", ".join(part for part in (*where, request.location if told else "") if part)


def title(request: "Request", *, told: bool) -> str:
    """What the request is about, with its place in the resident's words where the reader may see them."""
    name = short(request.terms)
    return f"{name} {request.location}" if told and request.location and len(request.location) <= 60 else name


def short(terms: "ServiceVersion") -> str:
    """The service's short name in the page's language."""
    return jinja.name({"km": terms.short_km, "en": terms.short_en})


def full(terms: "ServiceVersion") -> str:
    """The service's whole name in the page's language."""
    return jinja.name(terms)


def foreign(text: dict[str, str]) -> Markup | str:
    """A text of the source in the page's language; English is marked as such where nobody translated it."""
    if not text:
        return ""
    if jinja.lang() == "km" and not text.get("km"):
        return Markup('<span lang="en">{}</span>').format(text["en"])
    return jinja.name(text)


def phone(e164: str) -> str:
    """A phone number as it is dialled here: ``012 345 648``."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    home = phonenumbers.region_code_for_number(number) == settings.COUNTRY.upper()
    formats = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, formats.NATIONAL if home else formats.INTERNATIONAL)


def masked(e164: str) -> str:
    """The same with its middle hidden."""
    return rules.masked(phone(e164)) if e164 else ""


def source_text(text: str) -> Markup | str:
    """A text of the source that stands in English: marked as such on Khmer pages."""
    return Markup('<span lang="en">{}</span>').format(text) if text and jinja.lang() == "km" else text


def level(terms: "ServiceVersion") -> str:
    """The level that decides."""
    return jinja.term(Level(terms.level))


def passes(terms: "ServiceVersion") -> str:
    """The levels it passes on its way to the one that decides; empty where it passes none."""
    return " → ".join(jinja.term(Level(each)) for each in terms.passes)


def mark() -> str | None:
    """What stands on a list of a demonstration that is carried away; None in a real hall."""
    return _("Demonstration data: no real people or events") if installation.is_demonstration() else None


def fee(terms: "ServiceVersion") -> str:
    """What may be charged, in a sentence."""
    status = FeeStatus(terms.fee_status)
    if status == FeeStatus.CHARGEABLE:
        return str(jinja.money(terms.fee_riel))
    if status == FeeStatus.NO_BASIS:
        return _("%(fee)s: not chargeable until a legal basis is recorded") % {
            "fee": jinja.money(terms.fee_riel)
        }
    return jinja.term(status)


def timeline(
    events: Sequence["Event"],
    *,
    staff: bool,
    names: Mapping[UUID, dict[str, str]] | None = None,
    posts: Mapping[str, dict[str, str]] | None = None,
    halls: Mapping[UUID, dict[str, str]] | None = None,
    said: Mapping[UUID, str] | None = None,
    final: bool = True,
) -> list[dict[str, Any]]:
    """The steps as the macro wants them; the last one is where it stands now, unless it is over.

    For staff with who did it, and to whom it was given: ``names`` of the holders of appointments, ``posts`` their titles;
    ``halls`` are the names of the offices it went to, ``said`` what is read instead of a step's own words.
    """
    found = []
    for index, event in enumerate(events):
        act = Act(event.act)
        last = index == len(events) - 1
        found.append(
            {
                "title": _moved(event, halls or {}) or (_staff_title(act) if staff else jinja.term(act)),
                "at": jinja.when(event.at, staff=staff),
                "who": _who(event, act, names or {}, posts or {}) if staff else "",
                "text": (said or {}).get(event.id, event.text),
                "state": "now" if last and not final else "",
                "public": event.public,
            }
        )
    return found


def _moved(event: "Event", halls: Mapping[UUID, dict[str, str]]) -> str:
    """The title of a step that brought the request to another office; empty for every other."""
    if event.office is None or event.office not in halls:
        return ""
    origin = halls.get(event.origin, {}) if event.origin else {}
    said = {"office": jinja.name(halls[event.office]), "origin": jinja.name(origin)}
    if event.act == Act.RETURN:
        return _("Sent back by %(origin)s to %(office)s") % said
    return _("Forwarded to %(office)s") % said


_WHO = {"resident": N_("the applicant"), "key": N_("a program with a key"), "system": N_("the system")}


def _who(
    event: "Event", act: Act, names: Mapping[UUID, dict[str, str]], posts: Mapping[str, dict[str, str]]
) -> str:
    """Post and name of who did it; the applicant and the system are called so. Behind it to whom it was given."""
    if event.post in posts:
        holder = jinja.name(names.get(UUID(event.post), {}))
        who = " ".join(part for part in (jinja.name(posts[event.post]), holder) if part)
    else:
        who = _(_WHO.get(event.post.partition(":")[0], _WHO["system"]))
    said = _("by %(who)s") % {"who": who}
    given = event.assigned if act == Act.ASSIGN or str(event.assigned or "") != event.post else None
    if given and act in (Act.RECEIVE, Act.TAKE, Act.ASSIGN) and given in names:
        said = _("%(by)s, to %(name)s") % {"by": said, "name": jinja.name(names[given])}
    return said


def _staff_title(act: Act) -> str:
    said = {
        Act.ASK: _("The applicant was asked"),
        Act.REPLY: _("The applicant replied"),
        Act.ANSWER: _("Answer to the applicant"),
        Act.RATE: _("The applicant rated the service"),
        Act.WITHDRAW: _("The applicant withdrew"),
        Act.TAKE: _("Taken on"),
        Act.ASSIGN: _("Assigned"),
    }
    return said.get(act) or jinja.term(act)


def hall(key: str, known: Any = None) -> dict[str, Any] | None:
    """The frame's words for the hall of a place: its title and the line above it.

    ``known`` is an office the caller has read already: it is not read again where it is that hall.
    """
    return _hall(key, known)[0]


def _hall(key: str, known: Any) -> tuple[dict[str, Any] | None, Any]:
    """The words, and the hall's office where the place has one."""
    line = places.line(key) if key else []
    if not line:
        return None, None
    here = next((unit for unit in reversed(line) if unit.level != "village"), line[-1])
    above = [unit for unit in line if unit.level in ("province", "district") and unit.key != here.key]
    words = [places.title(unit.key) for unit in reversed(above)]
    office = known
    if office is None or (office.kind, office.place) != ("commune_hall", here.key):
        office = offices.office_at(here.key, "commune_hall")
    return {
        "key": here.key,
        "title": {"km": office.name_km, "en": office.name_en} if office else places.title(here.key),
        "line": {"km": " ".join(w["km"] for w in words), "en": ", ".join(w["en"] for w in words)},
    }, office


def frame(key: str, known: Any = None, calendar: "Calendar | None" = None) -> dict[str, Any]:
    """What the frame of a resident's page shows of a hall: its title, its hours, and the way back to its page.

    ``known`` as in `hall`; ``calendar`` that of the office whose hours are shown, where it is not the hall's.
    """
    place, office = _hall(key, known)
    if place is None:
        return {}
    return {
        "place": place,
        "hours": offices_shown.hours(calendar or offices.calendar(office.id if office else None)),
        "home_url": reverse("hall", args=[place["key"]]),
    }


def next_steps(request: "Request") -> list[str]:
    """What comes next, for the timeline of the resident: the public steps that are still to come."""
    if not request.open:
        return []
    found = [_("Done, with an answer to you"), _("You rate the service")]
    return ([_("You reply")] if request.state == State.WAITING else []) + found


def worked(minutes: int | None, calendar: "Calendar") -> str:
    """Working minutes as days and hours of the office."""
    if minutes is None:
        return ""
    whole, rest = divmod(minutes, calendar.minutes_a_day)
    parts = []
    if whole:
        parts.append(ngettext("%(count)s day", "%(count)s days", whole) % {"count": jinja.number(whole)})
    hours, left = divmod(rest, 60)
    if hours:
        parts.append(ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": jinja.number(hours)})
    if not whole and (left or not hours):
        parts.append(ngettext("%(count)s minute", "%(count)s minutes", left) % {"count": jinja.number(left)})
    return " ".join(parts)


def used(request: "Request", calendar: "Calendar") -> int:
    """Working minutes used until now, or until it was done."""
    if request.handling_minutes is not None:
        return request.handling_minutes
    times = rules.Clock(request.received_at, request.due_at, request.paused_at, request.paused_minutes)
    return rules.used_minutes(times, clock.now(), calendar)
