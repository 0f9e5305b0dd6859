"""Are the pages accessible, light and well-behaved in a real browser, in both languages, at 320, 360 and 1366 pixels?"""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from sala.window import rules
from tests.browser.chromium import chromium, window
from tests.browser.walk import Walk
from tests.hall import Hall

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("hall")]

PUBLIC = (
    "", "halls/120404", "services", "services/RP-SEWER", "services/CR-BIRTH/apply", "report", "offline", "requests", "places", "places/120404",
    "places/search?q=tek+laak", "figures", "figures/window.on_time", "figures/window.received/sources", "figures/cdb.electricity", "figures/cdb.electricity/map",
    "powers?office=commune-hall-120404", "ledger", "holidays", "sign-in", "parts", "nowhere",
    "map/120404", "halls/120404/prices", "halls/120404/comments", "verify", "ask",
)  # fmt: skip
STAFF = ("work", "work?view=all", "work/new", "account", "powers", "figures", "parts/staff")
WIDTHS = (320, 360, 1366)
AXE = {"km": (320, 1366), "en": (320,)}
"""Widths at which axe looks: what it judges differs by layout, and there are two; by language only names and contrast of texts."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def sign_in(context: BrowserContext, hall: Hall, username: str) -> None:
    page = context.new_page()
    page.goto(f"{hall.url}/en/sign-in")
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(hall.accounts[username]["password"])
    page.locator("main button.btn:not(.alt)").click()
    page.wait_for_url(
        lambda url: not url.endswith("/sign-in")
    )  # closed meanwhile, it would never be signed in
    page.close()


def seen(page: Page, name: str) -> list[str]:
    """What axe finds on the open page, and what runs out of the window, at every width."""
    faults = []
    before = page.viewport_size
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found = (
            Axe().run(page).response["violations"]
            if width in AXE[page.locator("html").get_attribute("lang") or ""]
            else []
        )
        for violation in found:
            faults.append(f"{name} at {width}: axe {violation['id']}: {violation['nodes'][0]['html'][:160]}")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            faults.append(f"{name} at {width}: {wide} px wider than the window")
    page.set_viewport_size(before)
    return faults


def faults_of(context: BrowserContext, url: str) -> list[str]:
    """What axe finds, what the browser complains about, and text that runs out of the window, at every width."""
    said: list[str] = []
    page = context.new_page()
    page.on(
        "console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    faults = seen(page, url)
    page.close()
    return faults + [f"{url}: console: {text[:200]}" for text in said if "404" not in text]


@pytest.mark.parametrize("language", ["km", "en"])
def test_public_pages(hall: Hall, browser: Browser, language: str) -> None:
    context = window(browser, 360, language)
    faults = [fault for path in PUBLIC for fault in faults_of(context, f"{hall.url}/{language}/{path}")]
    context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", ["km", "en"])
def test_staff_pages(hall: Hall, browser: Browser, language: str) -> None:
    context = window(browser, 360, language)
    sign_in(context, hall, "clerk120404")
    page = context.new_page()
    page.goto(f"{hall.url}/{language}/work?view=all")
    record = f"{hall.url}{page.locator('#queue tbody th a').first.get_attribute('href')}"
    page.close()
    urls = [f"{hall.url}/{language}/{path}" for path in STAFF] + [record, f"{record}?do=ask"]
    faults = [fault for url in urls for fault in faults_of(context, url)]
    context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", ["km", "en"])
def test_every_page_of_the_walk(hall: Hall, browser: Browser, language: str, tmp_path: Path) -> None:
    """Also the pages between: the steps of the report, with an error, the record in its states, asked and rated."""
    faults: list[str] = []
    walk = Walk(
        hall, browser, tmp_path, language=language, shoot=lambda page, name: faults.extend(seen(page, name))
    )
    walk.all()
    assert not faults, "\n".join(faults)


NAMELESS = re.compile(r"\s*- (button|link|textbox|combobox|checkbox|radio|searchbox|table|img)( \[.*\])?:?")


def test_what_a_screen_reader_hears(hall: Hall, browser: Browser) -> None:
    """The tree of residents' pages at 320 px: one heading of the first level, a main part, and a name for whatever can be used."""
    context = window(browser, 320)
    page = context.new_page()
    faults = []
    for path in PUBLIC:
        page.goto(f"{hall.url}/km/{path}")
        tree = page.locator("body").aria_snapshot().splitlines()
        first = [line for line in tree if re.match(r"\s*- heading .*\[level=1\]", line)]
        if len(first) != 1:
            faults.append(f"{path}: {len(first)} headings of the first level")
        if not any(line.strip().startswith("- main") for line in tree):
            faults.append(f"{path}: no main part")
        faults += [f"{path}: nameless: {line.strip()}" for line in tree if NAMELESS.fullmatch(line)]
    context.close()
    assert not faults, "\n".join(faults)


def test_a_request_and_its_receipt(hall: Hall, browser: Browser) -> None:
    context = window(browser, 360)
    made = context.request.post(
        f"{hall.url}/api/v1/window/requests",
        data=json.dumps({"service": "RP-SEWER", "place": "120404", "description": "ស្ទះលូ"}),
        headers={"Content-Type": "application/json"},
    )
    assert made.status == 201, made.text()
    code = made.json()["code"]
    assert rules.read_code(code)
    page = context.new_page()
    page.goto(f"{hall.url}/km/requests/{code}")
    receipt = page.locator("a[href*='/ledger/receipts/']").first.get_attribute("href")
    page.close()
    assert receipt
    paths = (
        f"requests/{code}",
        f"requests/{code}/received",
        f"requests/{code}/receipt",
        receipt.removeprefix("/km/"),
    )
    faults = [fault for path in paths for fault in faults_of(context, f"{hall.url}/km/{path}")]
    context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "report",
        "services",
        "halls/120404",
        "figures",
        "figures/window.on_time",
        "figures/cdb.electricity",
        "powers",
    ],
)
def test_a_residents_page_weighs_at_most_60_kilobytes_in_4_requests(
    hall: Hall, browser: Browser, path: str
) -> None:
    """First visit on a phone that has neither the fonts nor anything cached: what goes over the wire, headers apart."""
    context = window(browser, 360)
    page = context.new_page()
    sizes: dict[str, int] = {}

    page.on(
        "requestfinished", lambda request: sizes.__setitem__(request.url, request.sizes()["responseBodySize"])
    )
    page.goto(f"{hall.url}/km/{path}")
    page.wait_for_load_state("networkidle")
    context.close()
    fonts = (
        33_000 if not any("woff2" in url for url in sizes) else 0
    )  # the machine has the font: count what a phone without it loads
    asked = len(sizes) + (2 if fonts else 0)
    total = sum(sizes.values()) + fonts
    assert asked - sum("icon" in url for url in sizes) <= 4, sizes
    assert total <= 60_000, (total, sizes)


def test_pages_are_compressed(hall: Hall, browser: Browser) -> None:
    context = window(browser, 360)
    answer = context.request.get(f"{hall.url}/km/services", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(gzip.compress(answer.body())) < 20_000
    context.close()


def test_the_policy_allows_nothing_unsafe(hall: Hall, browser: Browser) -> None:
    context = window(browser, 360)
    for path in ("/km/", "/km/report", "/en/figures", "/api/v1/docs", "/km/ledger"):
        policy = context.request.get(f"{hall.url}{path}").headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
    context.close()
