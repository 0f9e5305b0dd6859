"""How often are the proposals of services right? Measures anew and writes the table of docs/service-proposal.md; a minute."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")

import django

django.setup()

from sala.window.proposal import measured, rules, serving, texts, training
from sala.window.proposal.model import OTHER, Model
from sala.window.proposal.texts import Text

PAGE = ROOT / "docs" / "service-proposal.md"
FIRST, LAST = "<!-- figures: tools/accuracy.py -->", "<!-- end of the figures -->"
LANGS = {"km": "Khmer", "en": "English"}


def row(name: str, share: measured.Share) -> str:
    """One line of the table."""
    return f"| {name} | {share.texts} | {share.top1:.3f} | {share.top3:.3f} |"


def counted(places: Iterable[int]) -> measured.Share:
    """The shares, from where each text's service stood among the proposals (0 is first)."""
    found = list(places)
    among = sum(place < serving.LIKELY for place in found)
    return measured.Share(len(found), sum(place == 0 for place in found), among)


class Told:
    """All texts with their features, so that models of parts of them can be made and tried."""

    def __init__(self, pack: Path) -> None:
        own = [*texts.read(texts.folder(pack) / texts.TEXTS), *texts.names(pack)]
        self.sources, self.texts = texts.spoken(own, texts.frames(pack))
        lexicon = texts.lexicon(pack)
        self.features = [rules.features(text.text, lexicon) for text in self.texts]

    def place(self, model: Model, index: int) -> int:
        """Where a text's own service stands among the proposals."""
        codes = [each.code for each in model.propose(self.features[index])]
        return codes.index(self.texts[index].service)

    def whole(self, lang: str, among: Sequence[Text]) -> list[int]:
        """Which texts of a language are whole ones, for a service of the catalogue."""
        kept = {
            id(text) for text in among if text.lang == lang and text.kind == "text" and text.service != OTHER
        }
        return [index for index, text in enumerate(self.texts) if id(text) in kept]

    def crossed(self) -> list[str]:
        """Each text judged by a model that has not seen it, in five parts."""
        tried = dict(training.unseen(self.features, self.texts, self.sources))
        return [
            row(
                f"cross-validation, {name}",
                counted(self.place(tried[i], i) for i in self.whole(lang, self.texts)),
            )
            for lang, name in LANGS.items()
        ]

    def without(self, left_out: set[str], judged: str) -> list[str]:
        """The texts of one round judged by a model that has not seen any of some rounds."""
        kept = [index for index, text in enumerate(self.texts) if text.round not in left_out]
        model = training.fit(
            [self.features[i] for i in kept], [self.texts[i] for i in kept], [self.sources[i] for i in kept]
        )
        among = [text for text in self.texts if text.round == judged]
        return [
            row(
                f"{judged} round, unseen, {name}",
                counted(self.place(model, i) for i in self.whole(lang, among)),
            )
            for lang, name in LANGS.items()
        ]


def main() -> int:
    """Measure, and write the table between the marks of the page."""
    pack = serving.pack()
    held = measured.by_language(texts.read(texts.folder(pack) / texts.HELD_OUT), serving.answer)
    lines = [row(f"held out, {name}", held[lang]) for lang, name in LANGS.items()]
    told = Told(pack)
    lines += told.crossed()
    # The second and fourth rounds say some of the examples anew: they must not help there.
    for judged, left_out in (
        ("examples", {"examples", "second", "fourth"}),
        ("second", {"examples", "second"}),
        ("third", {"third"}),
    ):
        lines += told.without(left_out, judged)
    table = [
        "",
        "| texts | how many | service first | among the first three |",
        "|---|---|---|---|",
        *lines,
        "",
    ]
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(FIRST)
    PAGE.write_text(
        before + FIRST + "\n".join(["", *table, ""]) + LAST + rest.split(LAST)[1], encoding="utf-8"
    )
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
