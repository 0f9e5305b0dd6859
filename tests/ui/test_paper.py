"""Is a paper what its data say: the same bytes again, the record attached, refused where a sign has no font?"""

import contextlib
import json
import re
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sala.ui import paper

AT = datetime(2026, 11, 28, tzinfo=UTC)
HEAD = '#import "/ui/papers/house.typ": paper, record\n#show: paper.with(title: record.title)\n'


def attached(pdf: bytes) -> Any:
    """The JSON a PDF carries."""
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        text = found[1]  # a small one isn't compressed
        with contextlib.suppress(zlib.error):
            text = zlib.decompress(text)
        if text.startswith(b'{"'):
            return json.loads(text)
    raise AssertionError("no record is attached")


@pytest.fixture
def template(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Writes a template into a house of its own and gives its name."""
    (tmp_path / "ui" / "papers").mkdir(parents=True)
    house = (paper.ROOT / "ui" / "papers" / "house.typ").read_text()
    (tmp_path / "ui" / "papers" / "house.typ").write_text(house)
    monkeypatch.setattr(paper, "ROOT", tmp_path)
    paper._compiler.cache_clear()

    def written(body: str) -> str:
        (tmp_path / "letter.typ").write_text(HEAD + body)
        return "letter.typ"

    yield written
    paper._compiler.cache_clear()


def test_a_paper_carries_its_record_and_is_the_same_again(template: Any) -> None:
    record = {"language": "km", "title": "សាលាសង្កាត់", "rows": [1, "ឆ្លើយ"]}
    name = template("#record.title")
    made = paper.render(name, record, at=AT)
    assert made.startswith(b"%PDF-1.7") and attached(made) == record
    assert b"pdfaid:part>3" in made and b"pdfaid:conformance>U" in made
    assert paper.render(name, record, at=AT) == made
    assert paper.published(name, record, at=AT) is paper.published(name, dict(record), at=AT), "kept"


@pytest.mark.parametrize(
    "body", ["汉字", '#set text(font: "Nobody Has It")\nword', "#record.missing", "#let"]
)
def test_a_paper_that_is_not_sound_is_none(template: Any, body: str) -> None:
    with pytest.raises(paper.Unset):
        paper.render(template(body), {"language": "km", "title": "x"}, at=AT)
