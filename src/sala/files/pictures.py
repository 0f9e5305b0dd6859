"""Is this upload a picture, and what of it do we keep? Decoded within limits and written anew, pixels only."""

import io
import struct
import warnings
import zlib
from dataclasses import dataclass

from PIL import Image

from sala.files import rules
from sala.kit.errors import Invalid
from sala.kit.terms import N_

# What Pillow's decoders raise at broken content, by its own documentation and by fuzzing them.
BROKEN = (
    Image.DecompressionBombError,
    Image.UnidentifiedImageError,
    OSError,
    EOFError,
    ValueError,
    SyntaxError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    MemoryError,
    NotImplementedError,
    ZeroDivisionError,
    RuntimeError,
    struct.error,
    zlib.error,
)
# Our own limit is stricter than the one Pillow warns at.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", message="Corrupt EXIF", module="PIL")

_SHRINKABLE = frozenset(("RGB", "RGBA", "L", "LA", "CMYK", "YCbCr"))
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Picture:
    """A harmless JPEG and its thumbnail: no metadata, no profile, no comment, nothing behind the end marker."""

    content: bytes
    small: bytes
    width: int
    height: int


def harmless(upload: bytes) -> Picture:
    """Decode a JPEG, PNG or WebP (an animation: its first frame) and write it anew.

    Raises `Invalid` with a sentence for everything else: another kind whatever its name says, a broken or cut-off
    file, more pixels than `rules.MOST_PIXELS`.
    """
    kind = rules.picture_format(upload[:12])
    if not kind:
        raise Invalid(
            N_("This file is not a photo. Please choose a photo of the kind JPEG, PNG or WebP."),
            code="not-a-photo",
        )
    try:
        image = Image.open(io.BytesIO(upload), formats=[kind])
        fits = rules.dimensions_fit(*image.size)
    except Image.DecompressionBombError:
        fits = False
    except BROKEN as error:
        raise _broken() from error
    if not fits:
        raise Invalid(
            N_(
                "This photo has too many pixels. Please choose one of at most 40 million pixels, or a smaller copy."
            ),
            code="too-many-pixels",
        )
    try:
        turn = _TURNS.get(_orientation(image))
        image.draft(
            "RGB", (rules.EDGE, rules.EDGE)
        )  # JPEG decodes at a fraction of the size: less time, less memory
        image.load()
        if image.mode in _SHRINKABLE:
            image.thumbnail((rules.EDGE, rules.EDGE), Image.Resampling.LANCZOS)  # first: the rest is copies
        plain = _flat(image)
    except BROKEN as error:
        raise _broken() from error
    plain.thumbnail((rules.EDGE, rules.EDGE), Image.Resampling.LANCZOS)
    if turn is not None:
        plain = plain.transpose(turn)
    small = plain.copy()
    small.thumbnail((rules.SMALL_EDGE, rules.SMALL_EDGE), Image.Resampling.LANCZOS)
    return Picture(_written(plain, 82), _written(small, 75), plain.width, plain.height)


def _broken() -> Invalid:
    return Invalid(
        N_(
            "This photo can't be read; it may be damaged or cut off. Please choose another photo (JPEG, PNG or WebP)."
        ),
        code="broken",
    )


def _orientation(image: Image.Image) -> int:
    """How the camera was held; upright where the metadata can't be read."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except BROKEN:
        return 1


def _flat(image: Image.Image) -> Image.Image:
    """The pixels alone as a new RGB picture, transparent ones on white."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits a pixel: keep the upper eight
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        plain = Image.new("RGB", image.size, (255, 255, 255))
        plain.paste(image, mask=image.getchannel("A"))
        return plain
    plain = Image.new("RGB", image.size)
    plain.paste(image.convert("RGB"))
    return plain


def _written(image: Image.Image, quality: int) -> bytes:
    """A JPEG of the pixels and nothing else."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()
