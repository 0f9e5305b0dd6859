"""Where does an attachment's content lie? In SALA_HOME/files, sharded by token, readable by Sala alone."""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings

from sala.files import rules


def check(url: str) -> str:
    """What is wrong with SALA_FILES_URL, as one sentence; empty when it is all right."""
    if url and not url.startswith("file://"):
        scheme = url.split("://")[0] if "://" in url else url[:20]
        return f"SALA_FILES_URL: {scheme}:// is not supported by this version; leave it unset to keep files in SALA_HOME/files"
    if url and not url.removeprefix("file://").startswith("/"):
        return "SALA_FILES_URL: write an absolute folder, file:///srv/sala/files"
    return ""


def root() -> Path:
    """The folder of all content."""
    url = settings.FILES_URL
    return Path(url.removeprefix("file://")) if url else Path(settings.FILES_ROOT)


def path(token: str, *, small: bool = False) -> Path:
    """Where a token's content lies. Raises ValueError for what is no token, so that no path can be built from outside."""
    if not rules.TOKEN.match(token):
        raise ValueError("not a token")
    return root().joinpath(*rules.shards(token), token + ("-small.jpg" if small else ".jpg"))


def write(token: str, content: bytes, *, small: bool = False) -> None:
    """Write durably, mode 600, all or nothing."""
    target = path(token, small=small)
    for folder in (root(), target.parent.parent, target.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_suffix(".part")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)


def read(token: str, *, small: bool = False) -> bytes | None:
    """The content; None where it is gone."""
    try:
        return path(token, small=small).read_bytes()
    except FileNotFoundError:
        return None


def remove(token: str) -> None:
    """Remove content and thumbnail; nothing to do where they are gone."""
    for small in (False, True):
        with suppress(FileNotFoundError):
            path(token, small=small).unlink()


def tokens_before(moment: datetime) -> Iterator[str]:
    """Tokens of content written before ``moment``."""
    for shard in _folders(root()):
        for inner in _folders(shard):
            for entry in os.scandir(inner):
                token = entry.name[:40]
                if rules.TOKEN.match(token) and entry.stat().st_mtime < moment.timestamp():
                    yield token


def _folders(parent: Path) -> list[Path]:
    return [Path(entry.path) for entry in os.scandir(parent) if entry.is_dir()] if parent.is_dir() else []
