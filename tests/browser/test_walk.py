"""Can a resident and the officers walk from the window to the ministry, in a real browser, in Khmer, with and without JavaScript?"""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import chromium, window
from tests.browser.walk import KHMER, Walk
from tests.hall import Hall

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("hall")]


def test_the_whole_walk_in_khmer(hall: Hall, tmp_path: Path) -> None:
    with chromium() as browser:
        Walk(hall, browser, tmp_path).all()


def test_a_report_without_javascript(hall: Hall, tmp_path: Path) -> None:
    with chromium() as browser:
        walk = Walk(hall, browser, tmp_path, language="en")
        context = window(browser, 360, "en", java_script_enabled=False)
        walk.open = lambda width: context.new_page()  # type: ignore[method-assign]
        page = walk.report()
        expect(page.locator(".due")).to_be_visible()
        context.close()


def test_khmer_pages_speak_khmer(hall: Hall) -> None:
    """No page in Khmer shows a button, heading or label without a Khmer letter."""
    faults = []
    with chromium() as browser:
        context = window(browser, 360)
        page = context.new_page()
        for path in (
            "",
            "report",
            "services",
            "services/RP-SEWER",
            "requests",
            "halls/120404",
            "figures",
            "figures/window.received",
            "powers",
            "places",
            "ledger",
            "sign-in",
        ):
            page.goto(f"{hall.url}/km/{path}")
            for text in page.locator(
                "h1:not([lang=en]), h2:not([lang=en]), button, label, legend, th[scope=col], .hint"
            ).all_inner_texts():
                plain = text.strip()
                if (
                    len(plain) > 3
                    and any(sign.isalpha() for sign in plain)
                    and not KHMER.search(plain)
                    and not plain.isupper()
                ):
                    faults.append(f"/km/{path}: {plain}")
        context.close()
    assert not faults, "\n".join(faults)
