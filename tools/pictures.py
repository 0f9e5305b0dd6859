"""Take the pictures in docs/pictures: the whole walk through a demonstration hall, in Khmer, and the main pages in English.

make pictures            python tools/pictures.py [--requests 20000] [--out docs/pictures]
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from PIL import Image
from playwright.sync_api import Page

from tests.browser.chromium import chromium
from tests.browser.walk import Walk
from tests.hall import Hall

# Besides the walk: name, path, width, language, who is signed in.
MORE = [
    ("home-desk", "", 1366, "km", ""),
    ("home-en-phone", "", 360, "en", ""),
    ("hall-phone", "halls/120404", 360, "km", ""),
    ("services-phone", "services", 360, "km", ""),
    ("service-desk", "services/CR-BIRTH", 1366, "km", ""),
    ("figure-desk", "figures/window.on_time", 1440, "km", "ministry"),
    ("figure-en-desk", "figures/window.on_time", 1440, "en", "ministry"),
    ("electricity-2011-desk", "figures/cdb.electricity", 1440, "km", ""),
    ("figures-phone", "figures", 360, "km", ""),
    ("powers-desk", "powers?office=commune-hall-120404", 1366, "km", "clerk120404"),
    ("places-phone", "places/120404", 360, "km", ""),
    ("ledger-phone", "ledger", 360, "km", ""),
    ("queue-en-desk", "work", 1366, "en", "clerk120404"),
    ("sign-in-phone", "sign-in", 360, "km", ""),
]


def save(page: Page, path: Path) -> None:
    """The whole page as a PNG of at most 128 colours: a tenth of the bytes, the same to the eye."""
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=20000)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sala-pictures-") as folder:
        hall = Hall(Path(folder))
        hall.sala("init", "--demo", "--requests", str(given.requests))
        hall.start()
        try:
            with chromium() as browser:
                walk = Walk(
                    hall,
                    browser,
                    Path(folder),
                    shoot=lambda page, name: save(page, given.out / f"walk-{name}.png"),
                )
                walk.all()
                for name, path, width, language, who in MORE:
                    walk.language = language
                    page = walk.sign_in(who, width) if who else walk.open(width)
                    page.goto(walk.url(path))
                    opened = page.locator("#map a.btn")
                    if opened.count() and width > 480:
                        opened.first.click()
                        page.locator("svg.map").first.wait_for(timeout=10_000)
                    save(page, given.out / f"{name}.png")
                    walk.close()
                    walk.windows.clear()
        finally:
            hall.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
