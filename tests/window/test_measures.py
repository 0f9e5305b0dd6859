"""Do the window's figures equal a recount from the requests, and open to exactly those requests for those who may see them?"""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from sala.kit.periods import Kind, Period
from sala.measures import actions as counting
from sala.measures import queries
from sala.measures import registry as figures
from sala.measures.models import Total
from sala.offices import queries as offices
from sala.places import queries as places
from sala.window import measures, rules
from sala.window.models import Escalation, Rating, Request, Service, ServiceVersion
from sala.window.terms import State

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Phnom_Penh")
FINISHED = (State.DONE, State.CLOSED, State.REFUSED)
COMMUNES = ("120404", "120401", "120101", "020801", "020802", "010201")


@pytest.fixture
def requests(db):
    """Five hundred requests of any state, scattered over fourteen months; some known only down to a district, some joined."""
    random = Random(7)
    service = Service.objects.get(code="RP-SEWER")
    version = ServiceVersion.objects.get(service=service, current=True)
    rows, ratings = [], []
    for n in range(500):
        commune = random.choice(COMMUNES)
        where = places.where(commune)
        office = offices.serving(commune, "commune")
        received = datetime(2024, 11, 1, tzinfo=ZONE) + timedelta(minutes=random.randrange(420 * 24 * 60))
        state = random.choice(list(State))
        done = received + timedelta(minutes=random.randrange(60_000)) if state in FINISHED else None
        request = Request(
            number=f"T{n}",
            code_hash=f"t{n}",
            service=service,
            terms=version,
            state=state,
            open=state in rules.OPEN,
            province=where.province,
            district=where.district,
            commune="" if n % 17 == 0 else where.commune,
            office_id=office.id,
            received_at=received,
            due_at=received + timedelta(days=5),
            paused_at=received if state == State.WAITING else None,
            done_at=done,
            on_time=None if done is None else random.random() < 0.8,
            handling_minutes=None if done is None else random.randrange(5_000),
            reaction_minutes=None if done is None else 0,
            close_at=done,
        )
        if n % 11 == 5 and state != State.WAITING:
            request.joined = rows[0]  # the same problem: a report more, but no more work
        rows.append(request)
        if state == State.CLOSED:
            at = done + timedelta(minutes=random.randrange(9_000))
            ratings.append(
                Rating(request=request, courtesy=random.randint(1, 5), speed=random.randint(1, 5), at=at)
            )
    Request.objects.bulk_create(rows)
    Rating.objects.bulk_create(ratings)
    Escalation.objects.bulk_create(_told(rows, random))
    counting.roll_up()
    return rows


def _told(rows, random):
    """Every fifth was told of within the office, half of these above too, some of them once more for a later deadline."""
    for request in rows[::5]:
        above = [("long", request.due_at), ("long", request.due_at + timedelta(days=40))][
            : random.randrange(3)
        ]
        for step, due in [("due", request.due_at), *above]:
            at = due + timedelta(days=random.randrange(1, 60))
            yield Escalation(
                request=request, step=step, due=due, office_id=request.office_id, post="clerk", at=at
            )


def recount(code, place, period):
    """The figure of one measure, place and period, straight from the requests: (value, how many records)."""
    values = []
    rated = {rating.request_id: rating for rating in Rating.objects.all()}
    first = {}
    for row in Escalation.objects.all():
        if row.step == "long":
            first[row.request_id] = min(row.at, first.get(row.request_id, row.at))
    for request in Request.objects.all():
        if place and place not in (request.province, request.district, request.commune):
            continue
        rating = rated.get(request.pk)
        moment = {
            "window.received": None if request.joined_id else request.received_at,
            "window.joined": request.received_at if request.joined_id else None,
            "window.satisfaction": rating.at if rating else None,
            "window.escalated": None if request.joined_id else first.get(request.pk),
        }.get(code, request.done_at if request.state in FINISHED and not request.joined_id else None)
        if moment is None or moment.astimezone(ZONE).date() not in period:
            continue
        values.append(
            {
                "window.received": lambda request=request: 1,
                "window.joined": lambda request=request: 1,
                "window.finished": lambda request=request: 1,
                "window.escalated": lambda request=request: 1,
                "window.on_time": lambda request=request: int(request.on_time),
                "window.satisfaction": lambda rating=rating: Decimal(rating.courtesy + rating.speed) / 2,
            }.get(code, lambda request=request: request.handling_minutes)()
        )
    if not values:
        return None, 0
    if code in ("window.received", "window.joined", "window.finished", "window.escalated"):
        return Decimal(sum(values)), len(values)
    if code in ("window.on_time", "window.satisfaction"):
        return Decimal(sum(values)) / len(values), len(values)
    if code == "window.handling_median":
        return Decimal(str(median(values))), len(values)
    ordered = sorted(values)
    position = Decimal("0.9") * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below), len(values)


