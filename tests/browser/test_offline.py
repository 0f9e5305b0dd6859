"""Does a report survive a cut network: exactly one request, its number seen, and nothing left on the phone that should not be?"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Browser, Page, expect

from sala.window import rules
from tests.browser.chromium import chromium, window
from tests.browser.cuts import WHERE, Cut, Line, Reporter, drawn, numbers, survive
from tests.browser.test_pages import seen, sign_in
from tests.browser.walk import KHMER, photo
from tests.hall import Hall

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("hall")]

CUTS = int(os.environ.get("SALA_CUTS", "4"))
SEED = os.environ.get("SALA_CUTS_SEED", "2026")
CACHED = re.compile(r"/(km|en)/offline|/static/(ui/(sala|icon)|window/waiting)[.\w]*\.(css|svg|js)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def line(hall: Hall) -> Iterator[Line]:
    made = Line(hall)
    yield made
    made.close()


@pytest.fixture
def faults() -> list[str]:
    """What pages complain about: looked at by each test's end."""
    return []


@pytest.fixture
def reporter(line: Line, browser: Browser, tmp_path: Path, faults: list[str]) -> Iterator[Reporter]:
    context = window(browser, 360)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield Reporter(line, page, tmp_path)
    context.close()
    assert not faults, faults


def cut_off(reporter: Reporter, words: str, where: str = "unanswered") -> None:
    """Written, sent over a line that breaks, and the page that says so."""
    reporter.line.mend()
    reporter.written(words)
    reporter.line.mend(Cut(where))
    reporter.forward()
    expect(reporter.page.locator("#unsent")).to_be_visible()


def cached(page: Page) -> list[str]:
    """The paths of everything in the browser's caches that scripts can fill."""
    return page.evaluate(  # type: ignore[no-any-return]
        """async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys())
             .map((each) => new URL(each.url).pathname)))).flat()"""
    )


def test_kept_on_the_phone_and_sent_once(reporter: Reporter, line: Line, hall: Hall) -> None:
    page, words = reporter.page, "kept-and-sent"
    cut_off(reporter, words)
    assert KHMER.search(page.locator("#unsent h2").inner_text())
    assert reporter.rows() == [], "kept before anybody said so"
    found = seen(page, "not sent")
    reporter.keep()
    (row,) = reporter.rows()
    assert row["state"] == "waits" and ["description", words] in row["fields"]  # type: ignore[operator]
    assert "csrfmiddlewaretoken" not in dict(row["fields"])  # type: ignore[call-overload]
    found += seen(page, "kept")
    page.locator("#kept [data-do=send]").click()
    expect(page.locator("#said")).to_have_text(re.compile("នៅតែគ្មានបណ្តាញ"))
    line.mend()
    page.context.clear_cookies()  # days later: the token of the form is worth nothing any more
    page.locator("#kept [data-do=send]").click()
    assert [reporter.number()] == numbers(hall, words)
    assert reporter.rows() == [], "not erased when it was sent"
    assert not found, "\n".join(found)


def test_sent_by_itself_when_the_network_is_back(reporter: Reporter, line: Line, hall: Hall) -> None:
    page, words = reporter.page, "sent-by-itself"
    cut_off(reporter, words, "body")
    reporter.keep()
    line.mend()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#kept [data-do=see]")).to_be_visible()
    (number,) = numbers(hall, words)
    assert number in page.locator("#kept").inner_text()
    (row,) = reporter.rows()
    assert (row["state"], row["fields"], row["files"]) == ("sent", [], 0), "what was written is still there"
    page.goto(reporter.address(""))
    bar = page.locator("main > .note").first
    expect(bar).to_contain_text(number)
    found = seen(page, "sent")
    bar.locator("a").click()
    assert reporter.number() == number
    assert reporter.rows() == []
    page.goto(reporter.address(""))
    expect(page.locator("main > .note[role=status]")).to_have_count(0)
    assert not found, "\n".join(found)


