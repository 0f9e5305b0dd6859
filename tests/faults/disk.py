"""Is a full disk told clearly, with nothing half kept, while reading goes on, and does all go on once there is room?"""

import io
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from PIL import Image

from tests.faults.postgres import Server
from tests.faults.writers import Writers, call, content, examine, from_somewhere, page, token
from tests.hall import Hall

KHMER = "គ្មានកន្លែងទុកទៀតទេ"


@contextmanager
def small(megabytes: int) -> Iterator[Path]:
    """A folder that is a disk of so many megabytes. Raises PermissionError where this user may not mount one."""
    folder = Path(
        tempfile.mkdtemp(prefix="sala-faults-disk-")
    )  # not below a test's folder: PostgreSQL must reach it
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
        timeout=20,
    )
    if done.returncode:
        folder.rmdir()
        raise PermissionError(done.stderr.decode().strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False, timeout=20)
        folder.rmdir()


def fill(folder: Path) -> Path:
    """A file that takes all the room there is."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 65536)
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 512)
    return ballast


def photo() -> bytes:
    """A picture of about a megabyte."""
    out = io.BytesIO()
    Image.frombytes("RGB", (800, 600), os.urandom(800 * 600 * 3)).save(out, "JPEG", quality=95)
    return out.getvalue()


def form(hall: Hall, path: str, fields: dict[str, str], files: dict[str, bytes]) -> tuple[int, str]:
    """What a browser's form is answered, with a cookie that lets it be sent."""
    edge, secret = uuid4().hex, "a" * 32
    parts = []
    for name, value in {**fields, "csrfmiddlewaretoken": secret}.items():
        parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for name, data in files.items():
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    request = urllib.request.Request(
        hall.url + path,
        b"".join(parts) + f"--{edge}--\r\n".encode(),
        {
            "Content-Type": f"multipart/form-data; boundary={edge}",
            "Cookie": f"sala_csrf={secret}",
            "X-Forwarded-For": from_somewhere(),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def run(
    hall: Hall, folder: Path, *, server: Server | None = None, acknowledged: int = 30
) -> dict[str, object]:
    """Fill the hall's disk (``folder``) under four writers, read, make room; what is acknowledged is there once."""
    clerk = token(hall, "clerk120404")
    _, made, _ = call(
        hall, "window/requests", {"service": "RP-SEWER", "place": "120404", "description": "before"},
        **{"X-Forwarded-For": from_somewhere()},
    )  # fmt: skip
    reads = {
        "/km/": {}, "/en/report": {}, f"/api/v1/tracking/{made['code']}": {}, "/api/v1/window/services": {},
        "/api/v1/window/requests?page_size=10": clerk, "/healthz": {},
    }  # fmt: skip
    reads = {path.replace("/tracking", "/window/tracking"): headers for path, headers in reads.items()}
    statuses: dict[str, int] = {}
    with Writers(hall, 4) as writers:
        writers.wait_for(acknowledged)
        ballast = fill(folder)
        until = time.monotonic() + 60
        while not writers.refused[507] and not (server and writers.refused[503]):
            assert time.monotonic() < until, f"nobody was refused: {len(writers.acknowledged)} acknowledged"
            time.sleep(0.05)
        try:
            refused = refusals(hall) if server is None else {}
            statuses = {path: page(hall, path, **headers)[0] for path, headers in reads.items()}
        finally:
            ballast.unlink()
        if server is not None:
            server.start()  # PostgreSQL may have stopped when its log found no room
        writers.wait_for(acknowledged)
    assert not writers.faults, writers.faults[:3]
    if server is None:
        assert set(statuses.values()) == {200}, statuses
    found = examine(hall, writers.acknowledged)
    content(found)
    return {**found, **refused, "refused": dict(writers.refused), "reads": statuses}


def refusals(hall: Hall) -> dict[str, object]:
    """How a program, a page in each language and a photo are refused.

    SQLite finds room within its own files now and then, so each is tried until it is refused.
    """
    body = {"service": "RP-SEWER", "place": "120404", "description": "there is no room for this"}
    typed = {**body, "village": "12040401", "language": "en", "step": "check"}

    def program() -> tuple[int, str]:
        status, problem, headers = call(
            hall, "window/requests", body, **{"X-Forwarded-For": from_somewhere(), "Accept-Language": "km"}
        )
        assert status == 201 or (problem["type"].endswith(":no-room") and "retry-after" in headers), problem
        return status, str(problem)

    def written(lang: str) -> tuple[int, str]:
        return form(hall, f"/{lang}/report", {**typed, "idempotency_key": str(uuid4())}, {})

    def picture() -> tuple[int, str]:
        return form(hall, "/en/report", {**typed, "step": "where"}, {"photos": photo()})

    told = {"program": _until_full(program), "page": _until_full(lambda: written("en"))}
    told |= {"photo": _until_full(picture), "Khmer page": _until_full(lambda: written("km"))}
    for name, text in told.items():
        assert (KHMER if name in ("program", "Khmer page") else "No room left") in text, (name, text[-1500:])
        assert name == "program" or "there is no room for this" in text, "what was typed is lost"
    return {"told to": ", ".join(told)}


def _until_full(ask: Callable[[], tuple[int, str]]) -> str:
    for _ in range(200):
        status, text = ask()
        if status == 507:
            return text
        assert status in (200, 201, 302), (status, text[-1500:])
    raise AssertionError("never refused")
