"""Is whoever was given work told by e-mail, if she wants it, and without a word of what a resident told?"""

from collections.abc import Callable
from typing import Any

import pytest

from sala.accounts import letterbox, queries
from sala.kit import clock
from sala.notices import registry
from sala.notices.models import Notice
from sala.offices import queries as offices
from sala.window import actions, escalating, letters, messages, routes, staff, subtasks
from sala.window.models import Request
from sala.window.terms import Act
from tests.window.test_actions import verified
from tests.window.test_escalation import SYSTEM, at, late

__all__ = ["late"]  # a fixture
pytestmark = pytest.mark.django_db
TOLD = ("secret words", "secret place", "Secret Name", "12345648")


@pytest.fixture
def wants(posts: Any) -> Callable[..., None]:
    """That post's holder wants e-mail."""

    def made(post: Any, language: str = "en", **facts: Any) -> None:
        account = queries.account_of(offices.appointment(post.appointment).person_id)
        said = {"email": f"{account.username}@example.com", "notified": True, **facts}
        letterbox.keep(by=SYSTEM, user=account.pk, language=language, **said)

    return made


def sent() -> list[Notice]:
    return list(Notice.objects.filter(kind__in=staff.KINDS).order_by("created", "id"))


@pytest.fixture
def told(report: Callable[..., Any]) -> Callable[..., Request]:
    """A report with words that must stay in the hall."""

    def made(**said: Any) -> Request:
        words = {"description": TOLD[0], "location": TOLD[1], "name": TOLD[2], "phone": TOLD[3], **said}
        return report(**words).request

    return made


def give(posts: Any, request: Request, version: int = 1) -> None:
    actions.act(
        by=posts.clerk,
        request_id=request.pk,
        version=version,
        verb=Act.ASSIGN,
        assigned=posts.desk.appointment,
    )


def test_who_is_given_a_request_is_told_number_and_link(posts: Any, told: Any, wants: Any) -> None:
    request = told()
    wants(posts.desk)
    give(posts, request)
    (notice,) = sent()
    assert (notice.kind, notice.channel, notice.language) == (staff.ASSIGNED, "email", "en")
    assert notice.address == "frontdesk120404@example.com"
    assert notice.subject == f"Request {request.number} was given to you"
    assert f"/en/work/requests/{request.pk}" in notice.body and "To be done by" in notice.body
    assert not [word for word in TOLD if word in notice.subject + notice.body]
    # Not among what was sent to the applicant, which she may read.
    assert notice.about != letters.about(request)
    assert str(notice.pk) not in {str(line.id) for line in messages.of_request(posts.clerk, request)}
    verified()


def test_in_the_language_of_the_account(posts: Any, told: Any, wants: Any) -> None:
    request = told()
    wants(posts.desk, "km")
    give(posts, request)
    (notice,) = sent()
    assert "ត្រូវបានប្រគល់ជូនលោកអ្នក" in notice.subject and f"/km/work/requests/{request.pk}" in notice.body


def test_nobody_is_written_to_who_did_not_choose_it(posts: Any, told: Any, wants: Any) -> None:
    wants(posts.desk, notified=False)
    give(posts, told())
    wants(posts.clerk)
    request = told()
    actions.act(
        by=posts.clerk, request_id=request.pk, version=1, verb=Act.TAKE, assigned=None
    )  # her own doing
    assert sent() == []


def test_a_rule_that_gives_a_new_request_tells_too(
    posts: Any, told: Any, wants: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wants(posts.desk)
    monkeypatch.setattr(routes, "goal", lambda office, *_: (office, posts.desk.appointment))
    request = told()
    assert [notice.about for notice in sent()] == [staff.about(request)]


def test_a_sub_task_tells_by_when(posts: Any, told: Any, wants: Any) -> None:
    request = told()
    wants(posts.desk)
    subtasks.add(
        by=posts.clerk, request_id=request.pk, post=posts.desk.appointment, text=TOLD[0], due=clock.today()
    )
    (notice,) = sent()
    assert notice.kind == staff.SUBTASK and request.number in notice.subject
    assert TOLD[0] not in notice.body


def test_whoever_holds_the_posts_is_told_of_a_late_request(posts: Any, late: Request, wants: Any) -> None:
    wants(posts.chief)
    wants(posts.desk)  # holds no post that the step names
    with at(late, 6):
        escalating.escalate(by=SYSTEM, request_id=late.pk)
    (notice,) = sent()
    assert notice.address.startswith("chief120404@")
    assert notice.subject == f"Request {late.number}: Long overdue"
    verified()


def test_nothing_is_told_of_an_act_that_failed(
    posts: Any, told: Any, wants: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = told()
    wants(posts.desk)

    def fails(**_: object) -> None:
        raise RuntimeError("outbox")

    monkeypatch.setattr("sala.notices.actions.post", fails)
    with pytest.raises(RuntimeError):
        give(posts, request)
    request.refresh_from_db()
    assert (request.version, request.assigned, sent()) == (1, None, [])


def test_the_kinds_are_known() -> None:
    assert set(staff.KINDS) <= set(registry.kinds()) and set(staff.SUBJECT) == set(staff.KINDS)
