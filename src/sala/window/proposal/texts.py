"""What is learned from? The pack's texts for each service and its lexicon; files only, nothing of Django here."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from sala.window import catalogue
from sala.window.proposal import rules

TEXTS, HELD_OUT, LEXICON, MODEL = "texts.jsonl", "held_out.jsonl", "lexicon.toml", "model.npz"


@dataclass(frozen=True)
class Text:
    """One text for a service. ``kind``: ``text`` as typed, ``phrase`` the name of a thing, which people put into a sentence,
    ``name`` the catalogue's own, ``request`` a past request of the hall. ``round``: texts of one round were written together.
    """

    service: str
    lang: str
    kind: str
    text: str
    round: str = ""


class Faulty(ValueError):  # noqa: N818 - the sentence reads so
    """The pack's texts can't be read; the message names the file, the line and the reason."""


def folder(pack: Path) -> Path:
    """Where a pack keeps what its proposals are learned from."""
    return pack / "propose"


def read(path: Path) -> list[Text]:
    """The texts of a JSON-lines file. Raises `Faulty`."""
    found = []
    for line, row in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            said: Mapping[str, Any] = json.loads(row)
            found.append(Text(*(str(said[name]) for name in ("service", "lang", "kind", "text", "round"))))
        except (ValueError, KeyError, TypeError) as error:
            raise Faulty(f"{path.name}, line {line}: {error!r}") from error
    return found


def lexicon(pack: Path) -> rules.Lexicon:
    """The pack's words for the same idea."""
    with (folder(pack) / LEXICON).open("rb") as file:
        said = tomllib.load(file)
    return rules.lexicon(said["ideas"], said["romanised"], said["sizeless"])


def frames(pack: Path) -> Mapping[str, Sequence[str]]:
    """The sentences into which the name of a thing is put, by language; the same for every service."""
    with (folder(pack) / LEXICON).open("rb") as file:
        return dict(tomllib.load(file)["frames"])


def names(pack: Path) -> list[Text]:
    """The catalogue's own names."""
    return [
        Text(row.code, lang, "name", row.facts[f"name_{lang}"])
        for row in catalogue.read(pack)
        for lang in (rules.KHMER, rules.ENGLISH)
    ]


def spoken(
    texts: Sequence[Text], frames: Mapping[str, Sequence[str]], each: int = 3
) -> tuple[list[int], list[Text]]:
    """The texts as people type them: a thing's name alone and in ``each`` sentences, other sentences for the next name.

    Beside each of them the position of the text it was made of.
    """
    sources: list[int] = []
    found: list[Text] = []
    turn = 0
    for source, text in enumerate(texts):
        made = [text]
        if text.kind == "phrase":
            ways = frames[text.lang]
            steps = range(turn, turn + each)
            made += [replace(text, text=ways[step % len(ways)].replace("{}", text.text)) for step in steps]
            turn += each
        found += made
        sources += [source] * len(made)
    return sources, found


def digest(pack: Path) -> str:
    """What the pack's model was learned from, as one value: the texts, the lexicon and the catalogue's names."""
    seen = sha256()
    for name in (TEXTS, LEXICON):
        seen.update((folder(pack) / name).read_bytes().replace(b"\r\n", b"\n"))
    for text in names(pack):
        seen.update(f"{text.service}\t{text.lang}\t{text.text}\n".encode())
    return seen.hexdigest()
