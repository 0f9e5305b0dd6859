"""What does the window tell upward? How many asked, how fast and how well the halls answered, and the requests behind it."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache

from django.db.models import Min, Q, QuerySet
from django.urls import NoReverseMatch, reverse

from sala.kit import clock, reach
from sala.kit.acting import Acting, Where
from sala.kit.periods import Period
from sala.measures.registry import Column, Opened, Record
from sala.measures.rules import Fact, Measure, Text
from sala.measures.terms import Aggregation, Direction, Unit
from sala.window import escalating
from sala.window.models import Escalation, Request
from sala.window.terms import State, Verb

GROUP = Text("ច្រកចេញចូលតែមួយ", "One-window service")

RECEIVED = Measure(
    code="window.received",
    name=Text("សំណើបានទទួល", "Requests received"),
    what=Text(
        "សំណើទាំងអស់ដែលសាលាបានទទួលក្នុងរយៈពេលនេះ ទោះតាមផ្លូវណាក៏ដោយ។",
        "All requests that halls received in the period, in whatever way.",
    ),
    rule=Text(
        "រាប់តាមថ្ងៃទទួល និងទីកន្លែងនៃសំណើ។ ការរាយការណ៍ច្រើនអំពីបញ្ហាតែមួយ ដែលបានបញ្ចូលជាមួយគ្នា រាប់ជាសំណើតែមួយ។",
        "Counted by the day of receipt and the place of the request. Several reports of the same problem that were joined "
        "count as one.",
    ),
    unit=Unit.COUNT,
    aggregation=Aggregation.SUM,
    group=GROUP,
)
JOINED = Measure(
    code="window.joined",
    name=Text("ការរាយការណ៍ដែលបានបញ្ចូលជាមួយសំណើផ្សេង", "Reports joined with another"),
    what=Text(
        "ការរាយការណ៍អំពីបញ្ហាដែលមានគេបានរាយការណ៍រួចហើយ ហើយបានបញ្ចូលជាមួយគ្នា។",
        "Reports of a problem that somebody had reported already, and that were joined with that report.",
    ),
    rule=Text(
        "រាប់តាមថ្ងៃទទួល។ ចំនួននេះមិនរាប់បញ្ចូលក្នុងសំណើបានទទួល ឬបានបញ្ចប់ទេ ព្រោះជាការងារតែមួយ។",
        "Counted by the day of receipt. They are not among the requests received or finished: they are the same work.",
    ),
    unit=Unit.COUNT,
    aggregation=Aggregation.SUM,
    group=GROUP,
)
FINISHED = Measure(
    code="window.finished",
    name=Text("សំណើបានបញ្ចប់", "Requests finished"),
    what=Text(
        "សំណើដែលសាលាបានបញ្ចប់ ឬបានបដិសេធដោយមានហេតុផល ក្នុងរយៈពេលនេះ។",
        "Requests that halls finished, or refused with a reason, in the period.",
    ),
    rule=Text(
        "រាប់តាមថ្ងៃបញ្ចប់ លើកលែងតែសំណើដែលអ្នកស្នើដកវិញ។",
        "Counted by the day on which they were finished, without those withdrawn by the applicant.",
    ),
    unit=Unit.COUNT,
    aggregation=Aggregation.SUM,
    direction=Direction.UP,
    group=GROUP,
)
ON_TIME = Measure(
    code="window.on_time",
    name=Text("សំណើបានឆ្លើយតបទាន់កាលកំណត់", "Requests finished within the deadline"),
    what=Text(
        "ភាគរយសំណើបានបញ្ចប់ក្នុងរយៈពេលនេះ ដែលបានបញ្ចប់មុន ឬត្រឹមកាលកំណត់។",
        "The share of the requests finished in the period that were finished by their due time.",
    ),
    rule=Text(
        "សំណើបានបញ្ចប់ទាន់កាលកំណត់ ចែកនឹងសំណើបានបញ្ចប់ទាំងអស់។ កាលកំណត់គិតជាថ្ងៃធ្វើការ មិនរាប់ពេលរង់ចាំអ្នកស្នើ។",
        "Finished by the due time, divided by all finished. Deadlines run in working days, without the time spent waiting "
        "for the applicant.",
    ),
    part=Text("ទាន់កាលកំណត់", "Within the deadline"),
    limits=(Decimal("0.6"), Decimal("0.75"), Decimal("0.85"), Decimal("0.95")),
    whole=Text("បានបញ្ចប់", "Finished"),
    unit=Unit.SHARE,
    aggregation=Aggregation.RATIO,
    direction=Direction.UP,
    decimals=1,
    group=GROUP,
)
_WORKING_TIME = Text(
    "ម៉ោងធ្វើការចាប់ពីពេលទទួល ដល់ពេលបញ្ចប់ មិនរាប់ពេលរង់ចាំអ្នកស្នើ ថ្ងៃឈប់សម្រាក និងពេលសម្រាកថ្ងៃត្រង់។",
    "Opening hours from receipt to finish, without waiting for the applicant, holidays and lunch breaks.",
)
MEDIAN = Measure(
    code="window.handling_median",
    name=Text("រយៈពេលដោះស្រាយ មេដ្យាន", "Working time, median"),
    what=_WORKING_TIME,
    rule=Text(
        "តម្លៃកណ្តាលនៃរយៈពេលរបស់សំណើនីមួយៗដែលបានបញ្ចប់ក្នុងរយៈពេលនេះ មិនមែនជាមធ្យមនៃមេដ្យានទេ។",
        "The middle value of the times of all single requests finished in the period; never an average of medians.",
    ),
    unit=Unit.MINUTES,
    aggregation=Aggregation.MEDIAN,
    direction=Direction.DOWN,
    decimals=1,
    group=GROUP,
)
P90 = Measure(
    code="window.handling_p90",
    name=Text("រយៈពេលដោះស្រាយ នៃសំណើ ៩ ក្នុង ១០", "Working time within which 9 of 10 were finished"),
    what=_WORKING_TIME,
    rule=Text(
        "រយៈពេលដែលសំណើ ៩០ ភាគរយបានបញ្ចប់ក្នុងនោះ គិតពីសំណើនីមួយៗ។",
        "The time within which 90 per cent of the requests were finished (90th percentile), from all single requests.",
    ),
    unit=Unit.MINUTES,
    aggregation=Aggregation.P90,
    direction=Direction.DOWN,
    decimals=1,
    group=GROUP,
)
SATISFACTION = Measure(
    code="window.satisfaction",
    name=Text("ការពេញចិត្ត", "Satisfaction"),
    what=Text(
        "ពិន្ទុពី ១ ដល់ ៥ ដែលអ្នកស្នើបានដាក់ លើការគួរសម និងភាពរហ័ស។",
        "What applicants gave for courtesy and for speed, from 1 to 5 points.",
    ),
    rule=Text(
        "មធ្យមនៃពិន្ទុទាំងពីរ រាប់តាមថ្ងៃដាក់ពិន្ទុ គិតពីការដាក់ពិន្ទុនីមួយៗ។",
        "The average of the two, by the day of the rating, taken over all single ratings.",
    ),
    unit=Unit.POINTS,
    aggregation=Aggregation.AVERAGE,
    direction=Direction.UP,
    decimals=1,
    group=GROUP,
)
ESCALATED = Measure(
    code="window.escalated",
    name=Text("សំណើដែលបានជូនដំណឹងដល់ការិយាល័យថ្នាក់លើ", "Requests escalated"),
    what=Text(
        "សំណើហួសកាលកំណត់យូរ ដែលបានជូនដំណឹងដល់ការិយាល័យថ្នាក់លើក្នុងរយៈពេលនេះ។",
        "Requests so long past their deadline that an office above was told of them in the period.",
    ),
    rule=Text(
        "សំណើនីមួយៗរាប់ម្តង នៅថ្ងៃដែលការិយាល័យថ្នាក់លើត្រូវបានជូនដំណឹងជាលើកដំបូង។ ការជូនដំណឹងតែក្នុងការិយាល័យដែលកាន់សំណើ មិនរាប់ទេ។",
        "Each request counts once, on the day on which an office above was told for the first time. What only the office that "
        "holds the request was told is not counted.",
    ),
    unit=Unit.COUNT,
    aggregation=Aggregation.SUM,
    direction=Direction.DOWN,
    group=GROUP,
)
MEASURES = (RECEIVED, JOINED, FINISHED, ON_TIME, MEDIAN, P90, SATISFACTION, ESCALATED)

# The columns that are empty on a request which stands at a level itself.
_LEVELS = ("commune", "district", "province")
_BELOW = {"": ("province",), "province": ("district",), "district": ("commune",), "commune": ()}

_FINISHED = Q(state__in=[State.DONE, State.CLOSED, State.REFUSED], done_at__isnull=False)
_COLUMNS = (
    Column(Text("ស្ថានភាព", "State")),
    Column(Text("ទទួលនៅ", "Received")),
    Column(Text("កាលកំណត់", "Due")),
    Column(Text("បញ្ចប់នៅ", "Finished")),
    Column(Text("រាប់ជា", "Counted as"), numeric=True),
)


@lru_cache(maxsize=4096)
def _month(year: int, month: int) -> Period:
    return Period.parse(f"{year:04}-{month:02}")


def facts() -> Iterator[Fact]:
    """Every fact of the window's measures: one a request and measure, at its commune (or the level that holds it)."""
    zone = clock.zone()
    columns = (
        "number",
        "province",
        "district",
        "commune",
        "received_at",
        "done_at",
        "on_time",
        "handling_minutes",
        "joined_id",
    )
    rows = Request.objects.order_by().values_list(
        *columns, "state", "rating__courtesy", "rating__speed", "rating__at"
    )
    for (
        number,
        province,
        district,
        commune,
        received,
        done,
        on_time,
        minutes,
        joined,
        state,
        courtesy,
        speed,
        rated,
    ) in rows.iterator(5000):
        place = commune or district or province
        day = received.astimezone(zone)
        counted = "window.joined" if joined else "window.received"
        yield Fact(counted, place, _month(day.year, day.month), value=1, source=number)
        if not joined and done is not None and state in (State.DONE, State.CLOSED, State.REFUSED):
            day = done.astimezone(zone)
            month = _month(day.year, day.month)
            yield Fact("window.finished", place, month, value=1, source=number)
            if on_time is not None:
                yield Fact(
                    "window.on_time", place, month, numerator=int(on_time), denominator=1, source=number
                )
            if minutes is not None:
                yield Fact("window.handling_median", place, month, value=minutes, source=number)
                yield Fact("window.handling_p90", place, month, value=minutes, source=number)
        if rated is not None:
            day = rated.astimezone(zone)
            score = Decimal(courtesy + speed) / 2
            yield Fact("window.satisfaction", place, _month(day.year, day.month), value=score, source=number)
    yield from _escalated(zone)


