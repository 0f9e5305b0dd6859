"""Run the commands that pages quote, in their order, on a bare Debian 12 that systemd booted in a container of its own.

python tools/machine.py PAGE.md ...            every `sh` block, as root; a script between pages is run whole
python tools/machine.py PAGE.md --keep FOLDER  leave the machine's files there when it is done

It wants root, debootstrap, systemd-nspawn and slirp4netns (installed from Debian's packages when they are missing), and
Debian's packages within reach. The machine gets from outside: the release archive, and a folder of Python packages that
pip on this side fetched by the lock file, as its only index. Nothing of this machine is changed but build/machine, where
the bare system is kept for the next time.
"""

import argparse
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "machine"
BARE = KEPT / "debian-12.tar"
WHEELS = KEPT / "wheels"
NEEDED = {"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container", "slirp4netns": "slirp4netns"}
INCLUDED = "systemd,systemd-sysv,dbus,ca-certificates"
LONGEST = 600
"""Seconds a block may take."""
NOT_RUN = "# not run by the test: "
"""A block that begins so is shown to people and told by the test, not run."""
FENCED = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A block of commands of a page, with the line it begins on."""

    line: int
    text: str

    @property
    def reason(self) -> str:
        """Why it is not run; empty for those that are."""
        first = self.text.splitlines()[0]
        return first.removeprefix(NOT_RUN) if first.startswith(NOT_RUN) else ""


def blocks(page: Path) -> list[Block]:
    """The page's `sh` blocks in their order."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".md":
        return [Block(1, text)]
    return [Block(text.count("\n", 0, found.start()) + 2, found[1]) for found in FENCED.finditer(text)]


def provide() -> None:
    """Install what is missing here. Raises SystemExit with one clear line where that can't be."""
    if os.geteuid() != 0:
        raise SystemExit("Booting a machine wants root.")
    missing = [package for program, package in NEEDED.items() if not shutil.which(program)]
    if missing:
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        subprocess.run(command, check=False, **quiet)
    if still := [package for program, package in NEEDED.items() if not shutil.which(program)]:
        raise SystemExit(f"Not here and not to be had: {', '.join(still)}")


def bare_system(root: Path) -> None:
    """A bare Debian 12 in ``root``: unpacked from what was kept, or made."""
    if not BARE.is_file():
        KEPT.mkdir(parents=True, exist_ok=True)
        print("Making a bare Debian 12 (once; minutes)", flush=True)
        with tempfile.TemporaryDirectory(prefix="bare-", dir=KEPT) as folder:
            made = Path(folder) / "root"
            told = subprocess.run(
                ["debootstrap", "--variant=minbase", f"--include={INCLUDED}", "bookworm", made],
                capture_output=True,
                text=True,
                timeout=1200,
                check=False,
            )
            if told.returncode:
                raise SystemExit(f"debootstrap failed:\n{told.stdout[-2000:]}{told.stderr[-500:]}")
            draft = BARE.with_suffix(".part")
            subprocess.run(["tar", "-C", made, "--numeric-owner", "-cf", draft, "."], check=True, timeout=300)
            draft.rename(BARE)
    subprocess.run(["tar", "-C", root, "--numeric-owner", "-xpf", BARE], check=True, timeout=300)


