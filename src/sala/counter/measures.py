"""What does the counter tell upward? How many were served, how long they waited and were served, and the tickets behind it."""

from collections.abc import Iterator
from functools import lru_cache

from django.db.models import QuerySet

from sala.counter import rules
from sala.counter.models import Ticket
from sala.counter.terms import State
from sala.kit import reach
from sala.kit.acting import Acting, Where
from sala.kit.periods import Period
from sala.measures.registry import Column, Opened, Record
from sala.measures.rules import Fact, Measure, Text
from sala.measures.terms import Aggregation, Direction, Unit
from sala.window.terms import Verb

GROUP = Text("បញ្ជរ", "Counter")

SERVED = Measure(
    code="counter.served",
    name=Text("អ្នកបានទទួលសេវានៅបញ្ជរ", "Served at the counter"),
    what=Text(
        "លេខរង់ចាំដែលបញ្ជរបានបម្រើរួចក្នុងរយៈពេលនេះ។", "Queue tickets that counters finished serving in the period."
    ),
    rule=Text("រាប់តាមថ្ងៃនៃលេខរង់ចាំ។", "Counted by the day of the ticket."),
    unit=Unit.COUNT,
    aggregation=Aggregation.SUM,
    group=GROUP,
)
_WAIT = Text("នាទីចាប់ពីពេលផ្តល់លេខរង់ចាំ ដល់ពេលហៅលើកទីមួយ។", "Minutes from the issue of the ticket to its first call.")
WAITING = Measure(
    code="counter.waiting_median",
    name=Text("រយៈពេលរង់ចាំនៅសាលា មេដ្យាន", "Wait in the hall, median"),
    what=_WAIT,
    rule=Text(
        "តម្លៃកណ្តាលនៃរយៈពេលរង់ចាំរបស់លេខនីមួយៗដែលបានហៅ។ អ្នកដែលចាកចេញមុនពេលហៅ មិនរាប់ទេ។",
        "The middle value of all single tickets that were called. Who left before the call is not counted.",
    ),
    unit=Unit.MINUTES,
    aggregation=Aggregation.MEDIAN,
    direction=Direction.DOWN,
    group=GROUP,
)
WAITING_P90 = Measure(
    code="counter.waiting_p90",
    name=Text("រយៈពេលរង់ចាំនៅសាលា នៃអ្នក ៩ ក្នុង ១០", "Wait in the hall of 9 of 10"),
    what=_WAIT,
    rule=Text(
        "រយៈពេលដែលលេខ ៩០ ភាគរយត្រូវបានហៅក្នុងនោះ គិតពីលេខនីមួយៗ។",
        "The time within which 90 per cent of the tickets were called (90th percentile), from all single tickets.",
    ),
    unit=Unit.MINUTES,
    aggregation=Aggregation.P90,
    direction=Direction.DOWN,
    group=GROUP,
)
SERVING = Measure(
    code="counter.serving_median",
    name=Text("រយៈពេលបម្រើនៅបញ្ជរ មេដ្យាន", "Time at the desk, median"),
    what=Text("នាទីចាប់ពីពេលចាប់ផ្តើមបម្រើ ដល់ពេលបញ្ចប់។", "Minutes from the beginning of serving to its end."),
    rule=Text(
        "តម្លៃកណ្តាលនៃលេខនីមួយៗដែលបានបម្រើរួច។ លេខដែលគ្មាននរណាបញ្ចប់នៅថ្ងៃនោះ មិនរាប់ទេ។",
        "The middle value of all single tickets that were served. One that nobody ended on its day is not counted.",
    ),
    unit=Unit.MINUTES,
    aggregation=Aggregation.MEDIAN,
    group=GROUP,
)
MEASURES = (SERVED, WAITING, WAITING_P90, SERVING)

_OF = {
    SERVED.code: "serving_minutes",
    WAITING.code: "waiting_minutes",
    WAITING_P90.code: "waiting_minutes",
    SERVING.code: "serving_minutes",
}
_LEVELS = ("commune", "district", "province")
_BELOW = {"": ("province",), "province": ("district",), "district": ("commune",), "commune": ()}
_COLUMNS = (
    Column(Text("ស្ថានភាព", "State")),
    Column(Text("ផ្តល់លេខនៅ", "Issued")),
    Column(Text("ហៅនៅ", "Called")),
    Column(Text("បញ្ចប់នៅ", "Finished")),
    Column(Text("រាប់ជា", "Counted as"), numeric=True),
)


@lru_cache(maxsize=4096)
def _month(year: int, month: int) -> Period:
    return Period.parse(f"{year:04}-{month:02}")


def _source(place: str, ticket: Ticket) -> str:
    return f"{place} {ticket.day:%Y-%m-%d} {rules.name(ticket.queue, ticket.position)}"


def facts() -> Iterator[Fact]:
    """Every fact of the counter's measures: one a ticket and measure, at its office's commune (or the level that it serves)."""
    rows = Ticket.objects.filter(waiting_minutes__isnull=False).order_by()
    needed = (
        "province",
        "district",
        "commune",
        "day",
        "queue",
        "position",
        "waiting_minutes",
        "serving_minutes",
    )
    for ticket in rows.only(*needed).iterator(5000):
        place = ticket.commune or ticket.district or ticket.province
        month, source = _month(ticket.day.year, ticket.day.month), _source(place, ticket)
        yield Fact(WAITING.code, place, month, value=ticket.waiting_minutes, source=source)
        yield Fact(WAITING_P90.code, place, month, value=ticket.waiting_minutes, source=source)
        if ticket.serving_minutes is not None:
            yield Fact(SERVED.code, place, month, value=1, source=source)
            yield Fact(SERVING.code, place, month, value=ticket.serving_minutes, source=source)


def counted(measure: Measure, at: Where, period: Period, own: bool = False) -> QuerySet[Ticket]:
    """The tickets behind a figure, before anyone's reach is applied; ``own``: only of offices at this very level."""
    found = Ticket.objects.filter(
        day__gte=period.first, day__lte=period.last, **{f"{_OF[measure.code]}__isnull": False}
    )
    level = next((level for level in _LEVELS if getattr(at, level)), "")
    if level:
        found = found.filter(**{level: getattr(at, level)})
    return found.filter(**dict.fromkeys(_BELOW[level], "")) if own else found


def opener(
    *, measure: Measure, at: Where, period: Period, by: Acting, page: int, size: int, own: bool = False
) -> Opened:
    """The tickets behind a figure: numbers, states and times, for those who see the requests of that place."""
    behind = counted(measure, at, period, own)
    visible = behind.filter(reach.q(by.reach(Verb.SEE)))
    rows = list(visible.order_by("issued_at", "pk")[(page - 1) * size : page * size + 1])
    count = behind.count()
    return Opened(
        count=count,
        columns=_COLUMNS,
        records=tuple(_record(measure, row) for row in rows[:size]),
        more=len(rows) > size,
        hidden=visible.count() < count,
    )


def _record(measure: Measure, row: Ticket) -> Record:
    value = 1 if measure.code == SERVED.code else getattr(row, _OF[measure.code])
    number = _source(row.commune or row.district or row.province, row)
    return Record(number, "", (State(row.state), row.issued_at, row.called_at, row.ended_at, value))