def _escalated(zone: tzinfo) -> Iterator[Fact]:
    """One fact a request of which an office above was ever told, in the month of the first time."""
    rows = _told_above().values("request__number", *(f"request__{level}" for level in _LEVELS))
    for row in rows.annotate(first=Min("at")).iterator(5000):
        place = next((row[f"request__{level}"] for level in _LEVELS if row[f"request__{level}"]), "")
        day = row["first"].astimezone(zone)
        month = _month(day.year, day.month)
        yield Fact(ESCALATED.code, place, month, value=1, source=row["request__number"])


def _told_above() -> QuerySet[Escalation]:
    """What offices above were told of requests that count; reports joined with another are the same work."""
    return Escalation.objects.order_by().filter(step__in=escalating.raised(), request__joined__isnull=True)


def counted(measure: Measure, at: Where, period: Period) -> QuerySet[Request]:
    """The requests behind a figure, before anyone's reach is applied."""
    found = Request.objects.all()
    for level in _LEVELS:
        key = getattr(at, level)
        if key:
            found = found.filter(**{level: key})
            break
    start, end = _moments(period)
    if measure.code == "window.received":
        return found.filter(joined=None, received_at__gte=start, received_at__lt=end)
    if measure.code == "window.joined":
        return found.filter(joined__isnull=False, received_at__gte=start, received_at__lt=end)
    if measure.code == "window.satisfaction":
        return found.filter(rating__at__gte=start, rating__at__lt=end)
    if measure.code == ESCALATED.code:
        firsts = _told_above().values("request").annotate(first=Min("at"))
        return found.filter(pk__in=firsts.filter(first__gte=start, first__lt=end).values("request"))
    found = found.filter(_FINISHED, joined=None, done_at__gte=start, done_at__lt=end)
    if measure.code == "window.on_time":
        return found.filter(on_time__isnull=False)
    if measure.aggregation in (Aggregation.MEDIAN, Aggregation.P90):
        return found.filter(handling_minutes__isnull=False)
    return found


