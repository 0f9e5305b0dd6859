"""Who gets what? Every address x every demonstration account x the cases of two communes x both ways of signing in; nothing leaks.

The tables here are written by hand from what the posts are for, not read from the pack: they are the second opinion. A route that is
not listed fails `test_every_route_is_listed`.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from sala.accounts import actions as accounts_actions
from sala.accounts import queries as accounts_queries
from sala.accounts.acting import RESIDENT, system
from sala.measures import actions as measures
from sala.places import queries as places
from sala.window import actions as window
from sala.window import queries

COMMUNES = ("120404", "020801")
HALL = ("chief", "deputy", "clerk", "frontdesk", "registry", "councillora", "councillorb")
# Who sees that a case exists, and who learns what the resident told.
SEES = {
    "120404": {f"{name}120404" for name in HALL}
    | {"ministry", "planning12", "governor12", "window1204", "auditor"},
    "020801": {f"{name}020801" for name in HALL} | {"ministry", "planning02", "auditor"},
}
TOLD = {
    place: {f"{name}{place}" for name in ("chief", "clerk", "frontdesk", "registry")} for place in COMMUNES
}
NOBODY = UUID(
    "abcdefab-cdef-4abc-abcd-efabcdefabcd"
)  # of no record; an answer that echoes it can't be taken for a phone's last digits
# Who stands at a counter with a queue, who sets up the devices at its door.
ONLY = {
    "counter": {f"{name}{place}" for name in ("clerk", "frontdesk") for place in COMMUNES} | {"window1204"},
    "closes": {f"clerk{place}" for place in COMMUNES} | {"window1204"},
    "escalated": {f"{name}{place}" for name in ("chief", "clerk") for place in COMMUNES}
    | {"window1204", "governor12", "ministry"},
    "devices": {f"chief{place}" for place in COMMUNES} | {"window1204"},
}
DESK = SEES["120404"] | SEES["020801"]  # who has a queue at all
# Who may do which step in the holding office.
STEPS = {
    "take": ("chief", "clerk", "frontdesk", "registry"),
    "finish": ("chief", "clerk", "registry"),
    "refuse": ("chief", "clerk"),
    "note": ("chief", "deputy", "clerk", "frontdesk", "registry"),
    "split": ("chief", "clerk"),
}


@dataclass(frozen=True)
class Case:
    """A request in one commune, with the words that may give it away."""

    place: str
    id: str
    code: str
    number: str
    secrets: tuple[str, ...]  # what the resident told
    rating: str  # the key of the link that only rates


# access: all | signed (any sign-in) | session (with a browser) | keeper (keeps accounts) | desk (has a queue) | case (may see that case) | told (may see its person) | splits (may split that case) | code (the code opens it) | counter (stands at one) | closes (the cash box) | devices (sets them up) | public (numbers of reports are everybody's) | door (answers by itself)
ROUTES: dict[str, tuple[str, str]] = {
    "": ("all", "/"),
    "healthz": ("all", "/healthz"),
    "readyz": ("door", "/readyz"),
    "api/v1/docs": ("all", "/api/v1/docs"),
    "api/v1/openapi.json": ("all", "/api/v1/openapi.json"),
    "api/v1/": ("door", "/api/v1/"),
    "api/v1/window/services": ("all", "/api/v1/window/services"),
    "api/v1/window/services.csv": ("all", "/api/v1/window/services.csv"),
    "api/v1/window/services.xlsx": ("all", "/api/v1/window/services.xlsx"),
    "api/v1/window/services/<code>": ("all", "/api/v1/window/services/RP-SEWER"),
    "api/v1/window/propose": ("post", "/api/v1/window/propose"),
    "api/v1/window/requests": ("signed", "/api/v1/window/requests"),
    "api/v1/window/requests.csv": ("signed", "/api/v1/window/requests.csv"),
    "api/v1/window/requests.xlsx": ("signed", "/api/v1/window/requests.xlsx"),
    "api/v1/window/requests/<uuidstr:request_id>": ("case", "/api/v1/window/requests/{id}"),
    "api/v1/window/tracking/<code>": ("code", "/api/v1/window/tracking/{code}"),
    "api/v1/window/requests/<uuidstr:request_id>/<verb>": ("post", "/api/v1/window/requests/{id}/take"),
    "api/v1/window/answers": ("door", "/api/v1/window/answers"),
    "api/v1/window/answers.csv": ("door", "/api/v1/window/answers.csv"),
    "api/v1/window/answers.xlsx": ("door", "/api/v1/window/answers.xlsx"),
    "api/v1/window/rules": ("door", "/api/v1/window/rules"),
    "api/v1/window/rules.csv": ("door", "/api/v1/window/rules.csv"),
    "api/v1/window/rules.xlsx": ("door", "/api/v1/window/rules.xlsx"),
    "api/v1/window/subtasks": ("signed", "/api/v1/window/subtasks"),
    "api/v1/window/subtasks.csv": ("signed", "/api/v1/window/subtasks.csv"),
    "api/v1/window/subtasks.xlsx": ("signed", "/api/v1/window/subtasks.xlsx"),
    "api/v1/window/lists": ("desk", "/api/v1/window/lists"),
    "api/v1/window/lists.csv": ("desk", "/api/v1/window/lists.csv"),
    "api/v1/window/lists.xlsx": ("desk", "/api/v1/window/lists.xlsx"),
    "api/v1/window/answers/<uuidstr:answer_id>": ("door", "/api/v1/window/answers/{random_uuid}"),
    "api/v1/window/answers/<uuidstr:answer_id>/end": ("post", "/api/v1/window/answers/{random_uuid}/end"),
    "api/v1/window/rules/<uuidstr:rule_id>": ("door", "/api/v1/window/rules/{random_uuid}"),
    "api/v1/window/rules/<uuidstr:rule_id>/trial": ("door", "/api/v1/window/rules/{random_uuid}/trial"),
    "api/v1/window/rules/<uuidstr:rule_id>/<verb>": ("post", "/api/v1/window/rules/{random_uuid}/on"),
    "api/v1/window/subtasks/<uuidstr:subtask_id>": ("door", "/api/v1/window/subtasks/{random_uuid}"),
    "api/v1/window/subtasks/<uuidstr:subtask_id>/<verb>": (
        "post",
        "/api/v1/window/subtasks/{random_uuid}/done",
    ),
    "api/v1/window/several": ("post", "/api/v1/window/several"),
    "api/v1/window/several/preview": ("post", "/api/v1/window/several/preview"),
    "api/v1/window/lists/<uuidstr:list_id>": ("post", "/api/v1/window/lists/{random_uuid}"),
    "api/v1/measures": ("all", "/api/v1/measures"),
    "api/v1/measures/figures": ("all", "/api/v1/measures/figures?measure=window.received&level=commune"),
    "api/v1/measures/figures.csv": (
        "all",
        "/api/v1/measures/figures.csv?measure=window.received&level=commune",
    ),
    "api/v1/measures/figures.xlsx": (
        "all",
        "/api/v1/measures/figures.xlsx?measure=window.received&level=commune",
    ),
    "api/v1/accounts/me": ("signed", "/api/v1/accounts/me"),
    "api/v1/tokens": ("post", "/api/v1/tokens"),
    "api/v1/tokens/<token_id>": ("post", "/api/v1/tokens/{random}"),
    "api/v1/offices/offices": ("all", "/api/v1/offices/offices"),
    "api/v1/offices/offices.csv": ("all", "/api/v1/offices/offices.csv?place=120404"),
    "api/v1/offices/offices.xlsx": ("all", "/api/v1/offices/offices.xlsx?place=120404"),
    "api/v1/offices/offices/<office_id>": ("all", "/api/v1/offices/offices/commune-hall-{place}"),
    "api/v1/offices/offices/<office_id>/holders": (
        "all",
        "/api/v1/offices/offices/commune-hall-{place}/holders",
    ),
    "api/v1/offices/posts": ("all", "/api/v1/offices/posts"),
    "open311/discovery.<str:kind>": ("all", "/open311/discovery.json"),
    "open311/v2/discovery.<str:kind>": ("all", "/open311/v2/discovery.json"),
    "open311/v2/services.<str:kind>": ("all", "/open311/v2/services.json"),
    "open311/v2/services/<str:code>.<str:kind>": ("all", "/open311/v2/services/RP-SEWER.json"),
    "open311/v2/requests.<str:kind>": ("public", "/open311/v2/requests.json"),
    "open311/v2/requests/<str:number>.<str:kind>": ("public", "/open311/v2/requests/{number}.json"),
    "open311/v2/tokens/<str:code>.<str:kind>": ("code", "/open311/v2/tokens/{code}.json"),
    "open311/v2/servicerequestupdates.<str:kind>": ("public", "/open311/v2/servicerequestupdates.json"),
    "files/<str:token>": ("none", "/files/{random}"),
    "files/<str:token>/small": ("none", "/files/{random}/small"),
    "api/v1/offices/appointments": ("post", "/api/v1/offices/appointments"),
    "api/v1/offices/appointments/<uuidstr:appointment_id>/end": (
        "post",
        "/api/v1/offices/appointments/{random_uuid}/end",
    ),
    "api/v1/offices/holidays": ("all", "/api/v1/offices/holidays"),
    "api/v1/places/locate": ("all", "/api/v1/places/locate?lat=11.57&lon=104.89"),
    "api/v1/places/search": ("all", "/api/v1/places/search?q=120404"),
    "api/v1/places/units": ("all", "/api/v1/places/units?place={place}"),
    "api/v1/places/units.csv": ("all", "/api/v1/places/units.csv?place={place}"),
    "api/v1/places/units.geojson": ("all", "/api/v1/places/units.geojson?level=commune&within={place}"),
    "api/v1/places/units.xlsx": ("all", "/api/v1/places/units.xlsx?place={place}"),
    "api/v1/places/units/<key>": ("all", "/api/v1/places/units/{place}"),
    "ledger": ("door", "/ledger"),
    "ledger/": ("door", "/ledger/"),
    "ledger/checkpoint": ("all", "/ledger/checkpoint"),
    "ledger/consistency": ("all", "/ledger/consistency?from=1&to=2"),
    "ledger/inclusion": ("all", "/ledger/inclusion?entry=0&size=2"),
    "ledger/key": ("all", "/ledger/key"),
    "ledger/keys": ("all", "/ledger/keys"),
    "ledger/receipts/<uuid:entry>.txt": ("none", "/ledger/receipts/{random_uuid}.txt"),
    "verify": ("door", "/verify"),
    "L/verify": ("all", "/en/verify"),
    "metrics": ("door", "/metrics"),
    "L/": ("all", "/en/"),
    "L/holidays": ("all", "/en/holidays"),
    "L/ledger": ("all", "/en/ledger"),
    "L/ledger/receipts/<uuid:entry>": ("none", "/en/ledger/receipts/{random_uuid}"),
    "L/places": ("all", "/en/places"),
    "L/places/<str:key>": ("all", "/en/places/{place}"),
    "L/places/search": ("all", "/en/places/search?q={place}"),
    "L/report/map/<str:key>.svg": ("all", "/en/report/map/{place}.svg"),
    "L/halls/<str:key>": ("all", "/en/halls/{place}"),
    "L/halls/<str:key>/prices": ("all", "/en/halls/{place}/prices"),
    "L/halls/(?P<key>[^/]{1,48})/prices-(?P<size>a[34])\\.pdf": ("all", "/en/halls/{place}/prices-a4.pdf"),
    "L/halls/<str:key>/comments": ("all", "/en/halls/{place}/comments"),
    "L/rate/<str:key>": ("all", "/en/rate/{rating}"),
    "L/ask": ("all", "/en/ask"),
    "L/services": ("all", "/en/services"),
    "L/services/<str:code>": ("all", "/en/services/RP-SEWER"),
    "L/services/<str:code>/apply": ("all", "/en/services/CR-BIRTH/apply"),
    "L/report": ("all", "/en/report"),
    "L/report/token": ("all", "/en/report/token"),
    "L/offline": ("all", "/en/offline"),
    "worker.js": ("all", "/worker.js"),
    "open/": ("all", "/open/"),
    "open/reports/dictionary.json": ("all", "/open/reports/dictionary.json"),
    "open/reports.<str:kind>": ("public", "/open/reports.csv?place={place}"),
    "L/map": ("all", "/en/map?q={place}"),
    "L/map/<str:key>": ("public", "/en/map/{place}"),
    "L/map/<str:key>/reports.svg": ("all", "/en/map/{place}/reports.svg"),
    "L/map/<str:key>/reports.atom": ("public", "/en/map/{place}/reports.atom"),
    "L/embed/<str:key>": ("all", "/en/embed/{place}"),
    "L/requests": ("all", "/en/requests?number={number}"),
    "L/requests/<str:code>": ("code", "/en/requests/{code}"),
    "L/requests/<str:code>/received": ("code", "/en/requests/{code}/received"),
    "L/requests/<str:code>/receipt": ("code", "/en/requests/{code}/receipt"),
    "L/work": ("desk", "/en/work"),
    "L/work/new": ("door", "/en/work/new"),
    "L/work/services": ("services", "/en/work/services"),
    "L/work/services\\.(?P<kind>xlsx|json)": ("services", "/en/work/services.json"),
    "L/work/services/import": ("services", "/en/work/services/import"),
    "L/work/services/new": ("services", "/en/work/services/new"),
    "L/work/services/<str:code>": ("services", "/en/work/services/RP-SEWER"),
    "L/work/services/<str:code>/history": ("services", "/en/work/services/RP-SEWER/history"),
    "L/work/lists": ("desk", "/en/work/lists"),
    "L/work/rules": ("door", "/en/work/rules"),
    "L/work/rules/<uuid:rule_id>": ("door", "/en/work/rules/{random_uuid}"),
    "L/work/requests/<uuid:request_id>/subtasks": ("told", "/en/work/requests/{id}/subtasks"),
    "L/work/several": ("door", "/en/work/several"),
    "L/work/answers": ("door", "/en/work/answers"),
    "L/work/answers/<uuid:phrase_id>": ("door", "/en/work/answers/{random_uuid}"),
    "L/work/messages": ("door", "/en/work/messages"),
    "L/work/corrections": ("door", "/en/work/corrections"),
    "L/work/requests/<uuid:request_id>/held": ("told", "/en/work/requests/{id}/held"),
    "L/work/requests/<uuid:request_id>/correction": ("told", "/en/work/requests/{id}/correction"),
    "L/work/requests/<uuid:request_id>/contact": ("told", "/en/work/requests/{id}/contact"),
    "L/work/escalated": ("escalated", "/en/work/escalated"),
    "L/work/comments": ("door", "/en/work/comments"),
    "L/work/list-(?P<view>[a-z]{1,12})\\.(?P<kind>csv|xlsx|json)": ("desk", "/en/work/list-all.csv"),
    "L/work/requests/<uuid:request_id>": ("case", "/en/work/requests/{id}"),
    "L/counter": ("counter", "/en/counter"),
    "L/counter/cash": ("counter", "/en/counter/cash"),
    "L/counter/cash/close": ("closes", "/en/counter/cash/close"),
    "L/counter/cash/days/<str:day>": ("door", "/en/counter/cash/days/2001-01-01"),
    "L/counter/receipts/<uuid:line_id>": ("door", "/en/counter/receipts/{random_uuid}"),
    "L/counter/kiosks": ("devices", "/en/counter/kiosks"),
    "L/counter/kiosk": ("door", "/en/counter/kiosk"),
    "L/counter/kiosk/<str:key>": ("none", "/en/counter/kiosk/{random}"),
    "L/counter/screen": ("door", "/en/counter/screen"),
    "L/counter/tickets/<str:code>": ("none", "/en/counter/tickets/{random}"),
    "L/counter/tickets/<str:code>/paper": ("none", "/en/counter/tickets/{random}/paper"),
    "L/work/requests/<uuid:request_id>/split": ("splits", "/en/work/requests/{id}/split"),
    "L/work/requests/<uuid:request_id>/joined": ("case", "/en/work/requests/{id}/joined"),
    "L/figures": ("all", "/en/figures"),
    "L/figures/(?P<code>[a-z0-9_.]{1,64})": ("all", "/en/figures/window.received"),
    "L/figures/(?P<code>[a-z0-9_.]{1,64})/table\\.(?P<kind>csv|xlsx|json)": (
        "all",
        "/en/figures/window.received/table.csv",
    ),
    "L/figures/(?P<code>[a-z0-9_.]{1,64})/map": ("all", "/en/figures/window.received/map"),
    "L/figures/(?P<code>[a-z0-9_.]{1,64})/sources": (
        "all",
        "/en/figures/window.received/sources?place={place}",
    ),
    "sign-in/back": ("none", "/sign-in/back"),
    "L/sign-in": ("door", "/en/sign-in"),
    "L/sign-in/again": ("session", "/en/sign-in/again"),
    "L/sign-in/factor": ("door", "/en/sign-in/factor"),
    "L/sign-in/passkey": ("all", "/en/sign-in/passkey"),
    "L/sign-in/provider": ("none", "/en/sign-in/provider"),
    "L/invitation": ("all", "/en/invitation"),
    "L/sign-out": ("post", "/en/sign-out"),
    "L/account": ("session", "/en/account"),
    "L/account/codes": ("door", "/en/account/codes"),
    "L/account/codes.txt": ("door", "/en/account/codes.txt"),
    "L/account/factors": ("session", "/en/account/factors"),
    "L/accounts": ("keeper", "/en/accounts?office=commune-hall-{place}"),
    "L/accounts/<uuid:person_id>": ("door", "/en/accounts/{random_uuid}"),
    "L/accounts/new": ("keeper", "/en/accounts/new?office=commune-hall-{place}"),
    "L/powers": ("all", "/en/powers"),
    "L/parts": ("all", "/en/parts"),
    "L/parts/staff": ("door", "/en/parts/staff"),
}


def routes() -> Iterator[str]:
    """Every address pattern of the house; ``L/`` stands for the language."""

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
        for pattern in patterns:
            text = str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, before + ("L/" if text in ("km/", "en/") else text))
            else:
                yield before + re.sub(r"(^|/)\^", r"\1", text).rstrip("$")

    yield from walk(get_resolver().url_patterns, "")


def test_every_route_is_listed() -> None:
    found = set(routes())
    assert sorted(found - set(ROUTES)) == [], "routes that nobody thought about who may have them"
    assert sorted(set(ROUTES) - found) == [], "routes that are gone"


@pytest.fixture
def cases(db: None) -> dict[str, Case]:
    """A request in each of the two communes."""
    made = {}
    for number, place in enumerate(COMMUNES):
        village = places.children(place)[0].key
        words = {
            "description": f"words-{place}-told",
            "location": f"spot-{place}-told",
            "name": f"Resident {place} Told",
        }
        phone = f"+8551200099{number}"
        got = window.receive(by=RESIDENT, service="RP-SEWER", place=village, phone=phone, **words)
        secrets = (*words.values(), phone, phone.replace("+855", "0"), phone[-6:])
        rating = queries.rating_key(got.request)
        made[place] = Case(place, str(got.request.id), got.code, got.request.number, secrets, rating)
    measures.roll_up()  # else no figure has anything that its sources could give away
    return made


@pytest.fixture
def tokens(accounts: dict[str, dict[str, str]]) -> dict[str, str]:
    """An API token of each account."""
    made = {}
    for username in accounts:
        user = accounts_queries.user(username)
        post = accounts_actions.posts_today(user)[0]
        made[username] = accounts_actions.issue_token(by=system("tests"), user=user, appointment=post)[0]
    return made


def callers(
    accounts: dict[str, dict[str, str]], tokens: dict[str, str], sign_in: Callable[[str], Client]
) -> Iterator[tuple[str, str, Client]]:
    yield "", "nobody", Client()
    for username in accounts:
        yield username, "session", sign_in(username)
        yield username, "token", Client(headers={"Authorization": f"Bearer {tokens[username]}"})


def wanted(access: str, who: str, way: str, case: Case, api: bool) -> set[int]:
    """The statuses that are right."""
    stranger = {401} if api else {302, 401}
    match access:
        case "all" | "code" | "public":
            return {200}
        case "none":
            return {404}
        case "signed":
            return {200} if who else stranger
        case "session":
            return {200} if who and way == "session" else {403} if who else stranger
        case "services":
            return {200} if who == "ministry" else {403} if who else stranger
        case "keeper":
            return {200} if who == "admin" and way == "session" else {403} if who else stranger
        case "desk":
            return {200} if who in DESK else {403, 404} if who else stranger
        case "case":
            return {200} if who in SEES[case.place] else {404} if who else stranger
        case "told":
            return {200} if who in TOLD[case.place] else {403, 404} if who else stranger
        case "splits":
            may = {f"{name}{case.place}" for name in ("chief", "clerk")}
            return {200} if who in may else {403} if who in SEES[case.place] else {404} if who else stranger
        case "counter" | "closes" | "devices" | "escalated":
            return {200} if who in ONLY[access] else {403} if who else stranger
        case "post":
            return {405} | stranger | {404}
        case _:
            return {200, 302, 401, 403, 404, 503}


def text_of(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if answer.headers.get("Content-Type", "").startswith("application/vnd.openxml"):
        import io

        import openpyxl

        book = openpyxl.load_workbook(io.BytesIO(body))
        return "\n".join(
            str(value) for sheet in book for row in sheet.iter_rows(values_only=True) for value in row
        )
    return body.decode("utf-8", errors="replace") + json.dumps(dict(answer.headers))


def leaks(text: str, who: str, access: str, url_case: Case, cases: dict[str, Case]) -> list[str]:
    """What stands in the answer that this caller may not read."""
    found = []
    for place, case in cases.items():
        opened = access == "code" and case is url_case
        if who not in TOLD[place] and not opened:
            found += [f"told in {place}: {word}" for word in case.secrets if word in text]
        echoed = case is url_case and access in (
            "all",
            "door",
            "public",
        )  # the address itself names the number
        if who not in SEES[place] and not opened and not echoed and access != "public":
            found += [f"number of {place}"] * (case.number in text)
        if not opened and not (access in ("case", "told", "splits", "post") and case is url_case):
            found += [f"id of {place}"] * (who not in SEES[place] and case.id in text)
        if not opened:
            found += [f"code of {place}"] * (case.code in text)
    return found


@pytest.mark.once  # the filters it asks with are tried on both databases by the rooms' own tests
@pytest.mark.django_db
def test_matrix(
    cases: dict[str, Case],
    accounts: dict[str, dict[str, str]],
    tokens: dict[str, str],
    sign_in: Callable[[str], Client],
) -> None:
    faults, asked = [], 0
    for who, way, client in callers(accounts, tokens, sign_in):
        for access, template in ROUTES.values():
            for case in cases.values():
                url = template.format(
                    id=case.id,
                    code=case.code,
                    rating=case.rating,
                    number=case.number,
                    place=case.place,
                    random=NOBODY.hex,
                    random_uuid=NOBODY,
                )
                answer = client.get(url)
                asked += 1
                right = wanted(access, who, way, case, api=url.startswith("/api/"))
                if answer.status_code not in right:
                    faults.append(
                        f"{who or 'nobody'} by {way}: GET {url}: {answer.status_code}, not {sorted(right)}"
                    )
                faults += [
                    f"{who or 'nobody'} by {way}: GET {url}: leaks {leak}"
                    for leak in leaks(text_of(answer), who, access, case, cases)
                ]
                if "{" not in template:
                    break
    assert asked > len(ROUTES) * 2 * len(accounts)
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults[:60])


@pytest.mark.django_db
@pytest.mark.parametrize("verb", STEPS)
def test_steps(
    verb: str,
    cases: dict[str, Case],
    accounts: dict[str, dict[str, str]],
    tokens: dict[str, str],
    sign_in: Callable[[str], Client],
) -> None:
    """Who may not see a case gets 404 for every step, who may not do it 403, and only who may gets as far as the version."""
    faults = []
    for who, way, client in callers(accounts, tokens, sign_in):
        for case in cases.values():
            able = {f"{name}{case.place}" for name in STEPS[verb]}
            right = {412} if who in able else {403} if who in SEES[case.place] else {404} if who else {401}
            answer = client.post(
                f"/api/v1/window/requests/{case.id}/{verb}",
                {"text": "a step"} if verb != "take" else {},
                content_type="application/json",
                headers={"If-Match": '"999"'},
            )
            if answer.status_code not in right:
                faults.append(
                    f"{who or 'nobody'} by {way}: {verb} in {case.place}: {answer.status_code}, not {sorted(right)}"
                )
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults[:60])
