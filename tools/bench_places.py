"""How well and how fast does the search find places with one wrong letter? Run by `python tools/bench_places.py [COUNT]`.

Takes names from the loaded database (SALA_HOME), spoils one letter in each (left out, doubled, swapped, replaced) in
both scripts with a fixed seed, and prints the share of which the name stands among the first ten, and the times.
"""

import os
import random
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sala.settings")

KHMER = [chr(code) for code in [*range(0x1780, 0x17A3), *range(0x17B6, 0x17C7)]]
LATIN = list("abcdefghijklmnopqrstuvwxyz")


def spoil(name: str, source: random.Random, letters: list[str]) -> str:
    """``name`` with one wrong letter."""
    spots = [index for index, letter in enumerate(name) if letter.isalpha() or "\u17b6" <= letter <= "\u17d3"]
    at = source.choice(spots)
    kind = source.choice(["out", "double", "swap", "replace"])
    if kind == "out":
        return name[:at] + name[at + 1 :]
    if kind == "double":
        return name[:at] + name[at] + name[at:]
    if kind == "swap" and at + 1 < len(name):
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name[:at] + source.choice(letters) + name[at + 1 :]


def main() -> None:
    """Measure and print."""
    import django

    django.setup()
    from sala.places import queries
    from sala.places.terms import Level

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    source = random.Random(2026)
    started = time.perf_counter()
    queries.search("120404")
    print(f"first question, units and index read: {1000 * (time.perf_counter() - started):.0f} ms")
    for label, levels in (("communes", [Level.COMMUNE]), ("all levels", list(Level)[1:])):
        pool = [unit for level in levels for unit in queries.units(level)]
        for script, column, letters in (("Khmer", "name_km", KHMER), ("Latin", "name_en", LATIN)):
            found, times, missed = 0, [], []
            asked = [
                unit
                for unit in (source.choice(pool) for _ in range(count))
                if len(re.sub(r"[\W\d]", "", getattr(unit, column))) > 1
            ]
            for unit in asked:
                name = getattr(unit, column)
                typed = spoil(name, source, letters)
                started = time.thread_time()
                answer = queries.search(typed, limit=10)
                times.append(time.thread_time() - started)
                if any(getattr(one, column) == name for one in answer):
                    found += 1
                else:
                    missed.append(f"{name} as {typed}")
            times.sort()
            print(
                f"{label}, {script}: {found / len(asked):.4f} of {len(asked)} in the first ten; "
                f"CPU: median {1000 * times[len(times) // 2]:.1f} ms, 95 % {1000 * times[int(len(times) * 0.95)]:.1f} ms; "
                f"missed: {'; '.join(missed[:8])}"
            )


if __name__ == "__main__":
    main()