def _moments(period: Period) -> tuple[datetime, datetime]:
    zone = clock.zone()
    return (
        datetime.combine(period.first, time.min, tzinfo=zone),
        datetime.combine(period.last + timedelta(days=1), time.min, tzinfo=zone),
    )


def opener(
    *, measure: Measure, at: Where, period: Period, by: Acting, page: int, size: int, own: bool = False
) -> Opened:
    """The requests behind a figure: numbers, states and dates of those that ``by`` may see; never personal data."""
    behind = counted(measure, at, period)
    if own:
        level = "commune" if at.commune else "district" if at.district else "province" if at.province else ""
        behind = behind.filter(**dict.fromkeys(_BELOW[level], ""))
    visible = behind.filter(reach.q(by.reach(Verb.SEE)))
    seen = visible.select_related("rating").order_by("received_at", "pk")
    rows = list(seen[(page - 1) * size : page * size + 1])
    count = behind.count()
    return Opened(
        count=count,
        columns=_COLUMNS,
        records=tuple(_record(measure, row) for row in rows[:size]),
        more=len(rows) > size,
        hidden=visible.count() < count,
    )


def _record(measure: Measure, row: Request) -> Record:
    value: object = 1
    if measure.code == "window.on_time":
        value = int(bool(row.on_time))
    elif measure.aggregation in (Aggregation.MEDIAN, Aggregation.P90):
        value = row.handling_minutes
    elif measure.code == "window.satisfaction":
        value = Decimal(row.rating.courtesy + row.rating.speed) / 2
    try:
        url = reverse("work-request", args=[row.id])
    except NoReverseMatch:
        url = ""
    return Record(row.number, url, (State(row.state), row.received_at, row.due_at, row.done_at, value))
