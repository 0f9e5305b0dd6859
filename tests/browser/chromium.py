"""Debian's Chromium under Playwright, with nothing that reaches for the network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, ended with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS, headless=True
        )
        try:
            yield browser
        finally:
            browser.close()


def window(browser: Browser, width: int, language: str = "km", **more: Any) -> BrowserContext:
    """A fresh profile with a window of that width: a phone up to 480 px, else a desk."""
    phone = width <= 480
    return browser.new_context(
        viewport={"width": width, "height": 780 if phone else 900},
        is_mobile=phone,
        has_touch=phone,
        locale={"km": "km-KH", "en": "en-GB"}[language],
        timezone_id="Asia/Phnom_Penh",
        **more,
    )
