"""What does a slow phone load, and when does it show something? Chromium with a slowed processor and a slow network."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import sync_playwright

from shot import CHROMIUM, FLAGS

SLOWER = 6  # times slower than this machine's core
NETWORK = {
    "offline": False,
    "latency": 300,
    "downloadThroughput": 50_000,
    "uploadThroughput": 25_000,
}  # 400 kbit/s
TIMES = 3


@dataclass(frozen=True)
class Loaded:
    """A first visit: bytes over the wire with headers, requests, milliseconds to the first contentful paint (median)."""

    bytes: int
    requests: int
    paint: int


def first_visit(url: str) -> Loaded:
    """Open ``url`` in an empty browser a few times."""
    found = []
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=60_000)
        try:
            for _ in range(TIMES):
                context = browser.new_context(viewport={"width": 360, "height": 780})
                found.append(_visit(context.new_page(), url))
                context.close()
        finally:
            browser.close()
    return sorted(found, key=lambda each: each.paint)[len(found) // 2]


def _visit(page: Any, url: str) -> Loaded:
    session = page.context.new_cdp_session(page)
    received: list[int] = []
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    session.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    page.goto(url, timeout=60_000, wait_until="load")
    page.wait_for_timeout(1000)
    paint = page.evaluate(
        "() => (performance.getEntriesByName('first-contentful-paint')[0] || {startTime: -1}).startTime"
    )
    return Loaded(sum(received), len(received), round(paint))