def test_sent_by_the_browser_while_no_page_is_open(reporter: Reporter, line: Line, hall: Hall) -> None:
    """Background Sync, where a browser has it: the event comes when the network is back."""
    page, words = reporter.page, "sent-in-the-background"
    cut_off(reporter, words, "answer")
    reporter.keep()
    line.mend()
    session = page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(each["registrationId"] for each in told["registrations"]),
    )
    session.send("ServiceWorker.enable")
    page.wait_for_timeout(200)
    assert found
    event = {"origin": line.url, "registrationId": found[0], "tag": "send", "lastChance": False}
    session.send("ServiceWorker.dispatchSyncEvent", event)
    page.goto("about:blank")
    page.wait_for_timeout(1500)
    line.dead = True  # so that the visit itself can't send it
    page.goto(reporter.address("offline"))
    assert [row["number"] for row in reporter.rows()] == numbers(hall, words)


def test_erased_with_one_tap(reporter: Reporter, line: Line, hall: Hall) -> None:
    page = reporter.page
    cut_off(reporter, "erased-in-the-list", "connect")
    reporter.keep()
    page.locator("#kept [data-do=erase]").click()
    expect(page.locator("#kept")).to_be_hidden()
    assert reporter.rows() == []
    cut_off(reporter, "erased-in-the-bar", "connect")
    reporter.keep()
    line.mend(Cut("connect"))  # so that the next visit can't send it
    page.goto(reporter.address("services"))
    bar = page.locator("main > .note[role=status]")
    expect(bar).to_be_visible()
    found = seen(page, "bar")
    bar.locator("button[name=erase]").click()
    expect(page.locator("main > .note[role=status]")).to_have_count(0)
    assert page.url == reporter.address("services") and reporter.rows() == []
    line.mend()
    page.goto(reporter.address(""))
    assert numbers(hall, "erased-in-the-") == []
    assert not found, "\n".join(found)


def test_erased_after_24_hours(reporter: Reporter, line: Line, hall: Hall) -> None:
    page, words = reporter.page, "a-day-old"
    cut_off(reporter, words, "head")
    reporter.keep()
    page.clock.install()
    page.clock.fast_forward("23:30:00")
    page.goto(reporter.address("offline"))  # the line is still dead
    expect(page.locator("#kept [data-do=send]")).to_be_visible()
    page.clock.fast_forward("31:00")
    page.goto(reporter.address("offline"))
    expect(page.locator("#none")).to_be_visible()
    assert reporter.rows() == []
    line.mend()
    page.goto(reporter.address(""))
    assert numbers(hall, words) == []


def test_nothing_is_kept_that_was_not_offered(reporter: Reporter, line: Line, hall: Hall) -> None:
    page, words = reporter.page, "never-kept"
    cut_off(reporter, words, "connect")
    page.goto(reporter.address(""))  # the offer is left alone
    line.mend()
    page.goto(reporter.address("report"))
    assert reporter.rows() == [] and numbers(hall, words) == []
    reporter.written("sent-plainly")
    reporter.forward()
    number = reporter.number()
    page.locator(".btns a").first.click()
    expect(page.locator(".due")).to_be_visible()
    assert [path for path in cached(page) if not CACHED.fullmatch(path)] == []
    stored = page.evaluate(
        "async () => (await (await (await caches.open('sala-shells')).match('/km/offline', {ignoreVary: true})).text())"
    )
    assert number not in stored and "csrfmiddlewaretoken" not in stored and "idempotency_key" not in stored
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_form_that_opens_without_a_network(reporter: Reporter, line: Line, hall: Hall) -> None:
    page, words = reporter.page, "written-in-the-dark"
    reporter.where()
    reporter.forward()
    reporter.ready()
    line.dead = True
    page.goto(reporter.address("services/RP-SEWER/apply"))
    expect(page.locator("#gone")).to_be_visible()
    expect(page.locator("#service")).to_have_value("RP-SEWER")
    page.locator("#place_search").fill("ទឹកល្អក់ទី១")
    page.locator("#description").fill(words)
    page.locator("#photos").set_input_files(photo(reporter.folder))
    found = seen(page, "written without a network")
    page.locator("#write button.btn").click()
    expect(page.locator("#unsent")).to_be_visible()
    assert reporter.rows() == []
    reporter.keep()
    (row,) = reporter.rows()
    assert row["files"] == 1
    line.mend()
    page.locator(
        "#kept [data-do=send]"
    ).click()  # the place is still to be chosen: the hall shows it, with all that was typed
    page.locator("input[name=place][value='120404']").check()
    reporter.forward()
    page.locator("select[name=village]").select_option(index=1)
    reporter.forward()
    expect(page.locator("textarea[name=description]")).to_have_value(words)
    reporter.forward()
    reporter.forward()
    assert [reporter.number()] == numbers(hall, words)
    assert reporter.rows() == []
    assert not found, "\n".join(found)


