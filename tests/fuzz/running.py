"""How long is fuzzed, from which seed? Short and always the same in the tests; long and drawn anew in `make fuzz`."""

import json
import os
import time
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
"""How long all tests here together go on; 0: a fixed number of examples that are always the same."""
SHARES = {"api": 0.5, "life": 0.25, "appointments": 0.25}
SEED = int(os.environ.get("FUZZ_SEED", "0"))
SHORT = {"life": (16, 35), "appointments": (12, 30)}
TOGETHER = 8
"""Examples between two looks at the clock."""


class Rounds:
    """Iterates over seeds: one where the run is short, else new ones until the time is over. ``note`` counts."""

    def __init__(self, name: str) -> None:
        self.name, self.began, self.round = name, time.monotonic(), 0
        self.seconds = SECONDS * SHARES[name]
        self.figures: dict[str, Any] = {"name": name, "seed": SEED, "seconds": 0.0}
        self.random = Random(f"{SEED} {name}")

    def __iter__(self) -> "Rounds":
        return self

    def __next__(self) -> int:
        spent = time.monotonic() - self.began
        self.figures["seconds"] = round(spent, 1)
        self.write()
        if (self.round and not SECONDS) or (SECONDS and spent >= self.seconds):
            raise StopIteration
        self.round += 1
        return self.random.getrandbits(64) if SECONDS else SEED

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return max(self.seconds - (time.monotonic() - self.began), 0.0)

    def note(self, **counts: int) -> None:
        """Add to the figures."""
        for name, count in counts.items():
            self.figures[name] = self.figures.get(name, 0) + count

    def write(self) -> None:
        """Where `tools/fuzz.py` reads them."""
        folder = os.environ.get("FUZZ_FIGURES")
        if folder:
            Path(folder, f"{self.name}.json").write_text(json.dumps(self.figures))


def machine_test(machine: type[RuleBasedStateMachine], name: str) -> None:
    """Walk through a state machine; what is found is shrunk and shown as a program, with the seed."""
    examples, steps = SHORT[name]
    rounds = Rounds(name)
    counted = _counting(machine, rounds)
    for drawn in rounds:
        chosen = settings(
            max_examples=TOGETHER if SECONDS else examples,
            stateful_step_count=50 if SECONDS else steps,
            derandomize=not SECONDS,
            database=None,
            deadline=None,
            print_blob=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        try:
            run_state_machine_as_test(seed(drawn)(counted) if SECONDS else counted, settings=chosen)
        except BaseException:
            rounds.note(failures=1)
            rounds.write()
            print(f"{name}: round {rounds.round}, seed {drawn}, FUZZ_SEED={SEED}")
            raise
        rounds.note(rounds=1, failures=0)


def _counting(machine: type[RuleBasedStateMachine], rounds: Rounds) -> type[RuleBasedStateMachine]:
    """The machine that counts its walks and steps: hypothesis looks at the invariants after each."""

    class Counting(machine):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            rounds.note(walks=1)
            super().__init__()

        def check_invariants(self, *arguments: Any, **options: Any) -> None:
            rounds.note(steps=1)
            super().check_invariants(*arguments, **options)

    Counting.__name__ = Counting.__qualname__ = machine.__name__
    return Counting
