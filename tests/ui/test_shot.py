"""Does the tool make a picture of a page at the width asked for, and say when a page is too wide?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

TOOL = Path(__file__).parents[2] / "tools" / "shot.py"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.skipif(
        not Path(os.environ.get("CHROMIUM", "/usr/bin/chromium")).exists(), reason="Chromium is not installed"
    ),
]


def _shoot(page: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(TOOL), page.as_uri(), str(out), *more],
        capture_output=True,
        text=True,
        check=True,
    )


def test_a_picture_of_a_whole_page(tmp_path: Path) -> None:
    page, out = tmp_path / "page.html", tmp_path / "out.png"
    page.write_text(
        '<!doctype html><html lang="km"><body style="margin:0"><div style="height:2000px">សាលា</div>'
    )
    done = _shoot(page, out, "--width", "360")
    assert Image.open(out).size == (360, 2000)
    assert done.stderr == ""


def test_a_page_too_wide_is_told(tmp_path: Path) -> None:
    page, out = tmp_path / "page.html", tmp_path / "out.png"
    page.write_text('<!doctype html><body style="margin:0"><div style="width:500px">x</div>')
    assert "wider than 360 px" in _shoot(page, out, "--width", "360", "--fold").stderr
