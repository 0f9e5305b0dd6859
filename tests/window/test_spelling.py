"""Which names are meant by a name with a wrong letter?"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sala.kit.text import skeleton
from sala.window import searching, spelling
from sala.window.models import Request


@pytest.mark.parametrize(
    ("key", "name", "found"),
    [
        ("panha", "prompanha", True),
        ("ponha", "prompanha", True),
        ("pana", "prompanha", False),  # four letters: nothing may be wrong
        ("pxnxa", "prompanha", False),
        ("samnxng", "meassamnang", True),
        ("meassxmnxng", "meassamnang", True),
        ("mexssxmnxng", "meassamnang", False),
        ("samnnang", "meassamnang", True),
        ("samang", "meassamnang", True),
    ],
)
def test_a_wrong_letter_is_borne_where_the_name_is_long_enough(key: str, name: str, found: bool) -> None:
    assert spelling.meant(key, name) is found


@settings(max_examples=40)
@given(st.text("abcd", min_size=5, max_size=14), st.text("abcd", max_size=6), st.data())
def test_a_spoilt_name_is_meant_and_shares_a_part(name: str, rest: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    spoilt = name[:at] + "x" + name[at + 1 :]
    assert "".join(spelling.parts(spoilt)) == spoilt
    assert spelling.meant(spoilt, rest + name)
    assert any(part in rest + name for part in spelling.parts(spoilt))


@pytest.mark.django_db
def test_the_queue_finds_by_a_wrong_letter_and_by_four_digits(posts: Any, report: Callable[..., Any]) -> None:
    mine = report(name="MEAS Samnang", phone="+85512345678", email="").request
    report(name="PROM Panha", phone="+85598700011", email="")

    def found(words: str, by: Any = posts.clerk) -> list[Any]:
        rows = Request.objects.filter(searching.q(by, words))
        return list(rows.values_list("pk", flat=True))

    assert skeleton("MEAS Samnang") != skeleton("MEAS Samnxng")
    assert found("MEAS Samnang") == found("Samnxng") == found("MEAS Samnxng") == found("4567") == [mine.pk]
    assert found("456") == found("Sovannarith Chhorn") == []
