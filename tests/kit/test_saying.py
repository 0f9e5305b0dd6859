"""Are words found in a column, whatever the size of their Latin letters, on both databases?"""

import pytest
from django.db.models import F, Q

from sala.accounts.models import User
from sala.kit.saying import Says

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("words", "found"),
    [("WATER", True), ("wAter p", True), ("ទឹក", True), ("100%", True), ("1_0", False), ("tea", False)],
)
def test_a_part_is_found(words: str, found: bool) -> None:
    User.objects.create(username="ទឹក Water pump 100%")
    assert User.objects.filter(Q(Says(F("username"), words))).exists() is found
