"""Which ready answers are offered to whom, in which language, and who keeps them?"""

from dataclasses import replace

import pytest

from sala.accounts.acting import system
from sala.installation import packs
from sala.kit.errors import Changed, Invalid, NotFound, NotPossible, Refused
from sala.ledger import queries as ledger
from sala.window import phrases, rules
from sala.window.models import Event, Phrase
from sala.window.terms import Act
from tests.window.conftest import OTHER
from tests.window.test_actions import verified

pytestmark = pytest.mark.django_db
WORDING = phrases.Wording("answer", "ចាប់ផ្តើម", "Begun", "ការងារបានចាប់ផ្តើម។", "Work has begun.")


@pytest.mark.parametrize(
    ("typed", "ready", "found"),
    [("", "B", "B"), ("  ", "B", "B"), ("A", "B", "A\n\nB"), ("A\n\nB", "B", "A\n\nB"), ("A ", "", "A")],
)
def test_put_behind_what_was_typed_and_not_twice(typed, ready, found):
    assert rules.joined(typed, ready) == found


class TestKeeping:
    def test_added_changed_and_ended(self, posts):
        row = phrases.add(by=posts.clerk, wording=WORDING)
        assert row in phrases.offered(posts.clerk.office, Act.ANSWER)
        assert row not in phrases.offered(posts.other.office, Act.ANSWER)
        assert row not in phrases.offered(posts.clerk.office, Act.ASK)
        row = phrases.change(
            by=posts.chief, phrase_id=row.pk, version=1, wording=replace(WORDING, text_en="Begun today.")
        )
        assert (row.version, row.text_en) == (2, "Begun today.")
        with pytest.raises(Changed):
            phrases.end(by=posts.clerk, phrase_id=row.pk, version=1)
        row = phrases.end(by=posts.clerk, phrase_id=row.pk, version=2)
        assert row not in phrases.offered(posts.clerk.office, Act.ANSWER)
        with pytest.raises(NotPossible):
            phrases.change(by=posts.clerk, phrase_id=row.pk, version=3, wording=WORDING)
        acts = [entry.act for entry in ledger.history(phrases.PHRASE, str(row.pk))]
        assert acts == ["window.phrase_add", "window.phrase_change", "window.phrase_end"]
        verified()

    def test_who_may_not(self, posts):
        row = phrases.add(by=posts.clerk, wording=WORDING)
        for by in (posts.desk, posts.resident):
            with pytest.raises(Exception) as problem:
                phrases.add(by=by, wording=WORDING)
            assert problem.value.status in (401, 403)
        with pytest.raises(Refused):
            phrases.kept(posts.desk)
        with pytest.raises(NotFound):
            phrases.end(by=posts.other, phrase_id=row.pk, version=1)
        country = Phrase.objects.filter(code="seen").get()
        with pytest.raises(NotFound):
            phrases.end(by=posts.clerk, phrase_id=country.pk, version=1)

    @pytest.mark.parametrize("name", phrases.FACTS)
    def test_nothing_may_be_empty(self, posts, name):
        with pytest.raises(Invalid) as problem:
            phrases.add(by=posts.clerk, wording=replace(WORDING, **{name: " "}))
        assert problem.value.errors[0].field == name

    def test_a_step_without_ready_answers_and_too_many(self, posts, monkeypatch):
        with pytest.raises(Invalid):
            phrases.add(by=posts.clerk, wording=replace(WORDING, act="take"))
        monkeypatch.setattr(rules, "MOST_PHRASES", 1)
        phrases.add(by=posts.clerk, wording=WORDING)
        with pytest.raises(Invalid):
            phrases.add(by=posts.clerk, wording=WORDING)

    def test_nothing_is_kept_without_the_ledger(self, posts, monkeypatch):
        from sala.ledger import actions as ledger_actions

        def fails(**_said):
            raise RuntimeError("the ledger did not take it")

        monkeypatch.setattr(ledger_actions, "record", fails)
        with pytest.raises(RuntimeError):
            phrases.add(by=posts.clerk, wording=WORDING)
        assert not Phrase.objects.filter(code="").exists()


