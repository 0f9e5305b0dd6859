"""Is everything Sala says said in Khmer too? Extracts the texts of rooms into their catalogues, compiles and checks them.

tools/messages.py [ROOM ...]      bring the catalogues up to date (new texts empty, obsolete ones gone)
tools/messages.py --check         exit 1 where one is missing, outdated, fuzzy or against the glossary
tools/messages.py --compile       make the .mo files Django reads
"""

import argparse
import csv
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SALA = Path(__file__).resolve().parents[1] / "src" / "sala"
FOREIGN = "locale"  # what Django, allauth and axes say; not extracted, held complete by a test
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "N_": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
METHODS = [
    ("**/migrations/**", "ignore"),
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.txt", "jinja2"),
]
OPTIONS = {
    "**/templates/**.html": {
        "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols",
        "trimmed": "true",
        "silent": "false",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
    },
}
OPTIONS["**/templates/**.txt"] = OPTIONS["**/templates/**.html"]
DATED = (
    "POT-Creation-Date",
    "PO-Revision-Date",
    "Last-Translator",
    "Language-Team",
    "Generated-By",
    "Report-Msgid-Bugs-To",
)
HOLES = re.compile(r"%\(\w+\)[sdif]|%[sd]|\{\w*\}")


def rooms() -> list[str]:
    """All rooms, by name."""
    return sorted(path.parent.name for path in SALA.glob("*/__init__.py"))


def file_of(room: str) -> Path:
    """The Khmer catalogue of a room (`locale`: the one for what others' code says)."""
    base = SALA / "locale" if room == FOREIGN else SALA / room / "locale"
    return base / "km" / "LC_MESSAGES" / "django.po"


def read(path: Path) -> Catalog:
    """A catalogue; an empty one where there is no file."""
    if not path.exists():
        return Catalog(locale="km")
    with path.open("rb") as file:
        return read_po(file, locale="km", ignore_obsolete=True, abort_invalid=True)


def extracted(room: str) -> Catalog:
    """What the room says now, with the Khmer its catalogue has for exactly these texts."""
    here, old = SALA / room, read(file_of(room))
    new = Catalog(
        locale="km",
        project="Sala",
        copyright_holder="Sala",
        fuzzy=False,
        header_comment=f"# Khmer texts of sala.{room}.",
    )
    for name, _line, text, _comments, context in extract_from_dir(here, METHODS, OPTIONS, KEYWORDS):
        message = new.add(text, None, [(name, 0)], context=context)
        had = old.get(message.id, context=context)
        if had is not None and not had.fuzzy:
            message.string = had.string
    return new


def written(catalog: Catalog) -> bytes:
    """The catalogue as a file: sorted, without dates and line numbers, so that it changes only when texts do."""
    buffer = BytesIO()
    write_po(buffer, catalog, width=110, sort_output=True, include_lineno=False, ignore_obsolete=True)
    lines = buffer.getvalue().decode().split("\n")
    return "\n".join(
        line for line in lines if not line.startswith(tuple(f'"{word}' for word in DATED))
    ).encode()


def texts(message: Message) -> list[str]:
    """The Khmer of a message: one text (Khmer has one plural form)."""
    return list(message.string) if isinstance(message.string, (tuple, list)) else [str(message.string or "")]


def glossary() -> dict[str, set[str]]:
    """English term in small letters -> the Khmer the glossary has for it."""
    found: dict[str, set[str]] = {}
    with (SALA / "countries" / "kh" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["en"].strip().lower(), set()).add(row["km"].strip())
    return found


def faults_of(room: str, terms: dict[str, set[str]]) -> Iterator[str]:
    """What is wrong with a room's catalogue, a sentence each."""
    have = read(file_of(room))
    want = have if room == FOREIGN else extracted(room)
    if (
        room != FOREIGN
        and len(want) > 1
        and (not file_of(room).exists() or written(want) != file_of(room).read_bytes())
    ):
        yield "outdated: run tools/messages.py"
    for message in want:
        if not message.id:
            continue
        english = message.id[-1] if isinstance(message.id, (tuple, list)) else message.id
        found = have.get(message.id, context=message.context)
        if found is None or not all(texts(found)) or not texts(found):
            yield f"no Khmer for {english!r}"
            continue
        if found.fuzzy:
            yield f"fuzzy: {english!r}"
        for khmer in texts(found):
            if not set(HOLES.findall(khmer)) <= set(HOLES.findall(english)) or (
                set(HOLES.findall(english)) - set(HOLES.findall(khmer)) - {"%(num)d", "%(count)s"}
            ):
                yield f"other placeholders than in {english!r}: {khmer!r}"
            known = terms.get(english.strip().lower())
            if known and khmer not in known:
                yield f"glossary has {' or '.join(sorted(known))} for {english!r}, not {khmer!r}"
            if "\u200b" in khmer or "្ដ" in khmer:
                yield f"zero-width space or ្ដ for ្ត in {khmer!r}"


def quarrels(chosen: list[str]) -> Iterator[str]:
    """Texts that two rooms say differently: Django has one catalogue a language, so that one of them would lose."""
    said: dict[tuple[object, object], tuple[str, str]] = {}
    for room in [FOREIGN, *rooms()]:
        for message in read(file_of(room)):
            if not message.id or not all(texts(message)):
                continue
            key = (message.context, message.id if isinstance(message.id, str) else message.id[0])
            other, khmer = said.setdefault(key, (room, texts(message)[0]))
            if khmer != texts(message)[0] and {room, other} & set(chosen):
                yield f"{room}: {key[1]!r} is {texts(message)[0]!r} here, {khmer!r} in {other}"


def compile_all(only: list[str] | None = None) -> int:
    """Make the .mo of every catalogue that is newer than its own; returns how many were made."""
    made = 0
    for room in only or [FOREIGN, *rooms()]:
        source = file_of(room)
        if not source.exists():
            continue
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        buffer = BytesIO()
        write_mo(buffer, read(source))
        fresh = target.with_name(f"{target.name}.{id(buffer)}")
        fresh.write_bytes(buffer.getvalue())
        fresh.replace(target)
        made += 1
    return made


def update(room: str) -> int:
    """Rewrite a room's catalogue; returns how many texts still want Khmer."""
    catalog, path = extracted(room), file_of(room)
    if len(catalog) == 0:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    content = written(catalog)
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
    return sum(1 for message in catalog if message.id and not all(texts(message)))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rooms", nargs="*", metavar="ROOM")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--compile", action="store_true")
    args = parser.parse_args()
    chosen = args.rooms or ([FOREIGN, *rooms()] if args.check or args.compile else rooms())
    unknown = set(chosen) - {FOREIGN, *rooms()}
    if unknown:
        print(f"no such room: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    if args.check:
        terms = glossary()
        faults = [f"{room}: {fault}" for room in chosen for fault in faults_of(room, terms)]
        faults += quarrels(chosen)
        print("\n".join(faults), file=sys.stderr) if faults else print("all catalogues complete")
        return 1 if faults else 0
    if not args.compile:
        for room in chosen:
            if room != FOREIGN:
                missing = update(room)
                if missing:
                    print(
                        f"{room}: {missing} texts without Khmer in {file_of(room).relative_to(SALA.parents[1])}"
                    )
    compile_all(args.rooms or None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
