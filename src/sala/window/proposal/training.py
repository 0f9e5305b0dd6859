"""How are the weights found? Learned with scikit-learn from texts, made small for the file; the same texts give the same model."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from sala.window.proposal import rules
from sala.window.proposal.model import Floats, Model, key
from sala.window.proposal.texts import TEXTS, Text, digest, folder, frames, lexicon, names, read, spoken

FEWEST_TEXTS = 2  # a piece that stands in one text only tells nothing about others
FEWEST_REQUESTS = 5  # and one that fewer residents wrote could be somebody's name
FOLDS = 5
PENALTY = 0.6
UNSURE = 0.5  # where fewer of the first proposals are right, the page says that it is unsure
WHOLE = ("text", "request")


def vocabulary(
    told: Sequence[Mapping[str, float]], texts: Sequence[Text], sources: Sequence[int]
) -> dict[str, float]:
    """Which features are kept, with their rarity. ``sources`` tells which sentences are made of the same text.

    A feature is kept that stands in two texts of the pack, or in five requests.
    """
    written: dict[str, set[int]] = {}
    asked: Counter[str] = Counter()
    for features, text, source in zip(told, texts, sources, strict=True):
        if text.kind == "request":
            asked.update(features.keys())
        else:
            for name in features:
                written.setdefault(name, set()).add(source)
    kept = {name for name, seen in written.items() if len(seen) >= FEWEST_TEXTS}
    kept |= {name for name, count in asked.items() if count >= FEWEST_REQUESTS}
    total = len(set(sources))
    often = {name: len(written.get(name, ())) + asked[name] for name in kept}
    return {name: log((1 + total) / (1 + often[name])) + 1 for name in sorted(kept, key=key)}


def _matrix(told: Sequence[Mapping[str, float]], rarity: Mapping[str, float]) -> csr_matrix:
    """The texts as rows of length one over the kept features."""
    column = {name: index for index, name in enumerate(rarity)}
    rows, columns, values = [], [], []
    for row, features in enumerate(told):
        own = [(column[name], value * rarity[name]) for name, value in features.items() if name in column]
        length = sum(value * value for _, value in own) ** 0.5 or 1.0
        for index, value in own:
            rows.append(row)
            columns.append(index)
            values.append(value / length)
    return csr_matrix((values, (rows, columns)), shape=(len(told), len(column)))


def fit(told: Sequence[Mapping[str, float]], texts: Sequence[Text], sources: Sequence[int]) -> Model:
    """A model of these texts, its scores not yet made honest: `calibrated` does that."""
    rarity = vocabulary(told, texts, sources)
    codes = tuple(sorted({text.service for text in texts}))
    wanted = [codes.index(text.service) for text in texts]
    learner = LinearSVC(C=PENALTY, class_weight="balanced", random_state=0, max_iter=5000)
    learner.fit(_matrix(told, rarity), wanted)
    weights = np.asarray(learner.coef_.T)
    scale = np.abs(weights).max(axis=0) / 127
    return Model(
        codes,
        np.array([key(name) for name in rarity], dtype=np.uint32),
        np.array(list(rarity.values()), dtype=np.float32),
        np.round(weights / scale).astype(np.int8),
        scale.astype(np.float32),
        learner.intercept_.astype(np.float32),
        1.0,
        0.0,
        "",
    )


def folds(sources: Sequence[int], count: int = FOLDS) -> list[list[int]]:
    """Which texts stand in which fold; sentences of the same text stay together."""
    found: list[list[int]] = [[] for _ in range(count)]
    for index, source in enumerate(sources):
        found[source % count].append(index)
    return found


def unseen(
    told: Sequence[Mapping[str, float]], texts: Sequence[Text], sources: Sequence[int]
) -> list[tuple[int, Model]]:
    """Each whole text's index with a model that has not seen it; names of things and what is made of them are easier."""
    found = []
    for fold in folds(sources):
        held = set(fold)
        rest = [index for index in range(len(texts)) if index not in held]
        model = fit([told[i] for i in rest], [texts[i] for i in rest], [sources[i] for i in rest])
        found += [(index, model) for index in fold if texts[index].kind in WHOLE]
    return found


def calibrated(
    model: Model,
    tried: Sequence[tuple[int, Model]],
    told: Sequence[Mapping[str, float]],
    texts: Sequence[Text],
) -> Model:
    """The model with scores that come true: sharpness and threshold are found on texts that were not learned from."""
    judged = [(other.sums(told[i]), other.codes.index(texts[i].service)) for i, other in tried]
    sums = np.array([each for each, _ in judged])
    right = np.array([index for _, index in judged])

    def surprise(sharpness: float) -> float:
        sharp = sums * sharpness
        top = sharp.max(axis=1)
        spread = np.log(np.exp(sharp - top[:, None]).sum(axis=1)) + top
        return float((spread - sharp[np.arange(len(right)), right]).mean())

    sharpness = round(float(minimize_scalar(surprise, bounds=(0.1, 30), method="bounded").x), 2)
    sharp = np.exp((sums - sums.max(axis=1)[:, None]) * sharpness)
    best = (sharp / sharp.sum(axis=1)[:, None]).max(axis=1)
    hit = sums.argmax(axis=1) == right
    return replace(model, sharpness=sharpness, unsure=_threshold(best, hit))


def _threshold(best: Floats, hit: NDArray[np.bool_]) -> float:
    """The score under which fewer than half of the first proposals are right."""
    for step in range(10, 60, 5):
        below = best < step / 100
        if below.any() and hit[below].mean() > UNSURE:
            return (step - 5) / 100
    return 0.6


def learned(pack: Path, requests: Sequence[Text] = ()) -> Model:
    """The model of a pack's texts, and of a hall's past requests; its scores come true. Some ten seconds for the pack alone.

    A request counts for a service of the pack only; the digest is that of the pack's texts.
    """
    own = [*read(folder(pack) / TEXTS), *names(pack)]
    known = {text.service for text in own}
    sources, texts = spoken([*own, *(each for each in requests if each.service in known)], frames(pack))
    words = lexicon(pack)
    told = [rules.features(text.text, words) for text in texts]
    found = calibrated(fit(told, texts, sources), unseen(told, texts, sources), told, texts)
    return replace(found, digest=digest(pack))
