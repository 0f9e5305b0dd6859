"""Which lists does somebody keep, and what is never kept in them?"""

import pytest
from django.http import QueryDict

from sala.kit.errors import Invalid, NotFound, Refused
from sala.window import rules, saved
from sala.window.models import SavedList

pytestmark = pytest.mark.django_db


def keep(by, query, name="ស្ទះលូ"):
    return saved.keep(by=by, name=name, params=QueryDict(query))


def test_kept_without_the_words_that_were_searched(posts):
    row = keep(posts.clerk, "view=late&service=RP-SEWER&q=តារា&page=3&nonsense=1&sort=-created")
    assert row.query == "view=late&service=RP-SEWER&sort=-created"
    assert saved.mine(posts.clerk) == [row] and saved.mine(posts.chief) == [] == saved.mine(posts.resident)
    again = keep(posts.clerk, "state=waiting", "  ស្ទះលូ ")
    assert again.pk == row.pk and again.query == "state=waiting"


@pytest.mark.parametrize(
    ("query", "name"),
    [("q=តារា", "a"), ("", "a"), ("sort=due", "a"), ("state=nope", "a"), ("from=x&state=done", "a"), ("state=done", " "), ("state=done", "a" * 61)],
)  # fmt: skip
def test_what_is_no_list(posts, query, name):
    with pytest.raises(Invalid):
        keep(posts.clerk, query, name)
    assert not SavedList.objects.exists()


def test_who_and_how_many(posts, monkeypatch):
    with pytest.raises(Refused):
        keep(posts.resident, "state=done")
    monkeypatch.setattr(rules, "MOST_LISTS", 1)
    row = keep(posts.clerk, "state=done")
    with pytest.raises(Invalid):
        keep(posts.clerk, "state=done", "another")
    with pytest.raises(NotFound):
        saved.drop(by=posts.chief, key=row.pk)
    saved.drop(by=posts.clerk, key=row.pk)
    with pytest.raises(NotFound):
        saved.drop(by=posts.clerk, key=row.pk)


def test_the_pages(posts, sign_in):
    client = sign_in("clerk120404")
    queue = client.get("/en/work?state=waiting&q=NAME").content.decode()
    assert "Keep this list" in queue and "back=state%3Dwaiting&#34;" not in queue and "q%3DNAME" not in queue
    wrong = client.post("/en/work/lists", {"back": "state=waiting", "name": " "})
    assert wrong.status_code == 422 and "at most 60 letters" in wrong.content.decode()
    kept = client.post("/en/work/lists", {"back": "state=waiting", "name": "MINE"})
    assert kept.status_code == 302 and kept["Location"] == "/en/work?state=waiting"
    assert "MINE" in client.get("/en/work").content.decode()
    assert "MINE" not in sign_in("chief120404").get("/en/work").content.decode()
    row = SavedList.objects.get()
    for wrong in ("x", "01a220da-7b16-7493-9dc3-efff575f0512"):
        assert client.post("/en/work/lists", {"delete": wrong}).status_code == 404
    assert client.post("/en/work/lists", {"delete": str(row.pk)}).status_code == 302
    assert not SavedList.objects.exists()


def test_a_list_whose_filter_means_nothing_any_more_says_so(posts, sign_in):
    row = keep(posts.clerk, "state=waiting")
    SavedList.objects.filter(pk=row.pk).update(query="state=gone")
    page = sign_in("clerk120404").get("/en/work?state=gone").content.decode()
    assert "is not one of the values of this filter" in page
