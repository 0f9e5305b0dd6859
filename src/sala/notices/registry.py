"""Which kinds of notice are there? Rooms name theirs in `apps.ready()`, with the words people see for it."""

_kinds: dict[str, str] = {}


def register(kind: str, label: str) -> None:
    """Register a kind (``window.received``) with its English label, marked for translation by ``N_``."""
    _kinds[kind] = label


def kinds() -> dict[str, str]:
    """All registered kinds and their labels."""
    return dict(_kinds)


def label(kind: str) -> str:
    """The label of a kind; the kind itself where none was registered."""
    return _kinds.get(kind, kind)