def test_a_thousand_random_figures_equal_a_recount(requests, monkeypatch):
    random = Random(11)
    held = list(Request.objects.all())  # one reading for all recounts
    rated = list(Rating.objects.all())
    told = list(Escalation.objects.all())
    monkeypatch.setattr(Request.objects, "all", lambda: held)
    monkeypatch.setattr(Escalation.objects, "all", lambda: told)
    monkeypatch.setattr(Rating.objects, "all", lambda: rated)
    keys = ["", "12", "02", "01", "1204", "1201", "0208", "0102", "25", *COMMUNES, "120402"]
    spans = [
        Period.containing(datetime(2024, 11, 15).date() + timedelta(days=30 * n), kind)
        for n in range(16)
        for kind in (Kind.MONTH, Kind.QUARTER, Kind.YEAR)
    ]
    totals = {
        (row.measure, row.place, row.period): row
        for row in Total.objects.filter(measure__startswith="window.")
    }
    compared = 0
    for _ in range(1000):
        one, key, period = random.choice(measures.MEASURES), random.choice(keys), random.choice(spans)
        value, count = recount(one.code, key, period)
        row = totals.get((one.code, key, period.code))
        if value is None:
            assert row is None, (one.code, key, period)
            continue
        compared += 1
        assert row.count == count, (one.code, key, period)
        assert abs(row.value - value) < Decimal("1e-6"), (one.code, key, period)
    assert compared > 300


def test_figures_open_to_the_records_they_count(requests, posts):
    random = Random(13)
    rows = [row for row in Total.objects.filter(measure__startswith="window.") if row.period >= "2024"]
    for row in random.sample(rows, 60):
        opened = queries.opened(
            queries.measure(row.measure), row.place, Period.parse(row.period), posts.ministry, 1, 1000
        )
        assert opened.count == row.count == len(opened.records), (row.measure, row.place, row.period)
        assert not opened.hidden
        said = [record.cells[-1] for record in opened.records]
        if row.measure in ("window.received", "window.finished", "window.escalated"):
            assert sum(said) == row.value
        if row.measure == "window.on_time":
            assert sum(said) == row.numerator


def test_down_the_places_every_record_is_found(requests, posts):
    """The parts and what stands at a place itself add up to the place's figure, down to the last request."""
    year = Period.parse("2025")
    one = measures.RECEIVED

    def walk(key):
        whole = queries.figure(one, key, year).total
        parts = [part for part in queries.parts(one, key, year) if part.figure.total]
        if not parts:
            return {
                record.number for record in queries.opened(one, key, year, posts.ministry, 1, 1000).records
            }
        below = set().union(*(walk(part.key) for part in parts))
        own = queries.opened(one, key, year, posts.ministry, 1, 1000, own=True)
        assert own.count == whole.count - sum(part.figure.total.count for part in parts)
        return below | {record.number for record in own.records}

    expected = {r.number for r in requests if not r.joined_id and r.received_at.astimezone(ZONE).year == 2025}
    assert walk("") == expected


