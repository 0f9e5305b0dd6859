"""Who may open a page of work at all? Who signed in, and where the page is for a verb, whose post has it."""

import pytest
from django.http import HttpRequest

from sala.accounts import asking
from sala.accounts.acting import Resident, System
from sala.kit.acting import Acting, Reach
from sala.kit.errors import NotSignedIn, Refused


class Without(System):
    """Signed in, with a post that may nothing."""

    def reach(self, verb: str) -> Reach:
        """Nothing."""
        return Reach()


def request_of(by: Acting) -> HttpRequest:
    request = HttpRequest()
    request.acting = by  # type: ignore[attr-defined]
    return request


def test_a_stranger_is_asked_to_sign_in_before_a_word_of_the_post() -> None:
    with pytest.raises(NotSignedIn):
        asking.signed_in(request_of(Resident()))
    with pytest.raises(NotSignedIn):
        asking.with_verb(request_of(Resident()), "window.see", "Your post does not see requests.")


def test_who_signed_in_asks_and_only_a_post_with_the_verb_opens_its_page() -> None:
    by, without = System("a job"), Without("a job")
    assert asking.signed_in(request_of(without)) is without
    assert asking.with_verb(request_of(by), "window.see", "not shown") is by
    with pytest.raises(Refused, match="does not see requests"):
        asking.with_verb(request_of(without), "window.see", "Your post does not see requests.")
