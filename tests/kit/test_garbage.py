"""Is circular garbage looked for again afterwards, whatever happened?"""

import gc

import pytest

from sala.kit.garbage import uncollected


def test_it_is_looked_for_again_afterwards_and_only_if_it_was() -> None:
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
        raise ZeroDivisionError
    assert gc.isenabled()
