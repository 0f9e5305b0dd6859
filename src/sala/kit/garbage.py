"""When is circular garbage looked for? Not while one act makes thousands of rows, which are no garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Leave the search for circular garbage until afterwards: each search looks at all the new rows, for nothing.

    Only around work that is bounded; what is freed by its last reference is freed at once all the same.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
