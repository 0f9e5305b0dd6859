"""Whatever is sent, only pixels are kept."""

import io

import pytest
from PIL import Image, ImageCms

from sala.files import pictures, rules
from sala.kit.errors import Invalid
from tests.files import hostile

# Refused by their size alone, before they are looked at: see test_actions.
LOOKED_AT = [upload for upload in hostile.UPLOADS if 0 < len(upload.content) <= rules.MOST_BYTES]


@pytest.fixture(scope="module", params=LOOKED_AT, ids=lambda h: h.name)
def upload(request):
    return request.param


def test_there_are_enough_hostile_uploads():
    assert len(hostile.UPLOADS) >= 35
    assert len({upload.name for upload in hostile.UPLOADS}) == len(hostile.UPLOADS)


def reopened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def markers(content: bytes) -> list[int]:
    """The JPEG's segments up to its scan."""
    at, found = 2, []
    while True:
        marker = content[at + 1]
        found.append(marker)
        if marker == 0xDA:
            return found
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")


def assert_harmless(content: bytes) -> None:
    image = reopened(content)
    assert image.format == "JPEG" and image.mode == "RGB"
    assert not image.getexif()
    assert {"exif", "icc_profile", "comment", "xmp", "photoshop", "adobe"}.isdisjoint(image.info)
    assert getattr(image, "n_frames", 1) == 1
    for mark in hostile.MARKS:
        assert mark not in content
    assert content.endswith(b"\xff\xd9")
    # Nothing but the JFIF header, tables, frame and scan: no comment, no application data.
    assert {m for m in markers(content) if 0xE1 <= m <= 0xEF or m == 0xFE} == set()


def test_hostile(upload):
    if upload.outcome == "refused":
        with pytest.raises(Invalid) as refusal:
            pictures.harmless(upload.content)
        assert len(str(refusal.value.message)) > 40
        assert "photo" in str(refusal.value.message)
    else:
        picture = pictures.harmless(upload.content)
        assert_harmless(picture.content)
        assert_harmless(picture.small)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_forgotten(orientation):
    """A picture, red on the left and blue on the right, stored as a camera held that way stores it, comes out upright."""
    upright = Image.new("RGB", (60, 40), (255, 0, 0))
    upright.paste((0, 0, 255), (30, 0, 60, 40))
    upright.paste((0, 255, 0), (0, 20, 30, 40))
    turn = pictures._TURNS.get(orientation)
    inverse = {
        Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
        Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
    }
    stored = upright.transpose(inverse.get(turn, turn)) if turn is not None else upright
    content = hostile.written(stored, "JPEG", quality=95, exif=hostile.exif(orientation))
    picture = pictures.harmless(content)
    assert (picture.width, picture.height) == (60, 40)
    image = reopened(picture.content)
    near = [tuple(round(v / 255) for v in image.getpixel(at)) for at in ((5, 5), (55, 5), (5, 35))]
    assert near == [(1, 0, 0), (0, 0, 1), (0, 1, 0)]


def test_turns_agree_with_the_reference():
    from PIL import ImageOps

    for orientation in range(1, 9):
        content = hostile.jpeg(exif=hostile.exif(orientation))
        expected = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
        assert pictures.harmless(content).width == expected.width


@pytest.mark.parametrize(
    ("width", "height", "stored"),
    [
        (4000, 3000, (2048, 1536)),
        (3000, 4000, (1536, 2048)),
        (100, 50, (100, 50)),
        (1, 1, (1, 1)),
        (20000, 3, (2048, 1)),
    ],
)
def test_sizes(width, height, stored):
    picture = pictures.harmless(hostile.written(Image.new("RGB", (width, height), (9, 99, 199)), "JPEG"))
    assert (picture.width, picture.height) == stored == reopened(picture.content).size
    assert max(reopened(picture.small).size) == min(320, max(width, height))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I"])
def test_png_of_every_mode(mode):
    image = (
        Image.new("I;16", (20, 20), 65535)
        if mode in ("I;16", "I")
        else hostile.picture("L").resize((20, 20)).convert(mode)
    )
    picture = pictures.harmless(hostile.written(image, "PNG"))
    assert_harmless(picture.content)
    if mode in ("I;16", "I"):
        assert reopened(picture.content).getpixel((5, 5)) == (255, 255, 255)


def test_transparent_pixels_become_white():
    picture = pictures.harmless(hostile.written(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG"))
    assert reopened(picture.content).getpixel((5, 5)) == (255, 255, 255)


def test_print_colours_become_screen_colours():
    picture = pictures.harmless(hostile.written(Image.new("CMYK", (20, 20), (0, 0, 0, 0)), "JPEG"))
    assert reopened(picture.content).getpixel((5, 5)) == (255, 255, 255)


def test_a_sound_colour_profile_is_dropped_too():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert_harmless(pictures.harmless(hostile.jpeg(icc_profile=profile)).content)


def test_forty_million_pixels_are_taken():
    picture = pictures.harmless(hostile.written(Image.new("L", (8000, 5000), 127), "JPEG"))
    assert (picture.width, picture.height) == (2048, 1280)
