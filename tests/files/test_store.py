"""Where content lies, and which settings are refused."""

import os
import subprocess
import sys

import pytest

from sala.files import store


@pytest.mark.parametrize("token", ["../../etc/passwd", "a" * 39, "", "a" * 40 + "/..", "\x00" * 40])
def test_no_path_is_built_from_what_is_no_token(token):
    with pytest.raises(ValueError, match="token"):
        store.path(token)


def test_content_lies_in_shards(store_folder):
    assert store.path("ab12" + "c" * 36) == store_folder / "ab" / "12" / ("ab12" + "c" * 36 + ".jpg")


def test_a_folder_may_be_named(settings, tmp_path):
    settings.FILES_URL = f"file://{tmp_path}/elsewhere"
    store.write("a" * 40, b"x")
    assert (tmp_path / "elsewhere" / "aa" / "aa" / ("a" * 40 + ".jpg")).read_bytes() == b"x"


@pytest.mark.parametrize(
    "url", ["s3://bucket", "S3://key:secret@host/bucket", "http://x", "files", "file://relative"]
)
def test_other_stores_are_refused(url):
    sentence = store.check(url)
    assert sentence.startswith("SALA_FILES_URL: ")
    assert "secret" not in sentence


@pytest.mark.parametrize("url", ["", "file:///srv/sala"])
def test_folders_are_taken(url):
    assert store.check(url) == ""


@pytest.mark.processes
@pytest.mark.once
def test_an_unsupported_store_stops_every_command_at_its_start(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); print('went on')"],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "sala.settings",
            "PYTHONPATH": "src",
            "SALA_HOME": str(tmp_path),
            "SALA_FILES_URL": "s3://key:secret@bucket",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("SALA_FILES_URL: s3:// is not supported")
    assert len(done.stderr.splitlines()) == 1 and "secret" not in done.stderr
