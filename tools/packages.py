"""The Debian packages that tools work with: installed where we may, named where they stay missing."""

import os
import shutil
import subprocess

import postgres

PACKAGES = {
    "postgresql": lambda: postgres.binaries() is not None,
    "chromium": lambda: shutil.which("chromium") is not None,
    "nginx": lambda: shutil.which("nginx") is not None,
    "systemd": lambda: shutil.which("systemd-analyze") is not None,
}


def provide(*names: str) -> list[str]:
    """Install those of the packages (all, if none is named) that are missing; return the names of those still missing."""
    asked = names or tuple(PACKAGES)
    missing = [name for name in asked if not PACKAGES[name]()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        print(f"Installing {', '.join(missing)}", flush=True)
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        subprocess.run(command, check=False, **quiet)
    return [name for name in asked if not PACKAGES[name]()]