def test_an_officers_form_is_sent_under_his_own_sign_in_only(
    hall: Hall, line: Line, browser: Browser, tmp_path: Path
) -> None:
    context = window(browser, 1366, "en")
    sign_in(context, _through(line, hall), "frontdesk120404")
    page, words = context.new_page(), "of-the-front-desk"
    reporter = Reporter(line, page, tmp_path, "en")
    page.goto(reporter.address("work/new"))
    page.locator("select[name=service]").select_option("RP-SEWER")
    reporter.forward()
    page.locator("select[name=village]").select_option(index=1)
    reporter.forward()
    page.locator("textarea[name=description]").fill(words)
    page.locator("input[name=name]").fill("An applicant")
    reporter.forward()
    reporter.ready()
    line.mend(Cut("unanswered"))
    reporter.forward()
    reporter.keep()
    assert "An applicant" not in page.locator("main").inner_text()
    assert [path for path in cached(page) if not CACHED.fullmatch(path)] == []
    line.mend()
    context.clear_cookies()  # signed out
    for username in ("", "clerk120404"):
        if username:
            sign_in(context, _through(line, hall), username)
        page.goto(reporter.address("offline"))
        page.locator("#kept [data-do=send]").click()
        expect(page.locator("#said")).to_contain_text("under another sign-in")
        (row,) = reporter.rows()
        assert row["state"] == "waits"
    context.clear_cookies()
    sign_in(context, _through(line, hall), "frontdesk120404")
    page.goto(reporter.address("offline"))  # a visit sends it by itself
    page.locator("#kept [data-do=see], #kept [data-do=send]").locator("visible=true").first.click()
    assert [reporter.number()] == numbers(hall, words)
    context.close()


def _through(line: Line, hall: Hall) -> Hall:
    """The hall as it is reached over the line."""
    return Hall(hall.home, hall.database, port=line.port)


def test_the_page_for_no_network_without_javascript(hall: Hall, browser: Browser) -> None:
    context = window(browser, 320, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{hall.url}/km/offline")
    expect(page.locator("noscript p")).to_be_visible()
    expect(page.locator("#write, #unsent, #kept, #gone").locator("visible=true")).to_have_count(0)
    context.close()


@pytest.mark.timeout(60 + 20 * CUTS)
def test_cuts(reporter: Reporter, line: Line, hall: Hall) -> None:
    """SALA_CUTS=200 for the whole: each is one request, and its sender has seen its number."""
    wrong, where = [], []
    for index in range(CUTS):
        draw, words = Random(f"{SEED}-{index}"), f"cut-{SEED}-{index}-"
        line.log.clear()
        number = survive(reporter, words, draw)
        received = numbers(hall, words)
        where += [entry.rsplit(" ", 1)[1] for entry in line.log if not entry.endswith(" ")]
        if received != [number] or reporter.rows():
            wrong.append(f"{index}: seen {number}, received {received}, left {reporter.rows()}; {line.log}")
    print({kind: where.count(kind) for kind in sorted(set(where))}, "breaks in", CUTS, "reports")
    assert not wrong, "\n".join(wrong)


def test_breaks_are_drawn_everywhere() -> None:
    assert {drawn(Random(f"{SEED}-{index}")).where for index in range(60)} == set(WHERE)
    assert rules.REPORTS_AN_HOUR >= 400, "a run of 200 would be stopped by the bound on reports"
