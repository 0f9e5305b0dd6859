"""How is what `make bench` measured written down? The Markdown page, ratios first."""

import argparse
import os
import platform
import re
import statistics
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

BAR = {"intake": 1.3, "queue": 1.5, "record": 2.0, "tracking": 1.4}
AIM = {"intake": 2.5, "queue": 4.0, "record": 2.5, "tracking": 2.0}
TITLES = {
    "intake": "take in a request (API, no photo)",
    "queue": "staff queue of 50",
    "record": "one record's page",
    "tracking": "a resident's tracking page",
    "home": "home page",
    "search": "place search (API)",
    "province": "the queue of a province's officer",
    "nation": "the queue of the ministry",
    "last": "what was done last, sorted by its day",
    "found": "the queue searched for a number",
    "report": "the first page of reporting a problem",
}
BARE = """A bare view is what a good engineer writes for the same visible page when one office, one language and one trusted reader are all there is (`tools/bench_bare.py`): Django's own queries, as few as the page needs and with only the columns it shows, in the same process, without middleware, sign-in, permission, checks, headers or compression.

- Taking in makes the same rows by `bulk_create`, with both counters, in one transaction, of values that are ready: nothing is validated, hashed or counted.
- The staff list renders Sala's own template: the fifty rows with their services, all six counts in one aggregate, the choices of all filters, the menu.
- A record's page is its own template without macros, in one language; it shows the same facts, steps, people, entries, readers and buttons.
- A resident's page renders Sala's own template from the same rows.
- The home page is ten links: nobody's bar."""


def load() -> str:
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())


