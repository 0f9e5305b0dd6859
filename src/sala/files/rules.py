"""What may be uploaded: how large, which kinds by their first bytes, how a stored picture is named? Pure."""

import re
from datetime import datetime, timedelta

from sala.files.terms import State, Step
from sala.kit.states import Move, Table

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
LONGEST_EDGE = 30_000
"""Of an upload; beyond it no camera writes and decoders have had faults."""
EDGE, SMALL_EDGE = 2048, 320
"""Longest edges of what is stored, in pixels."""
UNATTACHED_FOR = timedelta(hours=48)
"""A browser may keep a form for a day before it can send it; its photos were here before."""
ANONYMOUS_AN_HOUR = 120
"""Uploads from one address and hour without an account. Generous: whole villages share one address of a mobile network."""
MEDIA_TYPE = "image/jpeg"
TOKEN = re.compile(r"[0-9a-f]{40}\Z")

TABLE: Table[State] = Table(
    name="file",
    initial=State.KEPT,
    moves=(Move(State.KEPT, Step.ATTACH, State.ATTACHED, required=("kind", "subject")),),
    owners={State.KEPT: "worker", State.ATTACHED: "the record it is attached to"},
)
FINAL = (State.ATTACHED,)


def picture_format(head: bytes) -> str:
    """``JPEG``, ``PNG`` or ``WEBP`` by the first 12 bytes; empty for everything else. Names and declared types say nothing."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return ""


def dimensions_fit(width: int, height: int) -> bool:
    """Whether a picture of so many pixels is decoded at all."""
    return 0 < width <= LONGEST_EDGE and 0 < height <= LONGEST_EDGE and width * height <= MOST_PIXELS


def shards(token: str) -> tuple[str, str]:
    """The two folders in which a token's content lies."""
    return token[:2], token[2:4]


def shown_name(created: datetime, token: str, small: bool = False) -> str:
    """The name under which a browser saves it; nothing of the uploader's own name is in it."""
    return f"photo-{created:%Y%m%d}-{token[:6]}{'-small' if small else ''}.jpg"
