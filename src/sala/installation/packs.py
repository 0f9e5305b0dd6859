"""What does a country pack bring? Rooms register how they load their part; `sala init` calls them in order."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from sala.kit.acting import Acting
from sala.kit.errors import NotFound
from sala.kit.terms import N_

Load = Callable[[Path, Acting], list[str]]


@dataclass(frozen=True, order=True)
class Loader:
    """One room's part: ``load(pack, by)`` is idempotent and returns lines for the report."""

    order: int
    name: str
    load: Load


_loaders: dict[str, Loader] = {}


def register(name: str, order: int, load: Load) -> None:
    """Called by a room's ``apps.ready``; lower orders are loaded first."""
    _loaders[name] = Loader(order, name, load)


def loaders() -> list[Loader]:
    """All of them, in order."""
    return sorted(_loaders.values(), key=lambda loader: (loader.order, loader.name))


def known() -> list[str]:
    """The countries there is a pack for."""
    return sorted(folder.parent.name for folder in Path(settings.COUNTRIES).glob("*/country.toml"))


def path(country: str) -> Path:
    """The folder of a country's pack; raises `NotFound` for a country that has none."""
    if country not in known():
        raise NotFound(N_("There is no pack for this country."))
    return Path(settings.COUNTRIES) / country
