"""What happens to an upload, from the form to the record and out again."""

import io
import os
import stat
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction

from sala.files import actions, queries, rules, store
from sala.files.models import File
from sala.files.terms import State
from sala.kit import clock
from sala.kit.acting import Where
from sala.kit.errors import Invalid, NotFound, TooMany
from tests.files import hostile

AT = Where(province="12", district="1204", commune="120404", office=uuid4())


def keep(content=None, **more):
    return actions.keep(content or hostile.jpeg(), purpose="test", at=AT, **more)


@pytest.mark.django_db
def test_keep_writes_picture_and_thumbnail_for_nobody_else(store_folder):
    file = keep(hostile.written(hostile.picture(size=(3000, 1500)), "JPEG"))
    assert (file.state, file.media_type, file.width, file.height) == (State.KEPT, "image/jpeg", 2048, 1024)
    assert (file.province, file.district, file.commune, file.office) == ("12", "1204", "120404", AT.office)
    content = queries.content(file)
    assert content is not None and len(content) == file.size
    assert len(queries.content(file, small=True)) < len(content)
    for small in (False, True):
        path = store.path(file.token, small=small)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for folder in (path.parent, path.parent.parent, store_folder):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(p.suffix for p in store_folder.rglob("*") if p.is_file()) == [".jpg", ".jpg"]


@pytest.mark.django_db
@pytest.mark.parametrize("upload", hostile.UPLOADS, ids=lambda h: h.name)
def test_hostile_uploads_leave_nothing_or_only_pixels(upload, store_folder):
    sent = SimpleUploadedFile("x.jpg", upload.content, upload.media_type)
    sent._name = upload.filename  # as no decent parser would let it through
    if upload.outcome == "refused":
        with pytest.raises(Invalid) as refusal:
            keep(sent)
        assert str(refusal.value.message).endswith(".")
        assert refusal.value.errors[0].field == "photo"
        assert File.objects.count() == 0
        assert not list(store_folder.rglob("*.*"))
    else:
        file = keep(sent)
        for small in (False, True):
            assert not [mark for mark in hostile.MARKS if mark in queries.content(file, small=small)]
        assert {p.name for p in store_folder.rglob("*.*")} == {f"{file.token}.jpg", f"{file.token}-small.jpg"}


@pytest.mark.django_db
def test_too_large_is_told_as_413_and_reads_no_more_than_it_must():
    class Endless(io.RawIOBase):
        given = 0

        def seek(self, *_):
            return 0

        def read(self, size=-1):
            assert size > 0, "never read without a limit"
            self.given += size
            return b"\xff" * size

    endless = Endless()
    with pytest.raises(actions.UploadTooLarge) as refusal:
        keep(endless)
    assert refusal.value.status == 413
    assert endless.given <= rules.MOST_BYTES + 1


@pytest.mark.django_db
def test_tokens_are_unguessable_and_unique():
    tokens = {keep().token for _ in range(20)}
    assert len(tokens) == 20
    assert all(rules.TOKEN.match(token) for token in tokens)


@pytest.mark.django_db
def test_addresses_hold_the_token_alone():
    file = keep()
    assert (file.url, file.small_url) == (f"/files/{file.token}", f"/files/{file.token}/small")
    assert queries.kept("../" + file.token[3:]) is None


@pytest.mark.django_db
def test_attach_once(kind):
    file = keep()
    assert queries.kept(file.token) == file and queries.attached(file.token) is None
    actions.attach(file.id, kind=kind, subject="7")
    assert [f.id for f in queries.of(kind, "7")] == [file.id]
    assert queries.of_many(kind, ["7", "8"]) == {"7": [file]}
    assert queries.attached(file.token) == file and queries.kept(file.token) is None
    with pytest.raises(NotFound):
        actions.attach(file.id, kind=kind, subject="8")
    assert queries.of(kind, "8") == []


@pytest.mark.django_db
def test_attach_to_an_unknown_kind_or_an_unknown_file(kind):
    with pytest.raises(LookupError):
        actions.attach(keep().id, kind="nobody.knows", subject="7")
    with pytest.raises(NotFound):
        actions.attach(uuid4(), kind=kind, subject="7")


