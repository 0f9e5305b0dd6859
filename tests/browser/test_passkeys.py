"""A passkey in a real browser: Chromium's own virtual authenticator sets it up, and signs in with it, under the page's policy."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.chromium import chromium, window
from tests.hall import Hall

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("hall")]
WHO = "deputy020801"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def opened(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page whose browser holds an authenticator that asks for a finger, and what the browser complains about."""
    page = context.new_page()
    page.set_default_timeout(20_000)
    said: list[str] = []
    page.on("console", lambda told: said.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda fault: said.append(str(fault)))
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return page, said


def by_password(page: Page, base: str, hall: Hall) -> None:
    page.goto(f"{base}/km/sign-in")
    page.locator("input[name=username]").fill(WHO)
    page.locator("input[name=password]").fill(hall.accounts[WHO]["password"])
    page.locator("form:has(input[name=password]) button.btn").click()
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))


def test_a_passkey_from_setting_up_to_signing_in_with_it(hall: Hall, browser: Browser) -> None:
    base = f"http://localhost:{hall.port}"  # a passkey can't belong to a bare number
    context = window(browser, 360)
    page, said = opened(context)
    by_password(page, base, hall)
    page.goto(f"{base}/km/account/factors?do=passkey")
    page.locator("input[name=name]").fill("ទូរស័ព្ទខ្ញុំ")
    page.locator("#passkey-add").click()
    page.wait_for_url(f"{base}/km/account/codes")
    assert page.locator(".sheet code").count() == 10
    with page.expect_download() as kept:
        page.locator("a[href$='codes.txt']").click()
    assert kept.value.suggested_filename == "sala-recovery-codes.txt"

    page.locator("main form button.btn").click()
    page.goto(f"{base}/km/account")
    page.locator(".me button").click()
    page.wait_for_url(f"{base}/km/sign-in")
    page.locator("#passkey-enter").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    assert page.locator(".me button").count() == 1

    page.locator(".me button").click()
    page.wait_for_url(f"{base}/km/sign-in")
    by_password(page, base, hall)  # as the second factor
    assert page.url == f"{base}/km/sign-in/factor"
    page.locator("#passkey-show").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)

    page.goto(f"{base}/km/account/factors")
    page.locator("button[name=factor]").click()  # the next test finds the account as it was
    page.wait_for_url(f"{base}/km/account/factors")
    assert page.locator("button[name=factor]").count() == 0
    assert said == []
    context.close()


def test_where_the_browser_has_none_the_page_says_so(hall: Hall, browser: Browser) -> None:
    context = window(browser, 360)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"http://127.0.0.1:{hall.port}/km/sign-in")  # a number is no site of a passkey
    note = page.locator("[data-passkey-failed]")
    assert not note.is_visible()
    page.locator("#passkey-enter").click()
    note.wait_for(state="visible")
    context.close()
