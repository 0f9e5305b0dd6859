"""Does axe find anything wrong with the parts, in both languages and frames, on small phones, phones and desks?"""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDTHS = (320, 360, 1366)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    # The browser's driver keeps a loop in this thread, in which Django would refuse its database.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def _answer(client: Client, route: object) -> None:
    """Answer the browser's request from Django's test client; files of the style from their folders."""
    parts = urlsplit(route.request.url)  # type: ignore[attr-defined]
    if parts.path.startswith("/static/"):
        found = finders.find(parts.path.removeprefix("/static/"))
        assert found, parts.path
        route.fulfill(path=found)  # type: ignore[attr-defined]
        return
    answer = client.get(f"{parts.path}?{parts.query}")
    headers = {name: value for name, value in answer.items() if name.lower() != "content-length"}
    route.fulfill(status=answer.status_code, headers=headers, body=answer.content)  # type: ignore[attr-defined]


@pytest.mark.parametrize("address", ["/km/parts", "/en/parts", "/km/parts/staff", "/en/parts/staff"])
def test_parts_have_no_violation(address: str, browser: object, client: Client, db: None) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(bypass_csp=True)  # type: ignore[attr-defined] - axe is injected as a script
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.route("**/*", lambda route: _answer(client, route))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"http://localhost{address}")
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, f"{address} at {width} px is {wider} px too wide"
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    # The check can fail: a picture without words is found.
    page.evaluate("document.querySelector('main').append(new Image(9, 9))")
    assert Axe().run(page).violations_count > 0
    context.close()
    assert complaints == []


@pytest.mark.parametrize("address", ["/km/parts"])
def test_the_policy_lets_everything_through(address: str, browser: object, client: Client, db: None) -> None:
    context = browser.new_context()  # type: ignore[attr-defined]
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.route("**/*", lambda route: _answer(client, route))
    page.goto(f"http://localhost{address}")
    assert complaints == []
    # The keys: J moves down the queue, a field in focus keeps them silent.
    page.keyboard.press("Escape")
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