@pytest.mark.django_db
def test_attach_is_undone_with_its_record(kind):
    file = keep()
    with pytest.raises(RuntimeError, match="ledger"), transaction.atomic():
        actions.attach(file.id, kind=kind, subject="7")
        raise RuntimeError("the ledger did not take it")
    assert queries.kept(file.token) == file


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "attached"},
        {"kind": "x"},
        {"subject": "x"},
        {"state": "attached", "kind": "x", "subject": "y"},
    ],
)
def test_the_database_refuses_half_attached_files(wrong):
    file = keep()
    with pytest.raises(IntegrityError), transaction.atomic():
        File.objects.filter(pk=file.pk).update(**wrong)


@pytest.mark.django_db
def test_remove_of_removes_content_only_when_kept(kind, store_folder, django_capture_on_commit_callbacks):
    file = keep()
    actions.attach(file.id, kind=kind, subject="7")
    with pytest.raises(RuntimeError), transaction.atomic():
        assert actions.remove_of(kind, "7") == 1
        raise RuntimeError
    assert queries.content(file) is not None
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.remove_of(kind, "7") == 1
        assert queries.content(file) is not None, "content goes with the commit, not before"
    assert queries.content(file) is None
    assert not list(store_folder.rglob("*.jpg"))
    assert actions.remove_of(kind, "7") == 0


@pytest.mark.django_db
def test_anonymous_uploads_are_counted_by_network_and_hour(monkeypatch):
    monkeypatch.setattr(rules, "ANONYMOUS_AN_HOUR", 2)
    keep(source="192.0.2.1")
    keep(source="192.0.2.1")
    with pytest.raises(TooMany) as refusal:
        keep(source="192.0.2.1")
    assert refusal.value.retry_after == 3600
    keep(source="192.0.2.2")
    keep()
    with clock.simulate(clock.now() + timedelta(hours=1)):
        keep(source="192.0.2.1")
    assert "192.0.2" not in str(list(File.objects.values()))


@pytest.mark.django_db
def test_sweep_removes_what_nobody_attached(kind, store_folder):
    _, other = keep(source="192.0.2.1"), keep(source="192.0.2.1")
    actions.attach(other.id, kind=kind, subject="7")
    orphan = "ab" * 20
    store.write(orphan, b"rolled back")
    assert actions.sweep() == 0
    assert File.objects.exclude(source="").count() == 2
    later = clock.now() + timedelta(hours=49)
    for path in store_folder.rglob("*.jpg"):
        assert path.stat().st_mtime < later.timestamp()
    with clock.simulate(later):
        assert actions.sweep() == 2
    assert list(File.objects.values_list("id", "source")) == [(other.id, "")]
    assert {p.name[:40] for p in store_folder.rglob("*.jpg")} == {other.token}
    with clock.simulate(later):
        assert actions.sweep() == 0


@pytest.mark.django_db
def test_sweep_leaves_a_file_that_is_attached_at_this_moment(kind, monkeypatch):
    file = keep()
    found = File.objects.filter

    def filter_then_attach(*args, **conditions):
        if "pk" in conditions and conditions.get("state") == State.KEPT:
            found(pk=file.pk).update(state=State.ATTACHED, kind=kind, subject="7", attached=clock.now())
        return found(*args, **conditions)

    monkeypatch.setattr(File.objects, "filter", filter_then_attach)
    with clock.simulate(clock.now() + timedelta(hours=49)):
        actions.sweep()
    assert queries.attached(file.token) == file
    assert queries.content(file) is not None


@pytest.mark.django_db
def test_content_of_a_rolled_back_upload_is_swept():
    with pytest.raises(RuntimeError), transaction.atomic():
        token = keep().token
        raise RuntimeError
    assert store.read(token) is not None
    with clock.simulate(clock.now() + timedelta(hours=49)):
        assert actions.sweep() == 1
    assert store.read(token) is None


@pytest.mark.django_db
def test_lost_content_is_found(kind):
    file = keep()
    actions.attach(file.id, kind=kind, subject="7")
    assert queries.lost() == []
    os.unlink(store.path(file.token))
    assert queries.lost() == [file]
    assert queries.lost(limit=1) == [file]
    assert queries.content(file) is None


@pytest.mark.django_db
def test_files_of_a_record_are_one_statement(kind, django_assert_num_queries):
    for subject in ("1", "2", "3"):
        actions.attach(keep().id, kind=kind, subject=subject)
    with django_assert_num_queries(1):
        assert len(queries.of_many(kind, ["1", "2", "3"])) == 3
    assert connection.vendor in ("sqlite", "postgresql")
