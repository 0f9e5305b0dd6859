"""Hostile uploads, each built here: what people send who mean harm, and what broken phones send who don't.

`UPLOADS` lists them as `Hostile(name, file name, declared type, content, outcome)`. ``outcome`` is ``refused`` or
``harmless`` (kept, but nothing of `MARKS` is left in what is stored). Use it against every endpoint that takes a file.
"""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass

from PIL import Image, PngImagePlugin

SCRIPT = b"<script>alert('sala')</script>"
PHP = b"<?php system($_GET['c']); ?>"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SECRET = b"GPS-OF-THE-HOUSE"
MARKS = (
    SCRIPT,
    PHP,
    EICAR,
    SECRET,
    b"<svg",
    b"PK\x03\x04",
    b"%PDF",
    b"Exif",
    b"ICC_PROFILE",
    b"http://ns.adobe.com",
    b"#!/bin/sh",
)


@dataclass(frozen=True)
class Hostile:
    name: str
    filename: str
    media_type: str
    content: bytes
    outcome: str


def picture(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture with a gradient, so that every decoder has work to do."""
    image = Image.linear_gradient("L").resize(size)
    return image.convert(mode)


def written(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(**options: object) -> bytes:
    return written(picture(), "JPEG", **options)


def png(**options: object) -> bytes:
    return written(picture(), "PNG", **options)


def webp(**options: object) -> bytes:
    return written(picture(), "WEBP", **options)


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def with_segment(marker: int, content: bytes) -> bytes:
    """A JPEG with one more segment behind its first marker."""
    plain = jpeg()
    return plain[:2] + segment(marker, content) + plain[2:]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that says it is so large, whatever its data."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose frame header says it is so large."""
    plain = jpeg()
    at = plain.index(b"\xff\xc0")
    return plain[: at + 5] + struct.pack(">HH", height, width) + plain[at + 9 :]


def exif(orientation: int = 1, text: bytes = SECRET) -> bytes:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = text.decode()
    gps = data.get_ifd(0x8825)
    gps[1], gps[2] = "N", (11.0, 33.0, 12.5)
    gps[3], gps[4] = "E", (104.0, 55.0, 30.2)
    return data.tobytes()


def archive(name: str = "run.sh") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(name, "#!/bin/sh\n")
    return out.getvalue()


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        entry = tarfile.TarInfo("../../etc/cron.d/sala")
        entry.size = 4
        file.addfile(entry, io.BytesIO(b"evil"))
    return out.getvalue()


def png_text_bomb() -> bytes:
    """A compressed text chunk of 60 MB in a few kilobytes."""
    bomb = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(b"A" * 60_000_000, 9))
    plain = png()
    return plain[:33] + bomb + plain[33:]


def png_with_text() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", (SCRIPT + SECRET).decode())
    info.add_itxt("XML:com.adobe.xmp", "<x xmlns='http://ns.adobe.com/xap/1.0/'>" + PHP.decode() + "</x>")
    return png(pnginfo=info)


def animation(kind: str) -> bytes:
    frames = [picture(), picture().transpose(Image.Transpose.ROTATE_180)] * 10
    return written(frames[0], kind, save_all=True, append_images=frames[1:], duration=20)


