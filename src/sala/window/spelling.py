"""Is this the name that was meant, with a wrong letter in it? Pure rules over search keys (`kit.text.skeleton`)."""

SHORTEST = 5
"""Of fewer letters a wrong one makes another name."""
LONG = 9
"""From so many letters on two may be wrong."""


def allowed(key: str) -> int:
    """How many letters may be wrong, missing or too many."""
    return 0 if len(key) < SHORTEST else 1 if len(key) < LONG else 2


def parts(key: str) -> list[str]:
    """One part more than letters may be wrong: at least one of them stands unspoilt in the name that was meant."""
    count = allowed(key) + 1
    size = len(key) // count
    return [
        key[size * place : size * (place + 1) if place < count - 1 else len(key)] for place in range(count)
    ]


def wrong(key: str, name: str) -> int:
    """By how many letters ``key`` differs from the part of ``name`` that is most like it (Sellers' algorithm)."""
    row = [0] * (len(name) + 1)
    for count, letter in enumerate(key, start=1):
        before, row = row, [count]
        for place, other in enumerate(name, start=1):
            row.append(min(before[place - 1] + (letter != other), before[place] + 1, row[-1] + 1))
    return min(row)


def meant(key: str, name: str) -> bool:
    """Whether ``name`` may be what was meant by ``key``."""
    return wrong(key, name) <= allowed(key)