def machine() -> str:
    """The machine in the words a reader needs: processors and memory, no name."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{len(os.sched_getaffinity(0))} cores, {pages / 2**30:.0f} GB"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        "|---|" + "---|" * (len(head) - 1),
        *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows),
        "",
    ]


def _ratios(pair: Any) -> list[float]:
    sala, bare = pair
    return [one / other for one, other in zip(sala.total(), bare.total(), strict=True) if other > 0]


def _ratio(pair: Any) -> str:
    found = _ratios(pair)
    return f"{statistics.median(found):.2f} ({min(found):.2f}-{max(found):.2f})"


def _cost(cost: Any) -> str:
    beside = f"+{statistics.median(cost.beside):.1f}" if any(cost.beside) else ""
    return f"{statistics.median(cost.server):.1f}{beside}"


def _missed(results: Sequence[Any]) -> str:
    missed = [
        f"{TITLES[name]} in {result.kind} ({statistics.median(_ratios(result.costs[name])):.2f}, bar {bar})"
        for result in results
        for name, bar in BAR.items()
        if statistics.median(_ratios(result.costs[name])) > bar
    ]
    return f"**Not met:** {'; '.join(missed)}." if missed else "Every bar is met."


def _judged(kind: str, over: list[str]) -> str:
    """What is said of the pages whose cost more than doubled. The bar is for the database that a hall of this size stands on."""
    if kind == "PostgreSQL":
        return "The bar is 2. " + (f"**Not met:** {', '.join(over)}." if over else "It is met.")
    grown = f"More than doubled: {', '.join(over)}." if over else "None has doubled."
    return f"{grown} No bar is set here: a hall with a million requests stands on PostgreSQL."


def _growth(results: Sequence[Any]) -> list[str]:
    lines = []
    for result in results:
        if len(result.grown) < 2:
            continue
        few, many = sorted(result.grown)
        rows, over = [], []
        for name in result.grown[few]:
            small, large = (statistics.median(_ratios(result.grown[size][name])) for size in (few, many))
            costs = [_cost(result.grown[size][name][0]) for size in (few, many)]
            rows.append([TITLES[name], *costs, f"{large / small:.2f}"])
            if large / small > 2:
                over.append(TITLES[name])
        lines += [
            f"## From {few:,} to {many:,} requests, {result.kind}",
            "",
            "CPU milliseconds; the factor is reckoned with the same piece of work beside each, so that the machine's other work "
            "cancels out. " + _judged(result.kind, over),
            "",
            *table(["", f"{few:,}", f"{many:,}", "factor"], rows),
        ]
    return lines


def report(
    results: Sequence[Any], given: argparse.Namespace, loads: tuple[str, str], began: datetime, places: str
) -> str:
    """The page."""
    kinds = [result.kind for result in results]

    def each(title: str, cell: Callable[[Any], str]) -> list[str]:
        return [title, *(cell(result) for result in results)]

    measured = [name for name in TITLES if name in results[0].costs]
    busy = max(float(text.split(",")[0]) for text in loads) > 2
    lines = [
        "# Performance",
        "",
        f"Measured on {began:%Y-%m-%d} by `make bench` on {given.machine or machine()}, Python {platform.python_version()}; load of the "
        f"machine {loads[0]} before and {loads[1]} after (1, 5, 15 minutes; the bench itself keeps one to two cores busy)."
        + (
            " Other work shared the cores: times are longer than on a calm machine, ratios hardly differ."
            if busy
            else ""
        )
        + f" {given.total:,} requests (a demonstration of {given.base:,}, multiplied); {given.rounds} rounds, ten requests of Sala and ten of the bare view in turn, of {given.each} "
        "requests each, one connection.",
        "",
        "## Ratios to a bare Django view",
        "",
        "CPU of the server's process tree and of PostgreSQL's processes beside it for Sala's request, divided by that of a bare view in the "
        "same process. Median of the rounds' ratios, lowest and highest in brackets. " + _missed(results),
        "",
        *table(
            ["", *kinds, "bar"],
            [
                [*each(TITLES[name], lambda r, n=name: _ratio(r.costs[n])), BAR.get(name, "")]
                for name in measured
            ],
        ),
        BARE,
        "",
        "## Milliseconds",
        "",
        "CPU milliseconds a request, median of the rounds: Sala / bare view; for PostgreSQL its own processes are the number after the plus.",
        "",
        *table(
            ["", *kinds, "aim"],
            [
                [
                    *each(TITLES[name], lambda r, n=name: " / ".join(_cost(cost) for cost in r.costs[n])),
                    AIM.get(name, ""),
                ]
                for name in measured
            ],
        ),
        "## Requests a second",
        "",
        "One server process; 1 and 8 connections that ask as fast as they are answered, the asking on the same machine.",
        "",
        *table(
            ["", *kinds],
            [
                each(
                    TITLES[name], lambda r, n=name: " / ".join(f"{rate[n]:.0f}" for rate in r.rates.values())
                )
                for name in results[0].rates[1]
            ],
        ),
        *_growth(results),
    ]
    for kind, pages in given.pages.items():
        if kind == kinds[0]:
            lines += [
                "## A resident's page on a slow phone",
                "",
                "First visit, empty cache, Chromium with a processor slowed 6 times and a network of 400 kbit/s and 300 ms; bytes with headers.",
                "",
                *table(
                    ["", "bytes", "requests", "first paint"],
                    [
                        [TITLES[name], f"{page.bytes:,}", page.requests, f"{page.paint / 1000:.1f} s"]
                        for name, page in pages.items()
                    ],
                ),
            ]
    if places:
        lines += [
            "## Place search",
            "",
            "One wrong letter in each name; bars: 0.99 in the first ten, 95 % within 5 ms.",
            "",
        ]
        lines += [f"- {re.sub('; missed:.*', '', line)}" for line in places.splitlines()] + [""]
    wrote = ", ".join(f"{count} {name}" for name, count in sorted(results[0].rows.items()))
    lines += [
        "## Besides",
        "",
        *table(
            ["", *kinds],
            [
                each(f"`sala init --demo`, {given.base:,} requests", lambda r: f"{r.init_seconds:.0f} s"),
                each("web server, from start to the first answer", lambda r: f"{r.start_seconds:.1f} s"),
                each("memory of the web server after the rounds", lambda r: f"{r.memory} MB"),
            ],
        ),
        f"Rows that taking in one request writes, by Sala and by the bare view: {wrote}, 2 counters.",
        "",
    ]
    return "\n".join(lines)
