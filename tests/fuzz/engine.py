"""Schemathesis against the house: who asks, what counts as right beside its own checks, and how calls reach the test's database."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from random import Random
from typing import Any

import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, transaction
from schemathesis.config import (
    ChecksConfig,
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    StatefulPhaseConfig,
)
from schemathesis.config._auth import AuthConfig
from schemathesis.config._checks import MissingRequiredHeaderConfig, NegativeDataRejectionConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.transport.wsgi import WSGI_TRANSPORT

# A call that is well formed may still be refused for what it means (422): a place that is not in the gazetteer, a post
# that is taken. Any other code on well-formed data says that the description promises more than is taken.
MEANING = {
    "unknown", "unknown-value", "no-office", "required", "not-here", "name", "taken", "post-taken", "end-before-start",
    "wrong-office-kind", "future", "before-from", "date", "invalid", "phone", "email", "idempotency-key-reused",
    "outside", "half", "scope", "one-goal", "not-there", "past", "too-many", "nothing",
}  # fmt: skip

CHECKS = ChecksConfig(
    # 412: a version that is drawn is hardly the present one. 422: see MEANING and `refused_for_its_meaning`.
    positive_data_acceptance=PositiveDataAcceptanceConfig(
        expected_statuses=["2xx", "401", "403", "404", "409", "412", "422", "429"]
    ),
    # Beside schemathesis' own: too long for an address or a header, a version that is none of the record's.
    negative_data_rejection=NegativeDataRejectionConfig(
        expected_statuses=[
            "400",
            "401",
            "403",
            "404",
            "405",
            "409",
            "412",
            "413",
            "414",
            "415",
            "422",
            "428",
            "429",
            "431",
        ]
    ),
    # If-Match that is missing is 428 (RFC 6585).
    missing_required_header=MissingRequiredHeaderConfig(
        expected_statuses=["400", "401", "403", "404", "415", "422", "428"]
    ),
)


@schemathesis.check
def refused_for_its_meaning(ctx: Any, response: Any, case: Any) -> None:
    """What the description calls right is refused only for what it means, never for its form."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 422:
        return
    errors = response.json()["errors"]
    # What a service asks is data, which no description of the API can know.
    codes = {error["code"] for error in errors if not error["field"].startswith("attributes.")}
    assert errors and codes <= MEANING, f"well-formed data was refused for its form: {response.text}"


@schemathesis.check
def problems_look_alike(ctx: Any, response: Any, case: Any) -> None:
    """Whatever goes wrong is told as a problem whose status is the answer's, in a language we have, and is kept nowhere."""
    if response.status_code < 400:
        return
    headers = {name.lower(): value[0] for name, value in response.headers.items()}
    if case.method == "HEAD" or response.request.method == "HEAD":
        return
    assert headers.get("content-type") == "application/problem+json", headers
    body = response.json()
    assert body["status"] == response.status_code and body["title"] and body["detail"], body
    assert body["type"].startswith("urn:sala:problem:"), body
    assert "no-store" in headers["cache-control"], headers


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Three times of four, well-formed data also names what exists, so that calls get beyond the door."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    for name, values in EXISTING.get(case.operation.definition.raw["operationId"], {}).items():
        place = case.query if case.method == "GET" else case.body
        if isinstance(place, dict) and RANDOM.random() < 0.75:
            place[name] = RANDOM.choice(values)


RANDOM = Random()
# By operation: fields of its body, or of its query. The test adds what only its database knows.
EXISTING: dict[str, dict[str, list[Any]]] = {
    "window_make_request": {
        "service": ["RP-SEWER", "CT-ALIVE"],
        "place": ["120404", "12040402", "020801", "02080101"],
        "phone": ["", "012 345 678"],
        "email": ["", "tara@example.com"],
        "description": ["ទឹកលូហៀរលើផ្លូវ", "A blocked sewer"],
        "location": ["ផ្លូវលេខ ២៨៩"],
    },
    "window_step": {"text": ["ក្រុមការងារនឹងមកថ្ងៃស្អែក។", "We come tomorrow."], "assigned": [None]},
    "offices_add_holiday": {"office": [None, "commune-hall-120404", "commune-hall-020801"]},
    "offices_appoint": {
        "post": ["clerk", "front_desk_officer", "commune_chief", "councillor"],
        "office": ["commune-hall-120404", "commune-hall-120403", "commune-hall-020802"],
        "start": ["2026-01-01", "2027-03-01"],
        "end": [None],
        "instrument": [{"kind": "decision"}],
    },
    "offices_end": {"end": ["2027-06-30", "2028-01-31"]},
    "places_locate": {"lat": [11.57], "lon": [104.89]},
}


def _in_process(case: Any, **kwargs: Any) -> Any:
    """Schemathesis hands what only a network needs to a WSGI application in its checks of authentication, and fails."""
    for name in ("max_redirects", "verify", "cert", "proxies"):
        kwargs.pop(name, None)
    return _send(case, **kwargs)


_send = WSGI_TRANSPORT.send
WSGI_TRANSPORT.send = _in_process  # type: ignore[method-assign]


