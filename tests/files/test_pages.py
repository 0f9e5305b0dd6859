"""What a picture's address answers, and for whom."""

import pytest
from django.test import RequestFactory

from sala.files import actions, pages, store
from sala.files.models import File
from sala.kit.acting import Where
from sala.kit.errors import NotFound
from tests.files import hostile


@pytest.fixture
def file(db, kind):
    file = actions.keep(hostile.jpeg(exif=hostile.exif()), purpose="test", at=Where())
    actions.attach(file.id, kind=kind, subject="7")
    file.refresh_from_db()
    return file


def get(token, *, small=False, method="get", **headers):
    request = getattr(RequestFactory(), method)(
        "/files/x", query_params={"me": headers.pop("me", "7")}, headers=headers
    )
    return pages.picture(request, token, small=small)


@pytest.mark.parametrize("small", [False, True])
def test_for_those_who_may(file, small):
    response = get(file.token, small=small)
    assert response.status_code == 200
    assert response.content == store.read(file.token, small=small)
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Disposition"] == (
        f'inline; filename="photo-{file.created:%Y%m%d}-{file.token[:6]}{"-small" if small else ""}.jpg"'
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"].startswith("private")
    assert response["Content-Length"] == str(len(response.content))


def test_known_content_is_not_sent_again(file):
    tag = get(file.token)["ETag"]
    again = get(file.token, **{"If-None-Match": tag})
    assert again.status_code == 304 and again.content == b""
    assert get(file.token, small=True)["ETag"] != tag
    assert get(file.token, **{"If-None-Match": '"other"'}).status_code == 200


def test_permission_is_asked_also_for_known_content(file):
    tag = get(file.token)["ETag"]
    with pytest.raises(NotFound):
        get(file.token, me="8", **{"If-None-Match": tag})


@pytest.mark.parametrize("token", ["0" * 40, "..", "A" * 40, "a", "%00", "\x00" * 40, "ក" * 40, "a" * 5000])
def test_wrong_tokens_are_not_there(file, token):
    with pytest.raises(NotFound):
        get(token)


def test_others_do_not_learn_that_it_is_there(file):
    with pytest.raises(NotFound) as other:
        get(file.token, me="8")
    with pytest.raises(NotFound) as nothing:
        get("0" * 40)
    assert str(other.value) == str(nothing.value)


def test_unattached_files_are_for_nobody(db, kind):
    file = actions.keep(hostile.jpeg(), purpose="test", at=Where())
    with pytest.raises(NotFound):
        get(file.token)


def test_a_kind_nobody_answers_for_is_closed(file):
    File.objects.filter(pk=file.pk).update(kind="test.gone")
    with pytest.raises(NotFound):
        get(file.token)


def test_lost_content_is_not_there(file):
    store.remove(file.token)
    with pytest.raises(NotFound):
        get(file.token)


def test_only_reading(file):
    assert get(file.token, method="post").status_code == 405
    assert get(file.token, method="head").status_code == 200


def test_through_the_whole_house(file, client):
    """Through all middlewares: the policy of pictures is not replaced by that of pages, and nothing is compressed."""
    response = client.get(f"/files/{file.token}?me=7", headers={"accept-encoding": "gzip"})
    assert response.status_code == 200
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "Content-Encoding" not in response
    assert client.get(f"/files/{file.token}?me=8").status_code == 404
    assert client.get(f"/files/{file.token}/small?me=7").status_code == 200
