"""Does this process live on when its parent is gone? And is that other process still the one we knew?"""

import ctypes
import signal
import sys
from pathlib import Path


def die_with_parent(death: signal.Signals) -> None:
    """Ask the kernel (Linux) to signal this process when the one that started it is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(1, int(death), 0, 0, 0)  # PR_SET_PDEATHSIG


def mark(pid: int) -> str:
    """When the process began (clock ticks since boot), so that a number used again is another; empty when it is dead."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in ("Z", "X") else fields[19]
