"""What may everybody read of a comment, who decides it, and what does the link that only rates open?"""

import re
from itertools import pairwise
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sala.kit.errors import Changed, Invalid, NotFound
from sala.ledger import queries as ledger
from sala.ledger.verification import Verification
from sala.notices import queries as outbox
from sala.window import actions, comments, letters, queries, rules, screening, steps
from sala.window.models import Rating
from sala.window.terms import Act, Personal, Screening, Withheld

SECRET = b"a secret of the tests"
COMMENT = "អរគុណលោក សុខ តារា លេខ ០១២ ៣៤៥ ៦៧៨"


def assert_ledger_holds():
    assert [found.line() for found in Verification().findings() if not found.warning] == []


class TestScreening:
    @pytest.mark.parametrize(
        ("comment", "found"),
        [
            ("ធ្វើបានលឿន សូមអរគុណ។", []),
            ("Call me on 012 345 678 please", [("012 345 678", Personal.NUMBER)]),
            ("លេខ ០១២-៣៤៥-៦៧៨។", [("០១២-៣៤៥-៦៧៨", Personal.NUMBER)]),
            ("It took 3 days and 20 minutes.", []),
            ("Write to tara.sok@example.com", [("tara.sok@example.com", Personal.EMAIL)]),
            (
                "See t.me/tarasok or @tara_sok",
                [("t.me/tarasok", Personal.LINK), ("@tara_sok", Personal.LINK)],
            ),
            ("Mr. Dara was rude", [("Mr. Dara", Personal.NAME)]),
            ("លោកស្រី ចាន់ធី មិននៅ", [("លោកស្រី ចាន់ធី មិននៅ", Personal.NAME)]),
            ("tara helped me", [("tara", Personal.NAME)]),
        ],
    )
    def test_parts(self, comment, found):
        parts = screening.parts(comment, ["Sok Tara", "Ny"])
        assert [(comment[part.start : part.end], part.what) for part in parts] == found

    @given(st.text(max_size=80), st.lists(st.text(min_size=1, max_size=12), max_size=3))
    def test_parts_lie_apart_and_leaving_them_out_leaves_none(self, comment, names):
        parts = screening.parts(comment, names)
        assert all(one.end < other.start for one, other in pairwise(parts))
        assert all(0 <= part.start < part.end <= len(comment) for part in parts)
        shown = screening.without(comment, [comment[part.start : part.end] for part in parts])
        assert len(shown) <= len(comment)

    @given(
        st.text(alphabet="abc 1", max_size=40),
        st.lists(st.text(alphabet="abc1", min_size=1, max_size=4), max_size=3),
    )
    def test_nothing_is_reworded(self, comment, words):
        """What is shown is the comment with gaps: its pieces stand in it, in their order."""
        at = 0
        for piece in screening.without(comment, words).split(screening.LEFT_OUT):
            at = comment.index(piece, at) + len(piece)
        assert not any(word in screening.without(comment, [word]) for word in words)


class TestLink:
    @given(st.uuids())
    def test_the_key_names_its_request_alone(self, request_id):
        key = rules.rating_key(SECRET, request_id)
        assert re.fullmatch(r"[\w-]{35}", key)
        assert rules.read_rating_key([b"another", SECRET], key) == request_id
        assert rules.read_rating_key([b"another"], key) is None
        assert rules.read_rating_key([SECRET], rules.rating_key(b"another", request_id)) is None

    @pytest.mark.parametrize("typed", ["", "x", "A" * 35, "លេខ", "%00" * 9, "A" * 4000, "a b-c" * 7])
    def test_nonsense_names_none(self, typed):
        assert rules.read_rating_key([SECRET], typed) is None


@pytest.fixture
def done(posts, report):
    received = report()
    request = actions.act(
        by=posts.clerk, request_id=received.request.id, version=1, verb=Act.FINISH, text="បានជួសជុលរួច។"
    )
    return SimpleNamespace(request=request, code=received.code, key=queries.rating_key(request))