class House:
    """The house as a WSGI application that every thread may call, inside the transaction of the test.

    Each call has an address of its own, so that the limits of one network do not end the fuzzing.
    """

    def __init__(self) -> None:
        self.handler = WSGIHandler()
        self.connection = connections["default"]
        self.connection.inc_thread_sharing()
        self.calls: Counter[str] = Counter()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        connections["default"] = self.connection
        environ["REMOTE_ADDR"] = str(IPv4Address(RANDOM.getrandbits(32)))
        environ.pop("HTTP_ACCEPT_ENCODING", None)  # the caller does not unpack
        self.calls[environ["REQUEST_METHOD"]] += 1
        mark = transaction.savepoint()
        try:
            answer = self.handler(environ, start_response)
            body = [b"".join(answer)]
            if hasattr(answer, "close"):
                answer.close()
        finally:
            # Outside of a test each statement stands alone; here one that the database refused would spoil all that follow.
            if broken(self.connection):
                transaction.savepoint_rollback(mark)
            else:
                transaction.savepoint_commit(mark)
        return body


@contextmanager
def connection_kept() -> Iterator[None]:
    """As Django's own test client does: the end of a call must not close the connection in whose transaction the test is."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def broken(wrapper: Any) -> bool:
    """Whether the database's transaction takes no more statements."""
    if wrapper.vendor != "postgresql":
        return False
    from psycopg.pq import TransactionStatus

    return bool(wrapper.connection.info.transaction_status == TransactionStatus.INERROR)


@dataclass
class Report:
    """What a run did: calls, operations that answered well, and what went wrong."""

    calls: int = 0
    scenarios: int = 0
    covered: set[str] = field(default_factory=set)
    linked: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def add(self, other: "Report") -> None:
        """Take in what another run did."""
        self.calls += other.calls
        self.scenarios += other.scenarios
        self.covered |= other.covered
        self.linked += other.linked
        self.statuses += other.statuses
        self.checks += other.checks
        self.failures = {**other.failures, **self.failures}


def run(
    known_by: Mapping[str, dict[str, Any]],
    headers: Mapping[str, str],
    *,
    seed: int,
    seconds: int | None = None,
    examples: int,
    coverage: bool,
    files: bool,
) -> Report:
    """Every phase of schemathesis (coverage of each parameter, drawn data, drawn walks along the links) as one caller.

    ``known_by``: the security scheme by which the caller is known, and its secret; ``headers`` go with every call.

    It ends after ``seconds``, if any, or when every operation had its ``examples``; ``coverage``: also every parameter's
    bounds one by one, methods that are not there, headers that are missing; ``files``: also lists of the whole country.
    """
    config = SchemathesisConfig(
        seed=seed,
        max_time=seconds,
        projects=ProjectsConfig(
            default=ProjectConfig(
                headers=dict(headers),
                auth=AuthConfig(openapi=dict(known_by)),
                workers=1,
                continue_on_failure=True,
                checks=CHECKS,
                generation=GenerationConfig(max_examples=examples, no_shrink=True, database="none"),
                phases=PhasesConfig(
                    coverage=CoveragePhaseConfig(enabled=coverage),
                    stateful=StatefulPhaseConfig(max_steps=6),
                ),
            )
        ),
    )
    RANDOM.seed(seed)
    house = House()
    with connection_kept():
        schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", house, config=config)
    if not files:
        schema = schema.exclude(path_regex=r"\.[a-z]+$")
    report = Report()
    with connection_kept():
        for event in from_schema(schema).execute():
            note(report, event)
    report.calls = sum(house.calls.values())
    return report


def note(report: Report, event: Any) -> None:
    """Count what an event of the engine tells."""
    if isinstance(event, events.NonFatalError | events.FatalError):
        value = getattr(event, "value", None) or getattr(event, "exception", None)
        report.failures[f"{getattr(event, 'label', '')}: {type(value).__name__}"] = str(value)[:2000]
    if not isinstance(event, events.ScenarioFinished | events.FuzzScenarioFinished):
        return
    report.scenarios += 1
    recorder = event.recorder
    for key, interaction in recorder.interactions.items():
        if interaction.response is not None:
            status = interaction.response.status_code
            report.statuses[status] += 1
            node = recorder.cases.get(key)
            if node is not None and 200 <= status < 300:
                report.covered.add(node.value.operation.label)
                if node.transition is not None:
                    report.linked[node.value.operation.label] += 1
    for key, nodes in recorder.checks.items():
        for check in nodes:
            report.checks[check.name] += 1
            if check.status == Status.FAILURE and check.failure_info is not None:
                failure = check.failure_info.failure
                node = recorder.cases[key]
                name = f"{node.value.operation.label}: {check.name}: {failure.title}"
                if name not in report.failures:
                    interaction = recorder.interactions.get(key)
                    answer = interaction.response if interaction else None
                    said = answer.content[:600].decode(errors="replace") if answer and answer.content else ""
                    report.failures[name] = f"{failure.message}\n{check.failure_info.code_sample}\n{said}"


def told(report: Report) -> str:
    """The report for a reader."""
    lines = [
        f"{report.calls} calls in {report.scenarios} scenarios, {len(report.covered)} operations answered well, "
        f"{sum(report.linked.values())} along links, {sum(report.checks.values())} checks, {len(report.failures)} failures",
        json.dumps({str(code): count for code, count in sorted(report.statuses.items())}),
    ]
    return "\n".join(lines + [f"\n-- {name}\n{text}" for name, text in report.failures.items()])