def test_only_within_reach(requests, posts):
    period = Period.parse("2025")
    nation = queries.opened(measures.RECEIVED, "", period, posts.clerk, 1, 1000)
    offices_own = Request.objects.filter(office=posts.clerk.office).count()
    assert 0 < len(nation.records) <= offices_own < nation.count
    assert nation.hidden
    other = queries.opened(measures.RECEIVED, "020801", period, posts.clerk, 1, 1000)
    assert (other.records, other.hidden) == ((), True)
    assert other.count > 0
    resident = queries.opened(measures.RECEIVED, "120404", period, posts.resident)
    assert (resident.records, resident.hidden) == ((), True)


def test_pages_in_records_are_whole_and_without_overlap(requests, posts):
    period = Period.parse("2025")
    first = queries.opened(measures.RECEIVED, "", period, posts.ministry, 1, 50)
    second = queries.opened(measures.RECEIVED, "", period, posts.ministry, 2, 50)
    assert first.more
    assert len(first.records) == 50
    assert not {r.number for r in first.records} & {r.number for r in second.records}


def test_residents_see_counts_but_no_list(requests):
    page = Client().get("/en/figures/window.received/sources?place=120404&period=2025").content.decode()
    assert "The single records are open to the hall that holds them" in page
    assert "T1<" not in page
    assert "<tbody>" not in page


def test_a_clerk_opens_the_list_without_personal_data(requests, sign_in):
    client = sign_in("clerk120404")
    page = client.get("/km/figures/window.on_time/sources?place=120404&period=2025").content.decode()
    numbers = [
        r.number
        for r in requests
        if r.commune == "120404" and not r.joined_id and r.done_at and r.done_at.astimezone(ZONE).year == 2025
    ]
    assert numbers
    assert all(f">{number}</a>" in page for number in numbers)
    link = page.split('scope="row" class="id"><a href="')[1].split('"')[0]
    assert client.get(link).status_code == 200


@pytest.mark.parametrize("language", ["km", "en"])
@pytest.mark.parametrize("one", measures.MEASURES, ids=lambda one: one.code)
def test_the_nations_page_has_chart_table_and_provinces(requests, language, one):
    client = Client()
    page = client.get(f"/{language}/figures/{one.code}?period=2025").content.decode()
    assert 'class="chart' in page
    assert 'class="multi"' in page
    assert page.count(f"/{language}/figures/{one.code}/sources?") >= 15  # head, months and provinces open
    assert client.get(f"/{language}/figures/{one.code}?place=12&period=2025-03").status_code == 200
    assert client.get(f"/{language}/figures/{one.code}?sort=-name").status_code == 200
    assert (
        'class="map"'
        in client.get(f"/{language}/figures/{one.code}/map?period=2025&place=12").content.decode()
    )


def test_what_stands_at_a_district_itself_can_be_opened(requests, sign_in):
    client = sign_in("ministry")
    page = client.get("/en/figures/window.received/sources?place=1204&period=2025").content.decode()
    assert "Here itself, in no place below" in page
    own = client.get("/en/figures/window.received/sources?place=1204&period=2025&own=1").content.decode()
    numbers = [
        r.number
        for r in requests
        if r.district == "1204"
        and not r.commune
        and not r.joined_id
        and r.received_at.astimezone(ZONE).year == 2025
    ]
    assert numbers
    assert all(f">{number}</a>" in own for number in numbers)


def test_a_request_at_a_commune_of_a_live_walk_is_counted(report, posts):
    from sala.kit import clock

    before = queries.figure(measures.RECEIVED, "120404", Period.containing(clock.today(), Kind.MONTH)).total
    received = report()
    counting.roll_up()
    month = Period.containing(clock.today(), Kind.MONTH)
    after = queries.figure(measures.RECEIVED, "120404", month).total
    assert after.value == (before.value if before else 0) + 1
    opened = queries.opened(measures.RECEIVED, "120404", month, posts.clerk)
    assert received.request.number in [record.number for record in opened.records]


def test_every_measure_is_wired():
    for one in measures.MEASURES:
        declared = figures.get(one.code)
        assert (declared.facts, declared.opener) == (measures.facts, measures.opener)
        assert one.name.km and one.name.en and one.what.km and one.rule.km
