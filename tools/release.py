"""Freeze this release's tables with a small hall in them, so that every later version is tested to bring them up to date.

python tools/release.py            writes tests/shell/released/VERSION/{sqlite,postgresql}.sql.xz and hall.tar.gz

The hall is a demonstration of two communes: the country's pack cut to their places. Its keys are derived from a fixed
text (`keys`), so that no key is kept in the repository and the tests can open what they signed.
"""

import argparse
import csv
import hashlib
import json
import lzma
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ROOT = Path(__file__).resolve().parents[1]
RELEASED = ROOT / "tests" / "shell" / "released"
COMMUNES = ("120404", "020801", "120401", "020802")
REQUESTS = 16
SEED_OF_KEYS = b"Sala: the hall that is frozen with a release. Fictional."


def keys(home: Path) -> None:
    """Put the frozen hall's keys into a home; the same each time."""
    folder = home / "keys"
    folder.mkdir(parents=True, mode=0o700)
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(SEED_OF_KEYS).digest())
    for name, content in (
        ("secret", hashlib.sha512(SEED_OF_KEYS).hexdigest().encode()),
        ("ledger.ed25519", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())),
    ):
        (folder / name).touch(mode=0o600)
        (folder / name).write_bytes(content)


def _cut(path: Path, keep: object) -> None:
    """Leave the header and the lines that are kept."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        header, *rows = csv.reader(file)
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *filter(keep, rows)])  # type: ignore[call-overload]


def small_pack(source: Path, target: Path) -> None:
    """The country's pack with `COMMUNES`, one commune of every other province, and three villages each."""
    shutil.copytree(source, target)
    gazetteer = target / "gazetteer"
    with (gazetteer / "communes.csv").open(encoding="utf-8-sig", newline="") as file:
        firsts = {row[0]: row[2] for row in reversed(list(csv.reader(file))[1:])}
    communes = {*COMMUNES, *firsts.values()}  # the demonstration wants one in each province
    _cut(gazetteer / "districts.csv", lambda row: row[1] in {code[:4] for code in communes})
    _cut(gazetteer / "communes.csv", lambda row: row[2] in communes)
    _cut(gazetteer / "villages.csv", lambda row: row[2] in communes and row[3][-2:] <= "03")
    _cut(gazetteer / "former_units.csv", lambda row: False)
    _cut(gazetteer / "corrections.csv", lambda row: len(row[1]) <= 2)
    _cut(target / "boundaries" / "communes_2014.csv", lambda row: row[2] in COMMUNES)
    topology = target / "boundaries" / "communes_2014.topojson"
    shapes = json.loads(topology.read_text(encoding="utf-8"))
    drawn = shapes["objects"]["data"]["geometries"]
    drawn[:] = [shape for shape in drawn if shape["properties"].get("code") in COMMUNES]
    topology.write_text(json.dumps(shapes), encoding="utf-8")
    for table in (target / "cdb_2011").glob("*.csv"):
        with table.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            code = next(
                i for i, name in enumerate(next(csv.reader(file))) if name in ("NCDD_CodeC", "Com_Code")
            )
        _cut(table, lambda row, code=code: row[code].split(".")[0].zfill(6) in COMMUNES)


RUN = """
import sys
from pathlib import Path
import django
from django.conf import settings
settings.COUNTRIES = Path(sys.argv[1])
django.setup()
from sala.shell import cli
cli.main(sys.argv[2:])
"""


def sala(home: Path, database: str, packs: Path, source: Path, *arguments: str) -> None:
    """Run a command of the program in ``source`` in that hall."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SALA_")}
    environment = {
        **kept,
        "SALA_HOME": str(home),
        "SALA_DATABASE_URL": database,
        "PYTHONPATH": str(source),
        "DJANGO_SETTINGS_MODULE": "sala.settings",
    }
    subprocess.run(
        [sys.executable, "-c", RUN, str(packs), *arguments], env=environment, check=True, timeout=300
    )


def found(home: Path, database: str, packs: Path, source: Path) -> None:
    """Open the small hall."""
    home.mkdir(mode=0o700)
    keys(home)
    sala(home, database, packs, source, "init", "--demo", "--requests", str(REQUESTS))


def of_sqlite(home: Path) -> str:
    with sqlite3.connect(home / "sala.sqlite3") as database:
        return "\n".join(database.iterdump()) + "\n"


def of_postgresql(home: Path, packs: Path, source: Path) -> str:
    sys.path.insert(0, str(ROOT))
    from tools.postgres import Cluster

    cluster = Cluster()
    try:
        cluster.start()
        found(home, cluster.url, packs, source)
        done = subprocess.run(
            [cluster.bin / "pg_dump", "--no-owner", "--no-acl", "--dbname", cluster.url],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
    finally:
        cluster.stop()
    return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", default=metadata.version("sala"))
    parser.add_argument(
        "--source", type=Path, default=ROOT / "src", help="The program to freeze (default: this one)."
    )
    given = parser.parse_args()
    folder = RELEASED / given.version
    if folder.exists():
        raise SystemExit(f"{folder} is there: a release is frozen once.")
    with tempfile.TemporaryDirectory(prefix="sala-release-") as temporary:
        packs = Path(temporary) / "countries"
        packs.mkdir()
        small_pack(given.source / "sala" / "countries" / "kh", packs / "kh")
        home = Path(temporary) / "sqlite"
        found(home, "", packs, given.source)
        sala(home, "", packs, given.source, "backup", str(Path(temporary) / "hall.tar.gz"))
        dumps = {
            "sqlite": of_sqlite(home),
            "postgresql": of_postgresql(Path(temporary) / "postgresql", packs, given.source),
        }
        folder.mkdir(parents=True)
        shutil.copy(Path(temporary) / "hall.tar.gz", folder)
    for kind, text in dumps.items():
        (folder / f"{kind}.sql.xz").write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    for path in sorted(folder.iterdir()):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