def wheels() -> None:
    """The packages of the lock file, as pip of this side fetches them; fetched once for a lock."""
    lock = ROOT / "requirements" / "run.txt"
    mark, digest = WHEELS / ".lock", hashlib.sha256(lock.read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text() == digest:
        return
    shutil.rmtree(WHEELS, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "download", "--require-hashes", "-r", lock, "-d", WHEELS]
    command += ["--no-deps", "--python-version", "3.11", "--only-binary=:all:"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if told.returncode:
        raise SystemExit(f"The packages of {lock.name} can't be fetched:\n{told.stderr[-1500:]}")
    mark.write_text(digest)


def release(archive: Path) -> None:
    """The program as it is handed out: what is committed, by the command that docs/running-a-hall.md tells."""
    command = ["git", "archive", "--prefix=sala/", "-o", archive, "HEAD"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)


@dataclass
class Machine:
    """A booted Debian; ``run`` runs a script in it as root."""

    root: Path
    leader: int

    @property
    def entered(self) -> list[str]:
        """The prefix of a command that runs in the machine."""
        return ["nsenter", "--target", str(self.leader), "--all", "--root", "--wd"]

    def run(
        self, script: str, *, timeout: float = LONGEST, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a script with bash in /root; the first command that fails ends it. Output holds both streams."""
        done = subprocess.run(
            [
                *self.entered,
                "env",
                "-i",
                *ENVIRONMENT,
                "bash",
                "-euo",
                "pipefail",
                "-c",
                f"cd /root\n{script}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"exit {done.returncode}\n{done.stdout[-4000:]}")
        return done


UP = """
for _ in $(seq 300); do
    case "$(systemctl is-system-running 2>/dev/null || true)" in running | degraded) exit 0 ;; esac
    sleep 0.2
done
exit 1
"""
ENVIRONMENT = (
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LANG=C.UTF-8",
    "TERM=dumb",
)


@contextmanager
def booted(root: Path) -> Iterator[Machine]:
    """The system in ``root``, booted by its own systemd, in namespaces of its own, with a way out for its packages."""
    (root / "etc" / "hostname").write_text("hall\n")
    (root / "etc" / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n127.0.1.1 hall\n")
    resolver = root / "etc" / "resolv.conf"
    resolver.unlink(missing_ok=True)
    resolver.write_text("nameserver 10.0.2.3\n")
    command = [
        "systemd-nspawn",
        "--quiet",
        "--boot",
        f"--directory={root}",
        "--machine=hall",
        "--private-network",
    ]
    command += ["--register=no", "--keep-unit", "--console=pipe", "--resolv-conf=off", "--link-journal=no"]
    started: list[subprocess.Popen[bytes]] = []
    with (root.parent / "boot.log").open("wb") as log:
        try:
            options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "start_new_session": True}
            container = subprocess.Popen(command, **options)
            started.append(container)
            machine = Machine(root, _leader(container))
            way_out = ["slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback"]
            started.append(subprocess.Popen([*way_out, str(machine.leader), "tap0"], **options))
            machine.run(UP, timeout=120)
            yield machine
        finally:
            for process in reversed(started):
                _end(process)


def _leader(container: subprocess.Popen[bytes]) -> int:
    """The process id, seen from here, of the container's systemd, once it is that."""
    for _ in range(300):
        if container.poll() is not None:
            raise SystemExit(
                "systemd-nspawn can't boot a machine here (it needs namespaces and control groups)."
            )
        children = Path(f"/proc/{container.pid}/task/{container.pid}/children")
        for pid in children.read_text().split() if children.exists() else []:
            if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                return int(pid)
        time.sleep(0.1)
    _end(container)
    raise SystemExit("The machine did not boot within 30 s.")


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(sign)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                continue


def prepare(root: Path) -> None:
    """What the machine is given beforehand: the release, and where its pip finds packages."""
    release(root / "root" / "sala.tar.gz")
    wheels()
    shutil.copytree(WHEELS, root / "var" / "lib" / "wheels")
    (root / "etc" / "pip.conf").write_text(
        "[global]\nno-index = true\nfind-links = /var/lib/wheels\ndisable-pip-version-check = true\n"
    )


def perform(page: Path, machine: Machine) -> int:
    """Run the page's blocks; the exit status. The first one that fails ends it."""
    ran, left = 0, []
    for block in blocks(page):
        if block.reason:
            left.append(block)
            continue
        print(f"-- {page.name}:{block.line}", flush=True)
        if page.suffix == ".md":
            print("".join(f"   $ {line}\n" for line in block.text.splitlines()), end="", flush=True)
        began = time.monotonic()
        try:
            done = machine.run(block.text, check=False)
        except subprocess.TimeoutExpired:
            print(f"FAILED: not done after {LONGEST} s")
            return 1
        tail = (
            done.stdout.strip().splitlines()[-6:] if not done.returncode else done.stdout.splitlines()[-60:]
        )
        print("".join(f"     {line[:200]}\n" for line in tail), end="")
        print(f"   {time.monotonic() - began:.1f} s", flush=True)
        if done.returncode:
            print(f"FAILED with exit status {done.returncode}: {page.name}, line {block.line}")
            journal = machine.run("journalctl --no-pager -n 60 -o cat 2>/dev/null || true", check=False)
            print(journal.stdout[-6000:])
            return 1
        ran += 1
    for block in left:
        print(f"Not run: {page.name}, line {block.line}: {block.reason}")
    print(f"{ran} blocks of {page.name} were run in order, {len(left)} were not.")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", type=Path, nargs="+", metavar="PAGE")
    parser.add_argument("--keep", type=Path, help="Leave the machine's files in this folder.")
    given = parser.parse_args()
    began = time.monotonic()
    provide()
    KEPT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="hall-", dir=KEPT))
    root = folder / "root"
    root.mkdir()
    try:
        bare_system(root)
        prepare(root)
        with booted(root) as machine:
            status = next((status for page in given.pages if (status := perform(page, machine))), 0)
    finally:
        if given.keep:
            folder.rename(given.keep)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{time.monotonic() - began:.0f} s")
    return status


if __name__ == "__main__":
    sys.exit(main())