def rated(posts, done, comment=COMMENT, **more):
    said = {"courtesy": 2, "speed": 3, "comment": comment, "publish": True, **more}
    return actions.rate(by=posts.resident, request_id=done.request.id, **said)


class TestActions:
    def test_only_what_its_writer_allows_waits(self, posts, done):
        rated(posts, done, publish=False)
        assert list(comments.waiting(posts.clerk)) == []

    def test_without_words_nothing_waits(self, posts, done):
        assert rated(posts, done, comment="").screening == ""

    def test_who_looks_through(self, posts, done):
        rating = rated(posts, done)
        assert list(comments.waiting(posts.clerk)) == [rating]
        for by in (posts.other, posts.resident, posts.ministry):
            assert list(comments.waiting(by)) == []
            for attempt in (
                lambda by=by: comments.publish(by=by, rating_id=rating.id, leave_out=[]),
                lambda by=by: comments.keep(by=by, rating_id=rating.id, reason=Withheld.INSULT),
            ):
                with pytest.raises(NotFound):
                    attempt()
        with pytest.raises(NotFound):
            comments.publish(by=posts.clerk, rating_id=uuid4(), leave_out=[])

    def test_names_of_the_applicant_are_found(self, posts, done, django_assert_max_num_queries):
        rated(posts, done, comment="សុខ តារា ពេញចិត្ត")
        with django_assert_max_num_queries(3):
            (line,) = comments.lines(comments.waiting(posts.clerk))
        assert [line.comment[part.start : part.end] for part in line.parts] == ["សុខ តារា"]

    def test_publish(self, posts, done):
        rating = rated(posts, done)
        comments.publish(by=posts.clerk, rating_id=rating.id, leave_out=["លោក សុខ តារា", "០១២ ៣៤៥ ៦៧៨", " "])
        (said,) = comments.said(comments.published(done.request.office_id))
        assert said.text == "អរគុណ… លេខ …" and (said.courtesy, said.speed) == (2, 3)
        assert Rating.objects.get().comment == COMMENT  # what was written stays as it was
        assert comments.unpublished(done.request.office_id) == {}
        assert_ledger_holds()
        entries = [entry.act for entry in ledger.history(steps.RATING, str(rating.id))]
        assert entries[-1] == "window.publish"
        with pytest.raises(Changed):
            comments.keep(by=posts.clerk, rating_id=rating.id, reason=Withheld.INSULT)

    @pytest.mark.parametrize("words", [["not in it"], [COMMENT], ["អរគុណលោក", "សុខ តារា លេខ", "០១២ ៣៤៥ ៦៧៨"]])
    def test_words_that_are_not_in_it_or_all_of_it(self, posts, done, words):
        rating = rated(posts, done)
        with pytest.raises(Invalid) as wrong:
            comments.publish(by=posts.clerk, rating_id=rating.id, leave_out=words)
        assert wrong.value.errors[0].field == "more"
        assert Rating.objects.get().screening == Screening.ASKED

    def test_keep(self, posts, done):
        rating = rated(posts, done)
        with pytest.raises(Invalid):
            comments.keep(by=posts.clerk, rating_id=rating.id, reason="criticism")
        assert comments.unpublished(done.request.office_id) == {Screening.ASKED: 1}
        comments.keep(by=posts.clerk, rating_id=rating.id, reason=Withheld.PERSONAL)
        assert comments.unpublished(done.request.office_id) == {Withheld.PERSONAL: 1}
        assert list(comments.published(done.request.office_id)) == []

    def test_two_at_once(self, posts, done, monkeypatch):
        rating = rated(posts, done)
        stale = comments._load(posts.clerk, rating.id)
        comments.publish(by=posts.chief, rating_id=rating.id, leave_out=[])
        monkeypatch.setattr(comments, "_load", lambda by, rating_id: stale)
        with pytest.raises(Changed):
            comments.keep(by=posts.clerk, rating_id=rating.id, reason=Withheld.INSULT)
        assert Rating.objects.get().screening == Screening.SHOWN

    def test_erasing_the_person_takes_it_back(self, posts, done):
        rating = rated(posts, done)
        comments.publish(by=posts.clerk, rating_id=rating.id, leave_out=[])
        actions.erase_person(by=posts.chief, request_id=done.request.id)
        assert list(comments.published(done.request.office_id)) == []
        assert_ledger_holds()


