"""The whole walk, as a resident and officers take it in a browser: from a blocked sewer to the national figure."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import window
from tests.hall import Hall

Shoot = Callable[[Page, str], None]
KHMER = re.compile(r"[\u1780-\u17ff]")


def no_picture(page: Page, name: str) -> None:
    """The walk without pictures."""


def photo(folder: Path) -> Path:
    """A picture of water on a street, drawn; no real place."""
    path = folder / "photo.jpg"
    picture = Image.new("RGB", (1200, 900), "#b9c4bf")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 480, 1200, 900), fill="#8a978f")
    draw.ellipse((100, 560, 1100, 820), fill="#5f7f8c")
    draw.rectangle((480, 640, 720, 720), fill="#3c4a49")
    picture.save(path, quality=85)
    return path


@dataclass
class Walk:
    """One walk through a hall. ``language`` of the pages; ``width`` of the resident's phone; ``shoot`` takes pictures."""

    hall: Hall
    browser: Browser
    folder: Path
    language: str = "km"
    width: int = 360
    shoot: Shoot = no_picture
    number: str = ""
    tracking: str = ""
    windows: list[BrowserContext] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"{self.hall.url}/{self.language}/{path}"

    def open(self, width: int) -> Page:
        context = window(self.browser, width, self.language)
        self.windows.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    def close(self) -> None:
        for context in self.windows:
            context.close()

    def forward(self, page: Page) -> None:
        page.locator(".btns button[name=next]").click()

    # ---- the resident -----------------------------------------------------------------------------------------------

    def report(self) -> Page:
        """A resident without an account reports a blocked sewer, with a photo, on a phone."""
        page = self.open(self.width)
        page.goto(self.url(""))
        self.shoot(page, "home")
        page.locator("a.act", has_text=re.compile("រាយការណ៍|Report")).click()
        page.locator("input[name=service][value=RP-SEWER]").check()
        self.shoot(page, "report-problem")
        self.forward(page)
        page.locator("input[name=place_search]").fill("tek laak 1")
        page.locator("button[name=find_place]").click()
        page.locator("input[name=place][value='120404']").check()
        self.shoot(page, "report-search")
        self.forward(page)
        self.forward(page)  # without a village: the page says so and keeps everything
        expect(page.locator(".errs")).to_be_visible()
        self.shoot(page, "report-error")
        page.locator("select[name=village]").select_option(index=2)
        page.locator("input[name=location]").fill("ផ្លូវលេខ ២៨៩ ជិតមាត់ច្រកផ្សារ")
        self.point(page)
        page.locator("input[type=file]").set_input_files(photo(self.folder))
        self.shoot(page, "report-where")
        self.forward(page)
        page.locator("textarea[name=description]").fill("ទឹកលូហៀរលើផ្លូវតាំងពីព្រឹក ក្លិនខ្លាំង ជិតមាត់ច្រកផ្សារ។")
        page.locator("input[name=name]").fill("សុខ ចាន់ដា")
        page.locator("input[name=phone]").fill("០១២ ០០០ ៣១៧")
        page.locator("input[name=email]").fill("resident@example.org")
        self.shoot(page, "report-what")
        self.forward(page)
        self.shoot(page, "report-check")
        self.forward(page)
        self.number = page.locator(".done .no").inner_text().strip()
        assert re.fullmatch(r"120404-\d\d-\d{5}", self.number), self.number
        self.shoot(page, "received")
        page.locator(".btns a").first.click()
        expect(page.locator(".due")).to_be_visible()
        self.tracking = page.url
        self.shoot(page, "tracking-new")
        return page

    def point(self, page: Page) -> None:
        """Touch the spot on the commune's map: a picture that sends where it was touched, without a script."""
        page.locator("details summary").first.click()
        page.locator("button[name=show_map]").click()
        picture = page.locator("input[type=image]")
        picture.scroll_into_view_if_needed()
        picture.click(position={"x": 140, "y": 150})
        expect(page.locator("input[type=image][src*='at=']")).to_have_count(1)
        expect(page.locator("input[name=latitude]")).not_to_have_value("")

    def reply(self, page: Page) -> None:
        """The resident answers what the hall asked."""
        page.goto(self.tracking)
        self.shoot(page, "tracking-asked")
        page.locator("textarea[name=text]").fill("នៅទល់មុខសាលាបឋមសិក្សា។")
        page.locator("form:has(textarea[name=text]) button.btn").click()
        expect(page.locator("textarea[name=text]")).to_have_count(0)

    def rate(self, page: Page) -> None:
        """The resident reads every public step and rates."""
        page.goto(self.tracking)
        body = page.locator("main").inner_text()
        assert "បានបូមលូ" in body, body
        assert "ត្រូវខ្ចីរថយន្តបូមពីខណ្ឌ" not in body, "an internal note is shown to the resident"
        page.locator("input[name=courtesy][value='5']").check()
        page.locator("input[name=speed][value='4']").check()
        self.shoot(page, "tracking-rate")
        page.locator("form:has(input[name=courtesy]) button.btn").click()
        expect(page.locator("input[name=courtesy]")).to_have_count(0)
        self.shoot(page, "tracking-done")

    # ---- the officers -----------------------------------------------------------------------------------------------

    def sign_in(self, username: str, width: int = 1366) -> Page:
        page = self.open(width)
        page.goto(self.url("sign-in"))
        page.locator("input[name=username]").fill(username)
        page.locator("input[name=password]").fill(self.hall.accounts[username]["password"])
        page.locator("main button.btn:not(.alt)").click()
        expect(page.locator(".sbar")).to_be_visible()
        return page

    def take(self) -> Page:
        """The clerk of that commune finds it in the queue, takes it, assigns it."""
        page = self.sign_in("clerk120404")
        page.goto(self.url("work"))
        self.shoot(page, "queue")
        page.locator("input[name=q]").fill(self.number)
        page.locator("form.filters button").click()
        row = page.locator("#queue tbody tr", has_text=self.number)
        expect(row.locator(".tag").first).to_be_visible()
        row.locator("th a").click()
        self.shoot(page, "record-new")
        page.locator("button[name=act][value=take]").click()
        self.step(page, "assign", option=1)
        return page

    def step(self, page: Page, verb: str, text: str = "", option: int | None = None) -> None:
        """One step of the record page."""
        page.locator(f"a[href*='do={verb}']").click()
        if option is not None:
            page.locator("select[name=assigned]").select_option(index=option)
        if text:
            page.locator("textarea[name=text]").fill(text)
        page.locator("aside form button.btn:not(.alt)").click()
        expect(page.locator("aside select[name=assigned], aside textarea[name=text]")).to_have_count(0)

    def ask(self, page: Page) -> None:
        """Asks the resident: the clock pauses."""
        self.step(page, "note", "ត្រូវខ្ចីរថយន្តបូមពីខណ្ឌ។")
        self.step(page, "ask", "សូមលោកអ្នកប្រាប់ទីកន្លែងឱ្យច្បាស់ ដូចជាអគារដែលនៅជិត។")
        expect(page.locator(".tag.wait").first).to_be_visible()
        self.shoot(page, "record-waiting")

    def finish(self, page: Page) -> None:
        """Answers and finishes."""
        page.reload()
        self.step(page, "answer", "ក្រុមការងារនឹងមកនៅថ្ងៃស្អែក វេលាព្រឹក។")
        self.step(page, "finish", "បានបូមលូ និងលាងសម្អាតរួចរាល់។")
        self.shoot(page, "record-done")

    def elsewhere(self) -> None:
        """Another commune's clerk sees nothing of it."""
        page = self.sign_in("clerk020801")
        page.goto(self.url(f"work?q={self.number}&view=all"))
        assert not page.locator("#queue tbody tr", has_text=self.number).count()

    def figures(self) -> None:
        """The ministry looks at a figure, its map, and opens it down to the requests."""
        page = self.sign_in("ministry")
        page.goto(self.url("figures"))
        self.shoot(page, "figures")
        page.goto(self.url("figures/window.on_time"))
        self.shoot(page, "figure")
        page.goto(self.url("figures/window.received/sources"))
        for _ in range(3):  # nation, province, district, commune
            page.locator("main table tbody a").first.click()
        self.shoot(page, "figure-sources")
        expect(page.locator("main a[href*='/work/requests/']").first).to_be_visible()

    def all(self) -> None:
        """From the window to the ministry."""
        resident = self.report()
        clerk = self.take()
        self.ask(clerk)
        self.reply(resident)
        self.finish(clerk)
        self.rate(resident)
        self.elsewhere()
        self.figures()
        self.close()
