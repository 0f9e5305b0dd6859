"""A clerk's day with the keyboard alone: signed in, at the queue, at the counter, and out again. No mouse, no address typed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import chromium, window
from tests.hall import Hall

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("hall")]

MOST = 150  # presses of Tab on one page: whoever needs more gives up
SEEN = """() => {
  const style = getComputedStyle(document.activeElement);
  const near = document.activeElement.closest("label, .pick");
  const around = near ? getComputedStyle(near) : style;
  return [style, around].some(each => each.outlineStyle !== "none" && parseFloat(each.outlineWidth) > 0
    || each.boxShadow !== "none");
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


class Keys:
    """Hands at a keyboard. Whatever is reached shows that it is."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def to(self, selector: str) -> None:
        """Press Tab until ``selector`` has the focus, which must be seen."""
        for _ in range(MOST):
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                assert self.page.evaluate(SEEN), f"nobody sees that {selector} has the focus"
                return
            self.press("Tab")
        raise AssertionError(f"{MOST} presses of Tab don't lead to {selector} on {self.page.url}")

    def write(self, selector: str, text: str) -> None:
        self.to(selector)
        self.press("Control+a")
        self.page.keyboard.type(text)

    def choose(self, name: str, value: str) -> None:
        """Of a list or of round buttons, by the arrows."""
        self.to(f"[name={name}]")
        for _ in range(MOST):
            if self.page.evaluate("document.activeElement.value") == value:
                self.press("Space") if self.page.evaluate("document.activeElement.type === 'radio'") else None
                return
            self.press("ArrowDown")
        raise AssertionError(f"the arrows don't lead to {value} of {name}")

    def go(self, selector: str) -> None:
        """Press what ``selector`` names and wait for the page it leads to."""
        self.to(selector)
        with self.page.expect_navigation():
            self.press("Enter")

    def key(self, key: str) -> None:
        """A key of the page's own, which leads to another."""
        self.page.wait_for_load_state()
        with self.page.expect_navigation():
            self.press(key)


def test_a_clerks_day(hall: Hall, browser: Browser) -> None:
    context = window(browser, 1366, "en")
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{hall.url}/en/sign-in")
    keys = Keys(page)
    keys.write("input[name=username]", "clerk120404")
    keys.write("input[name=password]", hall.accounts["clerk120404"]["password"])
    keys.go("main button.btn:not(.alt)")

    # Somebody stands at the desk: taken in, in well under a minute's typing.
    keys.key("n")
    keys.choose("service", "RP-SEWER")
    keys.go("button[name=next]")
    keys.to("select[name=village]")
    keys.press("ArrowDown")
    keys.go("button[name=next]")
    keys.write("textarea[name=description]", "Water stands on the road.")
    keys.write("input[name=name]", "Sok Dara")
    keys.write("input[name=phone]", "012 000 318")
    keys.go("button[name=next]")
    keys.go("button[name=next]")
    number = page.locator(".done .no").inner_text().strip()
    assert re.fullmatch(r"120404-\d\d-\d{5}", number), number

    # Found in the queue, taken on, paused, and finished.
    keys.go("main a[href$='/en/work']")
    keys.press("/")
    keys.page.keyboard.type(number)
    with page.expect_navigation():
        keys.press("Enter")
    keys.press("j")
    keys.key("Enter")
    expect(page.locator("main")).to_contain_text(number)
    keys.go("button[name=act][value=take]")
    keys.go("a[href*='do=note']")
    keys.write("textarea[name=text]", "The pump is at the district.")
    keys.go("aside form button.btn:not(.alt)")
    keys.go("a[href*='do=finish']")
    keys.write("textarea[name=text]", "The drain was pumped out.")
    keys.go("aside form button.btn:not(.alt)")
    expect(page.locator("main")).to_contain_text("The drain was pumped out.")

    # At the counter: a number is given out, called, served and done.
    keys.go("a[href$='/en/counter']")
    keys.go("a[href$='/en/counter/kiosk']")
    keys.go("button[name=priority]")
    page.go_back()  # the browser's own Alt+Left
    page.go_back()
    page.reload()
    for _ in range(3):  # call, serve, done: each time the focus is on the next thing to press
        keys.key("n")
    expect(page.locator("#turn")).not_to_contain_text("Serving")

    keys.go("form[action*='sign-out'] button, a[href*='sign-out']")
    context.close()