class TestPages:
    def test_the_link_rates_once(self, client, done, posts):
        address = f"/km/rate/{done.key}"
        shown = client.get(address).content.decode()
        assert "សុខ តារា" not in shown and done.code not in shown and "ផ្លូវលេខ ២៨៩" not in shown
        wrong = client.post(address, {"courtesy": "9", "comment": "លឿន"})
        assert wrong.status_code == 422 and "លឿន" in wrong.content.decode()
        sent = {"courtesy": "5", "speed": "4", "comment": "លឿន", "publish": "on"}
        assert client.post(address, sent).status_code == 302
        assert Rating.objects.get().screening == Screening.ASKED
        twice = client.post(address, {**sent, "courtesy": "1"})
        assert twice.status_code == 409 and Rating.objects.get().courtesy == 5
        assert client.get(address).status_code == 200

    def test_a_request_that_is_not_done(self, client, report):
        key = queries.rating_key(report().request)
        assert client.get(f"/km/rate/{key}").status_code == 200
        assert client.post(f"/km/rate/{key}", {"courtesy": "5", "speed": "5"}).status_code == 409
        assert not Rating.objects.exists()

    @pytest.mark.parametrize("key", ["x", "A" * 35])
    def test_a_link_of_nobody(self, client, db, key):
        assert client.get(f"/km/rate/{key}").status_code == 404

    def test_the_message_holds_the_link(self, done):
        notices = outbox.about(letters.about(done.request))
        assert any(f"/rate/{done.key}" in notice.body for notice in notices)

    def test_screening(self, sign_in, posts, done):
        rating = rated(posts, done)
        clerk = sign_in("clerk120404")
        page = clerk.get("/km/work/comments").content.decode()
        assert "<mark>០១២ ៣៤៥ ៦៧៨" in page
        sent = {"rating": str(rating.id), "act": "publish"}
        wrong = clerk.post("/km/work/comments", {**sent, "more": "ពាក្យផ្សេង"})
        assert wrong.status_code == 422 and "ពាក្យផ្សេង" in wrong.content.decode()
        assert clerk.post("/km/work/comments", {**sent, "act": "keep"}).status_code == 422
        assert clerk.post("/km/work/comments", {**sent, "act": "burn"}).status_code == 404
        assert clerk.post("/km/work/comments", {"rating": "x"}).status_code == 404
        done_ = clerk.post("/km/work/comments", {**sent, "leave_out": ["០១២ ៣៤៥ ៦៧៨"]})
        assert done_.status_code == 302
        gone = clerk.post("/km/work/comments", {**sent, "act": "keep", "reason": "insult"})
        assert gone.status_code == 412
        read = Client().get("/km/halls/120404/comments").content.decode()
        assert "អរគុណលោក សុខ តារា លេខ …" in read and "០១២" not in read

    def test_what_was_kept_back_is_counted(self, posts, done, sign_in, client):
        rating = rated(posts, done)
        answer = sign_in("chief120404").post(
            "/km/work/comments", {"rating": str(rating.id), "act": "keep", "reason": "personal"}
        )
        assert answer.status_code == 302
        assert "មិនអាចអានបានដោយមិនបង្ហាញអត្តសញ្ញាណបុគ្គល" in client.get("/km/halls/120404/comments").content.decode()

    def test_who_opens_the_list(self, client, sign_in):
        assert client.get("/km/work/comments").status_code in (302, 401)
        assert sign_in("councillora120404").get("/km/work/comments").status_code == 403
        assert client.get("/km/halls/99999/comments").status_code == 404
        assert client.get("/km/halls/12040402/comments").status_code == 404
