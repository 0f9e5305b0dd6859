"""Is a database marked once and for all, and is time simulated in a demonstration only?"""

from datetime import UTC, datetime

import pytest

from sala.installation import actions, packs, queries
from sala.installation.models import Installation
from sala.kit import clock
from sala.kit.errors import NotFound, NotPossible, Refused

MOMENT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


@pytest.fixture
def empty(db: None) -> None:
    Installation.objects.all().delete()
    queries.forget()


@pytest.fixture(autouse=True)
def remember_nothing() -> object:
    yield
    queries.forget()


@pytest.mark.usefixtures("empty")
def test_a_demonstration_may_live_through_another_time() -> None:
    actions.initialise(country="kh", demonstration=True, seed=7)
    with actions.simulated(MOMENT):
        assert clock.now() == MOMENT
        assert clock.today().isoformat() == "2026-01-05"
    assert clock.now() != MOMENT


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("initialised", [True, False])
def test_a_real_hall_may_not(initialised: bool) -> None:
    if initialised:
        actions.initialise(country="kh", demonstration=False)
    with pytest.raises(Refused), actions.simulated(MOMENT):
        pytest.fail("time was simulated")


@pytest.mark.usefixtures("empty")
def test_the_mark_is_set_once() -> None:
    actions.initialise(country="kh", demonstration=True)
    with pytest.raises(NotPossible):
        actions.initialise(country="kh", demonstration=False)
    assert queries.is_demonstration()


def test_a_country_without_a_pack_is_refused() -> None:
    with pytest.raises(NotFound):
        packs.path("atlantis")


def test_packs_are_loaded_in_order() -> None:
    orders = [loader.order for loader in packs.loaders()]
    assert orders == sorted(orders)
