"""How likely is each service for a text? The learned weights in one small file, read and used with NumPy alone."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FORMAT = 1
OTHER = "-"  # learned as a service: what the catalogue does not offer; never proposed


def key(feature: str) -> int:
    """The number that stands for a feature in the file: strings of the texts are not kept."""
    return crc32(feature.encode())


@dataclass(frozen=True)
class Proposal:
    """One service, and how likely it is meant (0 to 1)."""

    code: str
    score: float


@dataclass(frozen=True)
class Model:
    """Weights of features (rows, ordered by key) for services (columns), in steps of ``scale``.

    ``sharpness`` makes scores out of sums, ``unsure`` is the score under which the first proposal says little;
    ``digest`` names the texts it was learned from.
    """

    codes: tuple[str, ...]
    keys: NDArray[np.uint32]
    rarity: NDArray[np.float32]
    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    sharpness: float
    unsure: float
    digest: str

    def sums(self, features: Mapping[str, float]) -> Floats:
        """What each service's weights say, before they are made scores."""
        keys = np.fromiter((key(name) for name in features), dtype=np.uint32, count=len(features))
        values = np.fromiter(features.values(), dtype=np.float64, count=len(features))
        rows = np.searchsorted(self.keys, keys)
        rows[rows == len(self.keys)] = 0
        known = self.keys[rows] == keys
        rows, values = rows[known], values[known] * self.rarity[rows[known]]
        length = float(np.sqrt((values**2).sum())) or 1.0
        summed: Floats = (values / length) @ self.weights[rows].astype(np.float64) * self.scale + self.bias
        return summed

    def scores(self, features: Mapping[str, float]) -> Floats:
        """How likely each service is."""
        summed = self.sums(features) * self.sharpness
        likely = np.exp(summed - summed.max())
        share: Floats = likely / likely.sum()
        return share

    def propose(
        self, features: Mapping[str, float], offered: Collection[str] | None = None
    ) -> list[Proposal]:
        """All services (or those ``offered``), the likeliest first; equal ones by their code.

        Their scores add up to less than 1: the rest is how likely it is that the text means something else.
        """
        found = zip(self.codes, self.scores(features).tolist(), strict=True)
        wanted = set(self.codes if offered is None else offered) - {OTHER}
        kept = [Proposal(code, score) for code, score in found if code in wanted]
        return sorted(kept, key=lambda each: (-each.score, each.code))


class Unreadable(ValueError):  # noqa: N818 - the sentence reads so
    """The file holds no model of this version; the message says which file."""


def write(model: Model, path: Path) -> None:
    """Keep a model; the same model gives the same file."""
    head = {
        "format": FORMAT,
        "codes": model.codes,
        "sharpness": model.sharpness,
        "unsure": model.unsure,
        "digest": model.digest,
    }
    told = np.frombuffer(json.dumps(head, sort_keys=True).encode(), dtype=np.uint8)
    partial = path.with_name(f"{path.name}.part")
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            head=told,
            keys=model.keys,
            rarity=model.rarity,
            weights=model.weights,
            scale=model.scale,
            bias=model.bias,
        )
    partial.replace(path)


def read(path: Path) -> Model:
    """The model in a file. Raises `Unreadable`, and OSError where there is no file."""
    try:
        with np.load(path, allow_pickle=False) as held:
            head: dict[str, Any] = json.loads(held["head"].tobytes())
            if head["format"] != FORMAT:
                raise Unreadable(f"{path}: made by another version. Run `sala window train`.")
            return Model(
                tuple(head["codes"]),
                held["keys"],
                held["rarity"],
                held["weights"],
                held["scale"],
                held["bias"],
                float(head["sharpness"]),
                float(head["unsure"]),
                str(head["digest"]),
            )
    except (ValueError, KeyError, EOFError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"{path}: this is no model of proposals. Run `sala window train`.") from error
