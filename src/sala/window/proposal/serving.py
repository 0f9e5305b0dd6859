"""What is proposed for these words? The model in use, read once a process, and its answer; nothing typed is kept."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from sala.kit.errors import NotFound
from sala.kit.terms import N_
from sala.window.proposal import model, rules, texts

log = logging.getLogger(__name__)
MISSING = N_("This country's pack proposes no services. Choose from the list of services.")
LIKELY = 3  # how many are shown first
FEWEST_SIGNS = 2


@dataclass(frozen=True)
class Answer:
    """What a text may mean: all services, the likeliest first. ``unsure``: better ask for more words than believe the first."""

    text: str
    lang: str
    services: tuple[model.Proposal, ...]
    unsure: bool


def pack() -> Path:
    """The folder of the country's pack."""
    return Path(settings.COUNTRIES) / settings.COUNTRY


def own() -> Path:
    """The model this hall learned from its own requests; it never leaves SALA_HOME."""
    return Path(settings.HOME) / "proposal" / texts.MODEL


def shipped() -> Path:
    """The model of the pack."""
    return texts.folder(pack()) / texts.MODEL


@lru_cache(maxsize=2)
def _read(path: Path, changed: int) -> model.Model:
    return model.read(path)


@lru_cache(maxsize=1)
def _lexicon(folder: Path) -> rules.Lexicon:
    return texts.lexicon(folder)


def _stamp(path: Path) -> int:
    """When a file was last changed; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def current() -> model.Model:
    """The model in use: the hall's own where it was learned from this pack's texts too, otherwise the pack's. Raises `NotFound`."""
    changed = _stamp(shipped())
    if not changed:
        raise NotFound(MISSING)
    found = _read(shipped(), changed)
    learned = _stamp(own())
    if learned:
        try:
            mine = _read(own(), learned)
        except (model.Unreadable, OSError) as error:
            log.warning("The hall's own proposals are not used: %s", error)
        else:
            if mine.digest == found.digest:
                return mine
    return found


def answer(text: str, offered: Collection[str] | None = None) -> Answer:
    """What ``text`` may mean among the services ``offered`` (all of the pack without). Whatever was typed, there is an answer."""
    used, lexicon = current(), _lexicon(pack())
    features = rules.features(text, lexicon)
    proposals = tuple(used.propose(features, offered))
    doubt = not proposals or proposals[0].score < used.unsure or len(rules.plain(text)) < FEWEST_SIGNS
    return Answer(text, rules.language(text, lexicon), proposals, doubt)
