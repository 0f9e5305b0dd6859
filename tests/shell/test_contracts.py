"""Does the order of the house hold, and would its contracts notice if it did not?"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "sala"
FLOORS = [
    {"shell"},
    {"counter"},
    {"window"},
    {"measures"},
    {"accounts"},
    {"offices"},
    {"places"},
    {"ledger"},
    {"notices", "files", "jobs", "numbers", "installation"},
    {"ui"},
    {"kit"},
]
ABOVE = {room: set().union(*FLOORS[:height]) for height, rooms in enumerate(FLOORS) for room in rooms}

pytestmark = pytest.mark.once


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).parent / "lint-imports"),
        "--no-cache",
        "--config",
        str(ROOT / ".importlinter"),
    ]
    return subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__", "locale", "static", "countries", "templates")
    shutil.copytree(SOURCE, tmp_path / "sala", ignore=ignore)
    return tmp_path


def test_contracts_hold() -> None:
    done = lint(ROOT / "src")
    assert done.returncode == 0, done.stdout + done.stderr


PLANTED = {
    "a room imports the room above": (
        "places/rules.py",
        "import sala.window.rules",
        "An import only goes down",
    ),
    "the ground imports a room": ("kit/text.py", "import sala.places.rules", "An import only goes down"),
    "a measure reaches up": ("measures/rules.py", "import sala.window.rules", "An import only goes down"),
    "neighbours know each other": (
        "files/actions.py",
        "import sala.jobs.registry",
        "An import only goes down",
    ),
    "the ledger asks accounts": (
        "ledger/actions.py",
        "import sala.accounts.acting",
        "An import only goes down",
    ),
    "rules read the database": ("window/rules.py", "import sala.window.models", "Inside a room"),
    "queries act": ("window/queries.py", "import sala.window.actions", "Inside a room"),
    "actions render": ("accounts/actions.py", "import sala.accounts.pages", "Inside a room"),
    "a foreign model": (
        "window/actions.py",
        "import sala.offices.models",
        "Only a room's own files import its models",
    ),
    "a foreign model from above": (
        "shell/founding.py",
        "import sala.ledger.models",
        "Only a room's own files import its models",
    ),
    "rules know Django": (
        "window/rules.py",
        "import django.db",
        "Rules and terms know no Django, clock or database",
    ),
    "rules look at the clock": (
        "places/rules.py",
        "import time",
        "Rules and terms know no Django, clock or database",
    ),
    "terms translate by themselves": (
        "window/terms.py",
        "import django.utils.translation",
        "Rules and terms know no Django, clock or database",
    ),
    "a page touches models": (
        "places/pages.py",
        "import sala.places.models",
        "Pages and api use queries and actions",
    ),
    "an api touches models": (
        "places/api.py",
        "import sala.places.models",
        "Pages and api use queries and actions",
    ),
    "a room nobody placed": ("newroom/__init__.py", "", "An import only goes down"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_caught(copy: Path, name: str) -> None:
    path, line, contract = PLANTED[name]
    target = copy / "sala" / path
    target.parent.mkdir(exist_ok=True)
    with target.open("a") as file:
        file.write(f"\n{line}\n")
    done = lint(copy)
    assert done.returncode == 1, f"not caught: {name}"
    assert re.search(rf"{re.escape(contract)} +BROKEN", done.stdout) or contract in done.stdout, done.stdout


def test_a_planted_circle_is_caught(copy: Path) -> None:
    for room, other in (("alpha", "beta"), ("beta", "alpha")):
        (copy / "sala" / "kit" / f"{room}.py").write_text(f"import sala.kit.{other}\n")
    done = lint(copy)
    assert done.returncode == 1
    assert re.search(r"No circles +BROKEN", done.stdout), done.stdout


def rooms() -> list[str]:
    return sorted(ABOVE)


@pytest.mark.parametrize("room", rooms())
def test_no_reference_by_text_points_upward(room: str) -> None:
    """What the linter can't see: model references by string, get_model, and SQL over the tables of a room above."""
    faults = []
    for path in (SOURCE / room).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for upper in ABOVE[room] - {room}:
            for pattern in (
                rf"""["']{upper}\.[A-Z]\w+["']""",
                rf"""get_model\(\s*["']{upper}["']""",
                rf"""(?i:from|join|into|update)\s+"?{upper}_\w+""",
            ):
                faults += [f"{path.relative_to(SOURCE)}: {match}" for match in re.findall(pattern, text)]
    assert not faults, faults


def test_time_is_simulated_by_the_installation_alone() -> None:
    users = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if re.search(r"clock\.simulate\(|import simulate|_simulated\b", path.read_text(encoding="utf-8"))
    }
    assert users == {"kit/clock.py", "installation/actions.py"}


def test_only_the_clock_reads_the_clock() -> None:
    """`timezone.now`, `datetime.now`, `date.today` elsewhere would escape the simulated year."""
    faults = [
        f"{path.relative_to(SOURCE)}: {match}"
        for path in SOURCE.rglob("*.py")
        if path.name != "clock.py" and "migrations" not in path.parts
        for match in re.findall(
            r"timezone\.now|datetime\.now\(|date\.today\(|datetime\.utcnow|auto_now",
            path.read_text(encoding="utf-8"),
        )
    ]
    assert not faults, faults


def python_files() -> list[Path]:
    return [
        path
        for top in ("src", "tests", "tools")
        for path in (ROOT / top).rglob("*.py")
        if "migrations" not in path.parts
    ]


def test_a_long_file_says_why() -> None:
    faults = []
    for path in python_files():
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > 500 and not any(line.startswith("# long because ") for line in lines[:3]):
            faults.append(f"{path.relative_to(ROOT)}: {len(lines)} lines")
    assert not faults, faults


def test_no_junk_drawers_and_nothing_swallowed() -> None:
    faults = []
    for path in python_files():
        if path.stem in {"utils", "helpers", "common", "misc"}:
            faults.append(f"{path.relative_to(ROOT)}: a name that says nothing")
        text = path.read_text(encoding="utf-8")
        if path.is_relative_to(SOURCE) and re.search(r"except Exception:\s+pass|\bTODO\b|\bFIXME\b", text):
            faults.append(f"{path.relative_to(ROOT)}: swallowed or unfinished")
    assert not faults, faults


def test_no_country_is_named_in_code() -> None:
    faults = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if re.search(r"country\s*==|country\s+in\s*[\[({]", path.read_text(encoding="utf-8"))
    ]
    assert not faults, faults


def test_committed_files_name_no_address_of_a_registry_and_no_workplace() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    words = [
        "pypi" + ".org",
        "python" + "hosted",
        "registry." + "npmjs",
        "deb." + "debian",
        "/work/" + "main",
        "/work/" + "shared",
        "../" + "shared",
    ]
    faults = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if (
            path.suffix in {".png", ".woff2", ".ttf", ".mo"}
            or not path.is_file()
            or name == "tests/shell/test_contracts.py"
        ):
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        faults += [f"{name}: {word}" for word in words if word in text]
    assert not faults, faults
