"""How often are proposals right? Shares of texts whose service is the first, or among the first three."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sala.window.proposal.serving import LIKELY, Answer
from sala.window.proposal.texts import Text


@dataclass(frozen=True)
class Share:
    """Of ``texts`` so many had their service first (``top1``), or among the first three (``top3``)."""

    texts: int
    first: int
    among: int

    @property
    def top1(self) -> float:
        """The share with the service first."""
        return self.first / self.texts if self.texts else 0.0

    @property
    def top3(self) -> float:
        """The share with the service among the first three."""
        return self.among / self.texts if self.texts else 0.0

    def as_dict(self) -> dict[str, float]:
        """For JSON."""
        return {"texts": self.texts, "top1": round(self.top1, 4), "top3": round(self.top3, 4)}

    def line(self) -> str:
        """For a screen."""
        return f"{self.texts} texts, first {self.top1:.3f}, among the first three {self.top3:.3f}"


def by_language(texts: Sequence[Text], ask: Callable[[str], Answer]) -> dict[str, Share]:
    """The shares for each language of the texts."""
    langs = sorted({text.lang for text in texts})
    return {lang: share((text for text in texts if text.lang == lang), ask) for lang in langs}


def share(texts: Iterable[Text], ask: Callable[[str], Answer]) -> Share:
    """The shares of some texts."""
    places = []
    for text in texts:
        codes = [proposal.code for proposal in ask(text.text).services]
        places.append(codes.index(text.service) if text.service in codes else len(codes))
    return Share(len(places), sum(place == 0 for place in places), sum(place < LIKELY for place in places))
