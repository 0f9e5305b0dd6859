"""Is everything that can be said to a user said in Khmer, and does the check find what is not?"""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from django.utils import translation

from tests.ui.foreign import wanted

ROOT = Path(__file__).parents[2]


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages_tool", ROOT / "tools" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tool() -> ModuleType:
    return _tool()


# The same in both languages: names of protocols, units and punctuation.
ALIKE = {
    "…",
    "IPv4",
    "IPv6",
    ", ",
    "%(truncated_text)s…",
    "%s KB",
    "%s MB",
    "%s GB",
    "%s TB",
    "%s PB",
    "WebAuthn",
}


def test_what_django_allauth_and_axes_say_is_said_in_khmer() -> None:
    silent = []
    with translation.override("km"):
        for message in wanted():
            one, many = message.id if isinstance(message.id, tuple) else (message.id, None)
            if many is not None:
                said = translation.ngettext(one, many, 2)
            elif message.context:
                said = translation.pgettext(message.context, one)
            else:
                said = translation.gettext(one)
            if said in (one, many) and one not in ALIKE:
                silent.append(one)
    assert not silent


def test_enough_of_them_are_asked_for() -> None:
    assert len(list(wanted())) > 250


@pytest.mark.parametrize("room", _tool().rooms())
def test_every_room_is_complete_in_khmer(tool: ModuleType, room: str) -> None:
    assert list(tool.faults_of(room, tool.glossary())) == []


def test_no_two_rooms_say_a_text_differently(tool: ModuleType) -> None:
    assert list(tool.quarrels([tool.FOREIGN, *tool.rooms()])) == []


@pytest.fixture
def small(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house of two rooms with a glossary of one word."""
    for room in ("attic", "cellar"):
        (tmp_path / room / "templates").mkdir(parents=True)
        (tmp_path / room / "__init__.py").write_text("")
    (tmp_path / "attic" / "pages.py").write_text(
        'from x import gettext as _, ngettext, N_\nA = _("Commune")\nB = ngettext("One tile", "%(n)s tiles", 2)\nC = N_("Ladder")\n'
    )
    (tmp_path / "attic" / "templates" / "a.html").write_text(
        '{% if x %}{{ _("Roof") }}{% endif %}{% trans n=n %}\n  Rain on\n  {{ n }} roofs\n{% endtrans %}'
    )
    (tmp_path / "countries" / "kh").mkdir(parents=True)
    (tmp_path / "countries" / "kh" / "glossary.csv").write_text("term_id,en,km\nc,commune,ឃុំ\n")
    monkeypatch.setattr(tool, "SALA", tmp_path)
    return tmp_path


def _fill(tool: ModuleType, room: str, khmer: dict[str, str]) -> None:
    catalog = tool.extracted(room)
    for message in catalog:
        if message.id:
            one = message.id if isinstance(message.id, str) else message.id[0]
            text = khmer.get(one, "ខ្មែរ")
            message.string = text if isinstance(message.id, str) else (text,)
    tool.file_of(room).parent.mkdir(parents=True, exist_ok=True)
    tool.file_of(room).write_bytes(tool.written(catalog))


RIGHT = {"Commune": "ឃុំ", "One tile": "ក្បឿង %(n)s", "Rain on %(n)s roofs": "ភ្លៀងលើដំបូល %(n)s"}


def test_extraction_finds_python_templates_plurals_and_marks(tool: ModuleType, small: Path) -> None:
    ids = {message.id for message in tool.extracted("attic") if message.id}
    assert ids == {"Commune", ("One tile", "%(n)s tiles"), "Ladder", "Roof", "Rain on %(n)s roofs"}


def test_a_complete_room_has_no_fault_and_updating_changes_nothing(tool: ModuleType, small: Path) -> None:
    _fill(tool, "attic", RIGHT)
    assert list(tool.faults_of("attic", tool.glossary())) == []
    before = tool.file_of("attic").read_bytes()
    assert tool.update("attic") == 0
    assert tool.file_of("attic").read_bytes() == before
    assert b"Creation-Date" not in before


@pytest.mark.parametrize(
    ("khmer", "fault"),
    [
        ({"Roof": ""}, "no Khmer for 'Roof'"),
        ({"Commune": "សង្កាត់"}, "glossary has"),
        ({"Rain on %(n)s roofs": "ភ្លៀង"}, "other placeholders"),
        ({"Rain on %(n)s roofs": "%(n)s %(m)s"}, "other placeholders"),
        ({"Roof": "ក្ដី"}, "្ដ"),
    ],
)
def test_faults_are_named(tool: ModuleType, small: Path, khmer: dict[str, str], fault: str) -> None:
    _fill(tool, "attic", {**RIGHT, **khmer})
    assert any(fault in found for found in tool.faults_of("attic", tool.glossary()))


def test_new_obsolete_and_fuzzy_texts_are_found(tool: ModuleType, small: Path) -> None:
    _fill(tool, "attic", RIGHT)
    path = tool.file_of("attic")
    (small / "attic" / "pages.py").write_text('from x import gettext as _\nA = _("Cupboard")\n')
    found = list(tool.faults_of("attic", tool.glossary()))
    assert any("outdated" in fault for fault in found)
    assert "no Khmer for 'Cupboard'" in found
    assert tool.update("attic") == 1
    assert "Ladder" not in path.read_text()
    path.write_text(
        path.read_text().replace('msgid "Cupboard"\nmsgstr ""', '#, fuzzy\nmsgid "Cupboard"\nmsgstr "ទូ"')
    )
    assert any("fuzzy" in fault for fault in tool.faults_of("attic", tool.glossary()))


def test_quarrels_between_rooms_are_found(tool: ModuleType, small: Path) -> None:
    (small / "cellar" / "pages.py").write_text('from x import gettext as _\nA = _("Roof")\n')
    _fill(tool, "attic", {**RIGHT, "Roof": "ដំបូល"})
    _fill(tool, "cellar", {"Roof": "ធរណី"})
    assert len(list(tool.quarrels(["cellar"]))) == 1


def test_compiling_makes_what_django_reads(tool: ModuleType, small: Path) -> None:
    _fill(tool, "attic", RIGHT)
    assert tool.compile_all(["attic"]) == 1
    assert tool.file_of("attic").with_suffix(".mo").read_bytes()[:4] == b"\xde\x12\x04\x95"
    assert tool.compile_all(["attic"]) == 0


def test_khmer_formats_of_django() -> None:
    from datetime import date

    from django.utils import formats

    with translation.override("km"):
        assert formats.date_format(date(2026, 11, 20)) == "ថ្ងៃទី20 ខែវិច្ឆិកា ឆ្នាំ2026"
        assert formats.number_format(12345.6, 1, use_l10n=True, force_grouping=True) == "12.345,6"
    with translation.override("en"):
        assert formats.date_format(date(2026, 11, 20)) == "20 November 2026"
