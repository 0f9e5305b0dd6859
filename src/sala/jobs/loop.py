"""How does a worker live? Round after round of due jobs, through locked and lost databases, until it is told to stop."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType

from django.db import DatabaseError, connection

from sala.jobs import actions, processes, queries, rules
from sala.kit import clock

log = logging.getLogger("sala.jobs")
LONGEST_NAP = 1.0
"""Seconds between two looks at the table."""
PATIENCE = 0.4
"""Seconds a stopping worker gives a job inside a call that can't be interrupted; then the lease is left to be taken over."""


class Stop(BaseException):
    """Ends a job in the middle; not an Exception, so that no job mistakes it for a failure of its own."""


def _machine() -> str:
    """This machine and its process numbers' namespace: where a holder can be known to be dead."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
        space = os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        boot = space = ""
    return f"{socket.gethostname()[:60]}/{boot}/{space}"


def own_name() -> str:
    """The holder's name of this process."""
    return f"{_machine()}:{os.getpid()}:{processes.mark(os.getpid())}"


def is_dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that is gone. False when it can't be known."""
    machine, pid, mark = [*holder.split(":"), "", "", ""][:3]
    if machine != _machine() or not pid.isdigit() or not mark:
        return False
    return processes.mark(int(pid)) != mark


class Worker:
    """One worker with two lanes, so that a long job does not hold up the short ones; one lease a job all the same.

    It claims jobs under its lanes' names, renews the leases of what it does and hands back when it stops.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name or own_name()
        self.stopping = threading.Event()
        self._at_work: dict[str, str] = {}  # lane -> job
        self._interruptible = False

    def listen(self) -> None:
        """Stop at SIGTERM and SIGINT: gently at once, for good after `PATIENCE`.

        Python's handlers wait until a call into a library returns (a database that waits for a lock, a long query),
        so a second thread learns of the signal through a pipe.
        """
        heard, told = os.pipe()
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        threading.Thread(target=self._leave, args=(heard,), daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)

    def _leave(self, heard: int) -> None:
        """Wait for a signal, then leave: a job's work is one transaction, so this is harmless like a power cut."""
        while not {signal.SIGTERM, signal.SIGINT} & set(os.read(heard, 64)):
            continue
        self.stopping.set()
        threading.Event().wait(PATIENCE)
        os._exit(0)

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """The signal handler: end the job at hand."""
        self.stopping.set()
        if self._interruptible:
            self._interruptible = False
            raise Stop

    @contextmanager
    def _work(self, lane: str, name: str) -> Iterator[None]:
        """Around a job's own work: here, and only here, a signal may end it (in the main thread, which hears it)."""
        self._at_work[lane] = name
        main = threading.current_thread() is threading.main_thread()
        if main:
            self._interruptible = True
        try:
            if self.stopping.is_set():
                raise Stop
            yield
        finally:
            if main:
                self._interruptible = False
            self._at_work.pop(lane, None)

    def _renew(self) -> None:
        """A thread: renew the leases of jobs that take long, through a connection of its own."""
        while not self.stopping.wait(rules.RENEWAL.total_seconds()):
            for lane, name in list(self._at_work.items()):
                try:
                    actions.renew(name, lane)
                except DatabaseError as error:
                    log.info("lease of %s not renewed: %s", name, type(error).__name__)
                    connection.close()
        connection.close()

    def run(self) -> None:
        """Work until `stop`, hand back and leave the process: a job in the second lane can't be interrupted, only left."""
        second_lane = f"{self.name}:2"
        second = threading.Thread(target=self._rounds, args=(second_lane,), daemon=True)
        for thread in (threading.Thread(target=self._renew, daemon=True), second):
            thread.start()
        self._rounds(self.name)
        second.join(0.1)
        with suppress(DatabaseError):
            actions.hand_back(second_lane)
        logging.shutdown()
        os._exit(0)

    def _rounds(self, lane: str) -> None:
        """Round after round of due jobs. Database errors are waited out: 1 s, doubling to 30 s."""
        failures = 0
        prepared = False
        while not self.stopping.is_set():
            try:
                if not prepared:
                    self._prepare()
                    prepared = True
                actions.run_due(lane, around=partial(self._work, lane), stop=self.stopping.is_set)
                failures = 0
                self.stopping.wait(self._nap())
            except Stop:
                break
            except DatabaseError as error:
                failures += 1
                wait = min(2.0 ** (failures - 1), 30.0)
                log.warning(
                    "the database did not answer (%s); next try in %.0f s", type(error).__name__, wait
                )
                _drop_connection()
                self.stopping.wait(wait)
        with suppress(DatabaseError):
            actions.hand_back(lane)
        _drop_connection()

    def _prepare(self) -> None:
        """Make new jobs' rows and free what dead workers of this machine held, without waiting for their leases."""
        actions.ensure()
        for holder in actions.holders():
            if is_dead(holder):
                log.info("worker %s is dead: its jobs are taken over", holder)
                actions.hand_back(holder)

    def _nap(self) -> float:
        """Seconds until the next job is due, at most `LONGEST_NAP` (other workers' jobs may become free)."""
        due = queries.next_at()
        if due is None:
            return LONGEST_NAP
        return min(max((due - clock.now()).total_seconds(), 0.02), LONGEST_NAP)


def _drop_connection() -> None:
    """Begin with a new connection next time, whatever state this one is in."""
    with suppress(DatabaseError):
        connection.close()


def main() -> None:
    """Be a worker in this process, until SIGTERM or SIGINT."""
    worker = Worker()
    worker.listen()
    worker.run()