def broken_exif() -> bytes:
    return with_segment(0xE1, b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08" + b"\xff" * 400 + SECRET)


def looping_exif() -> bytes:
    """A directory whose next directory is itself."""
    entry = struct.pack(">HHII", 0x0112, 3, 1, 6 << 16)
    return with_segment(
        0xE1, b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08" + b"\x00\x01" + entry + b"\x00\x00\x00\x08"
    )


def odd_tiff() -> bytes:
    entry = struct.pack("<HHII", 0x0100, 4, 0xFFFFFFFF, 0xFFFFFFF0)
    return b"II\x2a\x00\x08\x00\x00\x00" + b"\x01\x00" + entry + b"\x00\x00\x00\x00"


XML_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><l>&j;</l>"
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
XXE = b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SVG.replace(
    SCRIPT, b"&x;"
)


def _uploads() -> list[Hostile]:
    plain = jpeg()
    refused = [
        ("empty file", "a.jpg", "image/jpeg", b""),
        ("one byte", "a.jpg", "image/jpeg", b"\xff"),
        ("only a JPEG's first bytes", "a.jpg", "image/jpeg", b"\xff\xd8\xff"),
        ("only a PNG's first bytes", "a.png", "image/png", b"\x89PNG\r\n\x1a\n"),
        ("only a WebP's first bytes", "a.webp", "image/webp", b"RIFF\x10\x00\x00\x00WEBP"),
        ("SVG with a script", "a.svg", "image/svg+xml", SVG),
        ("SVG called JPEG", "a.jpg", "image/jpeg", SVG),
        ("SVG that reads a file", "a.svg", "image/svg+xml", XXE),
        ("compressed SVG", "a.svgz", "image/svg+xml", gzip.compress(SVG)),
        ("page called JPEG", "a.jpg", "image/jpeg", b"<!doctype html>" + SCRIPT),
        ("page as page", "a.html", "text/html", b"<html>" + SCRIPT),
        ("XML bomb", "a.xml", "text/xml", XML_BOMB),
        ("PDF", "a.pdf", "application/pdf", b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript>>>>\n%%EOF"),
        ("PDF with a JPEG inside", "a.jpg", "image/jpeg", b"%PDF-1.7\n" + plain),
        ("PHP", "a.php", "application/x-php", PHP),
        ("PHP called JPEG", "a.php.jpg", "image/jpeg", PHP),
        ("PHP behind a GIF's first bytes", "a.gif", "image/gif", b"GIF89a" + PHP),
        ("shell script", "a.sh", "text/x-sh", b"#!/bin/sh\nrm -rf /\n"),
        ("program", "a.jpg", "image/jpeg", b"\x7fELF" + b"\x00" * 200),
        ("Windows program", "photo.jpg.exe", "image/jpeg", b"MZ" + b"\x00" * 200),
        ("virus test text", "a.jpg", "image/jpeg", EICAR),
        ("server's settings", ".htaccess", "text/plain", b"AddType application/x-httpd-php .jpg\n"),
        ("zip archive", "a.zip", "application/zip", archive()),
        ("zip called JPEG", "a.jpg", "image/jpeg", archive("../../evil.sh")),
        ("zip before a JPEG", "a.jpg", "image/jpeg", archive() + plain),
        ("tar that climbs", "a.tar", "application/x-tar", tar()),
        ("animated GIF", "a.gif", "image/gif", animation("GIF")),
        ("BMP", "a.bmp", "image/bmp", written(picture(), "BMP")),
        ("TIFF", "a.tif", "image/tiff", written(picture(), "TIFF")),
        ("TIFF with impossible tags", "a.jpg", "image/jpeg", odd_tiff()),
        ("icon", "a.ico", "image/x-icon", written(picture(), "ICO")),
        ("PostScript", "a.eps", "application/postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (r) file"),
        ("HEIC's first bytes", "a.heic", "image/heic", b"\x00\x00\x00\x18ftypheic" + b"\x00" * 100),
        ("cut-off JPEG", "a.jpg", "image/jpeg", plain[: len(plain) // 2]),
        ("cut-off PNG", "a.png", "image/png", png()[:60]),
        ("cut-off WebP", "a.webp", "image/webp", webp()[:40]),
        ("PNG of 60,000 by 60,000", "a.png", "image/png", png_of(60_000, 60_000)),
        ("PNG of 2,147,483,647 by 1", "a.png", "image/png", png_of(2**31 - 1, 1)),
        ("PNG of no width", "a.png", "image/png", png_of(0, 10)),
        (
            "PNG bomb of 8,000 by 8,000",
            "a.png",
            "image/png",
            png_of(8_000, 8_000, zlib.compress(b"\x00" * 192_008_000, 1)),
        ),
        ("PNG whose text is a bomb", "a.png", "image/png", png_text_bomb()),
        ("PNG with wrong sums", "a.png", "image/png", png()[:40] + b"\x00\x00\x00\x00" + png()[44:]),
        ("JPEG of 65,500 by 65,500", "a.jpg", "image/jpeg", jpeg_of(65_500, 65_500)),
        ("JPEG of 31,000 by 1,000", "a.jpg", "image/jpeg", jpeg_of(31_000, 1_000)),
        ("more than 10 MB", "a.jpg", "image/jpeg", plain + b"\x00" * (10 * 1024 * 1024)),
    ]
    harmless = [
        ("PHP in a JPEG's comment", "a.php", "application/x-php", with_segment(0xFE, PHP)),
        ("script in a JPEG's comment", "a.html", "text/html", with_segment(0xFE, SCRIPT)),
        ("zip behind a JPEG", "a.jar", "application/java-archive", plain + archive()),
        ("PDF behind a JPEG", "a.pdf", "application/pdf", plain + b"%PDF-1.7\n%%EOF"),
        ("PDF in a JPEG's comment", "a.jpg", "image/jpeg", with_segment(0xFE, b"%PDF-1.7\n%%EOF")),
        ("page behind a PNG", "a.png", "text/html", png() + b"<html>" + SCRIPT),
        ("script behind a WebP", "a.webp", "image/webp", webp() + SCRIPT),
        ("virus test text behind a JPEG", "a.jpg", "image/jpeg", plain + EICAR),
        ("place and text in EXIF", "a.jpg", "image/jpeg", jpeg(exif=exif())),
        ("EXIF in WebP", "a.webp", "image/webp", webp(exif=exif())),
        ("EXIF in PNG", "a.png", "image/png", png(exif=exif())),
        ("XMP in JPEG", "a.jpg", "image/jpeg", with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + SECRET)),
        ("text and XMP in PNG", "a.png", "image/png", png_with_text()),
        ("colour profile that is text", "a.jpg", "image/jpeg", jpeg(icc_profile=SCRIPT * 20)),
        ("EXIF that is rubbish", "a.jpg", "image/jpeg", broken_exif()),
        ("EXIF that runs in a circle", "a.jpg", "image/jpeg", looping_exif()),
        ("animated WebP", "a.webp", "image/webp", animation("WEBP")),
        ("animated PNG", "a.png", "image/png", animation("PNG")),
        ("PNG called page", "a.html", "text/html", png()),
        ("name that climbs", "../../../etc/passwd", "image/jpeg", plain),
        ("name that climbs, Windows", "..\\..\\boot.ini", "image/jpeg", plain),
        ("name with NUL", "a.php\x00.jpg", "image/jpeg", plain),
        ("name that turns direction", "photo\u202egpj.exe", "image/jpeg", plain),
        ("name of 5,000 characters", "ក" * 5000 + ".jpg", "image/jpeg", plain),
        ("name that is a header", 'a"\r\nX-Evil: 1.jpg', "image/jpeg", plain),
        ("name that is a script", SCRIPT.decode() + ".jpg", "image/jpeg", plain),
        ("type that is a header", "a.jpg", "text/html; charset=utf-7", plain),
    ]  # fmt: skip
    return [Hostile(*row, "refused") for row in refused] + [Hostile(*row, "harmless") for row in harmless]


UPLOADS = _uploads()
