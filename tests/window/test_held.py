"""Who is told what a hall holds, and what becomes of it when it is put right?"""

from datetime import timedelta

import pytest

from sala.kit import clock
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, Refused
from sala.ledger import looks
from sala.ledger.verification import Verification
from sala.notices import queries as outbox
from sala.window import actions, held, letters, queries, steps
from sala.window.models import Contact, Event, Request
from sala.window.terms import Act, Look

NEW = {"name": "សុខ តារាវី", "phone": "+85512999888", "email": "", "language": "en"}


def sent(request):
    return [each for each in outbox.about(letters.about(request)) if each.kind == held.HELD]


class TestTold:
    def test_everything(self, posts, report, clerk_reads):
        received = report()
        clerk_reads(received.request)
        pairs = dict(held.everything(queries.by_code(received.code)))
        told = "\n".join(pairs.values())
        for word in ("សុខ តារា", "+85512345648", "tara@example.com", "ទឹកលូហៀរលើផ្លូវ", "ផ្លូវលេខ ២៨៩"):
            assert word in told
        assert len(pairs) == len([text for text in pairs.values() if text])

    def test_sent_once_a_day_to_the_address_that_was_given(self, posts, report):
        received = report()
        held.send(by=posts.resident, code=received.code)
        (notice,) = sent(received.request)
        assert notice.address == "tara@example.com" and "+85512345648" in notice.body
        with pytest.raises(NotPossible):
            held.send(by=posts.resident, code=received.code)
        with clock.simulate(clock.now() + timedelta(days=1, minutes=1)):
            held.send(by=posts.resident, code=received.code)
        assert len(sent(received.request)) == 2

    def test_without_an_address_nothing_is_sent_or_shown(self, posts, report, client):
        received = report(email="")
        with pytest.raises(NotPossible):
            held.send(by=posts.resident, code=received.code)
        answer = client.post(f"/km/requests/{received.code}", {"act": "held"})
        assert answer.status_code == 409 and "សុខ តារា" not in answer.content.decode()
        assert sent(received.request) == []

    def test_by_the_page(self, report, client):
        received = report()
        assert client.post(f"/km/requests/{received.code}", {"act": "held"}).status_code == 302
        assert len(sent(received.request)) == 1

    def test_until_when(self, posts, report):
        received = report()
        assert "1,825" in held._until(received.request, "en")
        actions.withdraw(by=posts.resident, code=received.code)
        over = queries.by_code(received.code)
        assert str((clock.now() + timedelta(days=1825)).year) in held._until(over, "en")
        actions.erase_person(by=posts.chief, request_id=over.id)
        assert held._until(queries.by_code(received.code), "en") == ""

    def test_an_officer_prints_it_and_that_is_written_down(self, sign_in, report):
        received = report()
        page = sign_in("clerk120404").get(f"/km/work/requests/{received.request.id}/held")
        assert page.status_code == 200 and "+85512345648" in page.content.decode()
        assert looks.of(steps.REQUEST, str(received.request.id))[0].act == Look.HELD
        with pytest.raises(Refused):
            held.show(by=actions_by("deputy120404"), request=received.request)


def actions_by(username):
    from tests.window.conftest import acting

    return acting(username)


@pytest.fixture
def clerk_reads(posts):
    return lambda request: actions.see(by=posts.clerk, request_id=request.id)


class TestCorrected:
    def test_put_right(self, posts, report):
        received = report()
        held.correct(by=posts.clerk, request_id=received.request.id, version=1, **NEW)
        contact = Contact.objects.get()
        assert (contact.name, contact.phone, contact.email, contact.language) == tuple(NEW.values())
        assert contact.search and Request.objects.get().version == 2
        event = Event.objects.get(act=Act.CORRECT)
        assert event.public and event.text == ""
        assert [found.line() for found in Verification().findings() if not found.warning] == []
        with pytest.raises(Changed):
            held.correct(by=posts.clerk, request_id=received.request.id, version=1, **NEW)

    def test_where_nobody_had_left_any(self, posts, report):
        received = report(name="", phone="", email="")
        held.correct(by=posts.clerk, request_id=received.request.id, version=1, **NEW)
        assert Contact.objects.get().phone == NEW["phone"]
        assert [found.line() for found in Verification().findings() if not found.warning] == []

    def test_also_when_it_is_over(self, posts, report):
        received = report()
        actions.withdraw(by=posts.resident, code=received.code)
        held.correct(by=posts.clerk, request_id=received.request.id, version=2, **NEW)
        assert queries.by_code(received.code).state == "withdrawn"

    def test_who_may_not(self, posts, report):
        received = report()
        for by, problem in ((posts.other, NotFound), (posts.ministry, Refused), (posts.resident, NotFound)):
            with pytest.raises(problem):
                held.correct(by=by, request_id=received.request.id, version=1, **NEW)
        assert Contact.objects.get().name == "សុខ តារា"

    def test_nothing_left_and_nothing_there(self, posts, report):
        received = report()
        nothing = {**NEW, "name": "", "phone": ""}
        with pytest.raises(Invalid):
            held.correct(by=posts.clerk, request_id=received.request.id, version=1, **nothing)
        actions.erase_person(by=posts.chief, request_id=received.request.id)
        with pytest.raises(NotPossible):
            held.correct(by=posts.clerk, request_id=received.request.id, version=2, **NEW)

    def test_the_page(self, sign_in, report):
        received = report()
        clerk, address = sign_in("clerk120404"), f"/km/work/requests/{received.request.id}/contact"
        assert "+85512345648" in clerk.get(address).content.decode()
        wrong = clerk.post(address, {**NEW, "version": "1", "phone": "abc"})
        assert wrong.status_code == 422 and "abc" in wrong.content.decode()
        empty = clerk.post(address, {**NEW, "version": "1", "name": "", "phone": ""})
        assert empty.status_code == 422
        late = clerk.post(address, {**NEW, "version": "7"})
        assert (
            late.status_code == 412
            and "សុខ តារាវី" in late.content.decode()
            and 'value="1"' in late.content.decode()
        )
        assert clerk.post(address, {**NEW, "version": "1"}).status_code == 302
        assert Contact.objects.get().email == ""
        assert sign_in("deputy120404").get(address).status_code == 403
