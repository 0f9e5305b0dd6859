"""What does a page look like? A picture of it from Chromium: `tools/shot.py URL OUT --width 360`."""

import argparse
import json
import os
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
    "--hide-scrollbars",
]
HEIGHTS = {320: 640, 360: 780, 1366: 768}


def sign_in(page: Page, base: str, username: str, password: str) -> None:
    """Sign ``username`` in through the form at /km/sign-in (first field the name, then the password)."""
    page.goto(f"{base}/km/sign-in")
    form = page.locator("form:has(input[type=password])").first
    form.locator("input[type=text], input:not([type])").first.fill(username)
    form.locator("input[type=password]").first.fill(password)
    with page.expect_navigation():
        form.locator("button").first.click()


def password_of(username: str, home: str) -> str:
    """The demonstration password of ``username``, from SALA_HOME/demo/accounts.json."""
    for account in json.loads((Path(home) / "demo" / "accounts.json").read_text()):
        if account["username"] == username:
            return str(account["password"])
    raise SystemExit(f"no demonstration account {username!r} in {home}")


def shoot(browser: Browser, url: str, out: str, args: argparse.Namespace) -> list[str]:
    """Write the picture; returns what the browser complained about (console errors, blocked styles, failed requests)."""
    complaints: list[str] = []
    context = browser.new_context(
        viewport={"width": args.width, "height": args.height or HEIGHTS.get(args.width, 900)},
        device_scale_factor=args.scale,
        locale=args.locale,
        java_script_enabled=not args.no_script,
        bypass_csp=False,
        has_touch=args.width < 600,
    )
    page = context.new_page()
    page.on(
        "console",
        lambda m: complaints.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda e: complaints.append(f"script: {e}"))
    page.on("requestfailed", lambda r: complaints.append(f"failed: {r.url}"))
    base = "/".join(url.split("/")[:3])
    username = (args.sign_in or [args.cookie_from])[0]
    if username:
        sign_in(page, base, username, args.sign_in[1] if args.sign_in else password_of(username, args.home))
    answer = page.goto(url)
    page.evaluate("document.fonts.ready")
    for selector, value in args.fill:
        page.fill(selector, value)
    for selector in args.click:
        page.click(selector)
        page.wait_for_load_state("networkidle")
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        complaints.append(f"layout: wider than {args.width} px")
    page.screenshot(path=out, full_page=not args.fold)
    print(f"{answer.status if answer else '-'} {page.url} -> {out}")
    context.close()
    return complaints


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("out")
    parser.add_argument("--width", type=int, default=1366)
    parser.add_argument("--height", type=int, default=0, help="default: a usual one for the width")
    parser.add_argument("--scale", type=float, default=1.0, help="device pixels a CSS pixel")
    parser.add_argument("--locale", default="km-KH")
    parser.add_argument("--fold", action="store_true", help="only what is seen without scrolling")
    parser.add_argument("--no-script", action="store_true", help="as a browser without JavaScript shows it")
    parser.add_argument("--cookie-from", metavar="USER", help="sign in as this demonstration account")
    parser.add_argument("--sign-in", nargs=2, metavar=("USER", "PASSWORD"))
    parser.add_argument(
        "--home", default=os.environ.get("SALA_HOME", "var"), help="SALA_HOME, for --cookie-from"
    )
    parser.add_argument("--fill", nargs=2, action="append", default=[], metavar=("SELECTOR", "VALUE"))
    parser.add_argument("--click", action="append", default=[], metavar="SELECTOR")
    args = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        complaints = shoot(browser, args.url, args.out, args)
        browser.close()
    for line in dict.fromkeys(complaints):
        print(line, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