class TestPack:
    def test_loaded_once_and_the_same_again(self, tmp_path):
        assert phrases.load(packs.path("kh"), system("init")) == ["ready answers: 7 (0 new, 0 changed)"]

    def test_what_the_pack_has_no_more_ends_and_comes_back(self, tmp_path):
        before = Phrase.objects.exclude(code="").count()
        assert phrases.load(tmp_path, system("init")) == ["ready answers: 0 (0 new, 0 changed)"]
        assert not Phrase.objects.exclude(code="").filter(ended__isnull=True).exists()
        assert phrases.load(packs.path("kh"), system("init")) == [
            f"ready answers: {before} (0 new, {before} changed)"
        ]
        verified()


class TestWords:
    def test_in_the_language_of_whoever_asked(self, posts, report):
        row = phrases.add(by=posts.clerk, wording=WORDING)
        khmer, english = report().request, report(language="en").request
        assert phrases.text_for(row.pk, Act.ANSWER, [khmer]) == WORDING.text_km
        assert phrases.text_for(row.pk, Act.ANSWER, [english]) == WORDING.text_en
        both = phrases.text_for(row.pk, Act.ANSWER, [english, khmer])
        assert both == f"{WORDING.text_km}\n\n{WORDING.text_en}"

    def test_not_of_another_office_or_for_another_step(self, posts, report):
        row = phrases.add(by=posts.clerk, wording=WORDING)
        for verb, place in ((Act.ASK, "12040402"), (Act.ANSWER, OTHER)):
            with pytest.raises(NotFound):
                phrases.text_for(row.pk, verb, [report(place=place).request])


class TestPages:
    def test_kept_on_a_page(self, posts, sign_in):
        client = sign_in("clerk120404")
        said = {name: getattr(WORDING, name) for name in phrases.FACTS}
        answer = client.post("/en/work/answers", {**said, "text_km": ""})
        assert answer.status_code == 422 and "Work has begun." in answer.content.decode()
        assert client.post("/en/work/answers", said).status_code == 302
        row = Phrase.objects.get(code="")
        path = f"/en/work/answers/{row.pk}"
        assert path in client.get("/en/work/answers").content.decode()
        assert client.post(path, {**said, "name_en": "Begun today", "version": 1}).status_code == 302
        stale = client.post(path, {**said, "name_en": "TYPED", "version": 1})
        assert stale.status_code == 412 and "TYPED" in stale.content.decode()
        assert client.post(path, {"end": "1", "version": "x"}).status_code == 412
        assert client.post(path, {"end": "1", "version": 2}).status_code == 302
        assert "has ended" in client.get(path).content.decode()

    def test_who_may_not(self, posts, sign_in):
        row = phrases.add(by=posts.clerk, wording=WORDING)
        assert sign_in("frontdesk120404").get("/en/work/answers").status_code == 403
        assert sign_in("clerk020801").get(f"/en/work/answers/{row.pk}").status_code == 404

    def test_put_into_the_field_of_a_step(self, posts, report, sign_in):
        row = phrases.add(by=posts.clerk, wording=WORDING)
        request = report(language="en").request
        client = sign_in("clerk120404")
        path = f"/en/work/requests/{request.id}"
        assert "Ready answer" in client.get(path, {"do": "answer"}).content.decode()
        assert "Ready answer" not in client.get(path, {"do": "note"}).content.decode()
        sent = {"act": "answer", "version": 1, "text": "TYPED", "fill": "1"}
        page = client.post(path, {**sent, "phrase": str(row.pk)}).content.decode()
        assert ">\nTYPED\n\nWork has begun.</textarea>" in page and Event.objects.count() == 1
        page = client.post(path, {**sent, "phrase": ""}).content.decode()
        assert ">\nTYPED</textarea>" in page and 'class="errs"' not in page
        other = Phrase.objects.get(code="where-exactly")
        assert client.post(path, {**sent, "phrase": str(other.pk)}).status_code == 404

    def test_put_into_the_field_for_many(self, posts, report, sign_in):
        row = phrases.add(by=posts.clerk, wording=WORDING)
        picks = [str(report(language=each).request.pk) for each in ("km", "en")]
        sent = {"act": "answer", "pick": picks, "fill": "1", "text": ""}
        client = sign_in("clerk120404")
        page = client.post("/en/work/several", {**sent, "phrase": str(row.pk)}).content.decode()
        assert f">\n{WORDING.text_km}\n\nWork has begun.</textarea>" in page
        assert "Begun" in page and Event.objects.count() == 2
        assert client.post("/en/work/several", {**sent, "phrase": "x"}).status_code == 200
