"""How is a paper set? One function: a Typst template of a room and plain data become PDF/A-3u with the data attached as JSON.

Khmer text in a PDF can't be searched or copied reliably, so programs read the attached record and never the page.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import typst

ROOT = Path(__file__).resolve().parents[1]
FONTS = Path(__file__).resolve().parent / "papers" / "fonts"
_setting = Lock()


class Unset(RuntimeError):  # noqa: N818 - the paper is
    """The template and the data give no sound paper: an error, or a warning such as a sign that no font has."""


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    """One compiler a process: it keeps the fonts and what it has parsed. No font of the machine, so that every paper is the same."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    return typst.Compiler(root=str(ROOT), font_paths=fonts, ignore_system_fonts=True)


def render(template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """The PDF of ``template`` (below `sala`, such as ``window/papers/prices.typ``); ``at`` is written as its date of creation.

    The same data give the same bytes. Typst doesn't let go of the interpreter: this process answers nobody else meanwhile, some
    milliseconds for a page, a tenth of a second and more for a board of fifty rows. Longer papers belong into a job. Raises `Unset`.
    """
    return _render(template, json.dumps(data, ensure_ascii=False, sort_keys=True), int(at.timestamp()))


@lru_cache(maxsize=64)
def _kept(template: str, record: str, at: int) -> bytes:
    return _render(template, record, at)


def published(template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """The same of a paper that everybody may read; the last 64 are kept. Never for one that says something of a person."""
    return _kept(template, json.dumps(data, ensure_ascii=False, sort_keys=True), int(at.timestamp()))


def _render(template: str, record: str, at: int) -> bytes:
    try:
        with _setting:
            paper, warnings = _compiler().compile_with_warnings(
                input=str(ROOT / template),
                format="pdf",
                sys_inputs={"record": record},
                pdf_standards=["a-3u"],
                timestamp=at,
            )
    except typst.TypstError as error:
        raise Unset(f"{template}: {error.message}") from error
    if warnings or not isinstance(paper, bytes):
        raise Unset(f"{template}: {warnings[0].message if warnings else 'no paper'}")
    return paper
