"""Does axe find anything wrong with the parts, in both languages and frames, on small phones, phones and desks?

Pages are rendered first, by Django's test client; the browser then runs in a thread of its own, because its driver keeps an
event loop in which Django would open a second connection to the database.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import Client

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDTHS = (320, 360, 1366)
PARTS = ("/km/parts", "/en/parts", "/km/parts/staff", "/en/parts/staff")
Visit = Callable[[Any], None]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def browse() -> Iterator[Callable[[Callable[[Any], None]], None]]:
    """Run a function of the browser in the browser's thread."""
    from playwright.sync_api import sync_playwright

    with ThreadPoolExecutor(max_workers=1) as thread:
        driver = thread.submit(lambda: sync_playwright().start()).result()
        chromium = thread.submit(
            lambda: driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        ).result()
        yield lambda visit: thread.submit(visit, chromium).result()
        thread.submit(chromium.close).result()
        thread.submit(driver.stop).result()


def _serve(route: Any, pages: dict[str, HttpResponse]) -> None:
    """Answer the browser from the rendered pages; files of the style from their folders."""
    path = urlsplit(route.request.url).path
    if path.startswith("/static/"):
        found = finders.find(path.removeprefix("/static/"))
        route.fulfill(path=found) if found else route.fulfill(status=404)
        return
    answer = pages[path]
    headers = {name: value for name, value in answer.items() if name.lower() != "content-length"}
    route.fulfill(status=answer.status_code, headers=headers, body=answer.content)


def _page(context: Any, pages: dict[str, HttpResponse]) -> tuple[Any, list[str]]:
    """A tab and the list into which go the browser's complaints."""
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.route("**/*", lambda route: _serve(route, pages))
    return page, complaints


@pytest.mark.parametrize("address", PARTS)
def test_parts_have_no_violation(
    address: str, browse: Callable[[Visit], None], client: Client, db: None
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    pages = {address: client.get(address)}

    def visit(browser: Any) -> None:
        context = browser.new_context(bypass_csp=True)  # axe is put in as a script
        page, complaints = _page(context, pages)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"http://localhost{address}")
            wider = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wider == 0, f"{address} at {width} px is {wider} px too wide"
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        # The check can fail: a picture without words is found.
        page.evaluate("document.querySelector('main').append(new Image(9, 9))")
        assert Axe().run(page).violations_count > 0
        context.close()
        assert complaints == []

    browse(visit)


def test_the_policy_lets_style_and_keys_through(
    browse: Callable[[Visit], None], client: Client, db: None
) -> None:
    pages = {"/km/parts": client.get("/km/parts")}

    def visit(browser: Any) -> None:
        context = browser.new_context()
        page, complaints = _page(context, pages)
        page.goto("http://localhost/km/parts")
        assert complaints == []
        # J moves down the queue; a field in focus keeps the keys silent; they can be turned off.
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("j")
        second = page.locator("#queue tbody tr").nth(1)
        assert "sel" in (second.get_attribute("class") or "")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "q"
        page.keyboard.type("jk")
        assert page.locator("#q").input_value() == "jk"
        assert "sel" in (second.get_attribute("class") or "")
        page.locator("[data-keys-off]").click()
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("k")
        assert "sel" in (second.get_attribute("class") or "")
        context.close()

    browse(visit)
