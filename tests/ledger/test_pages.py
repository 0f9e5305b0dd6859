"""The ledger from outside: proofs checked by a small verifier of the test's own, receipts, wrong input."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sala.ledger import actions, registry
from tests.ledger.conftest import MORNING, Things

COUNT = 13


@pytest.fixture
def filled(things: Things) -> Things:
    things.fill(COUNT)
    return things


# A verifier that shares nothing with the code: recursion by the definitions of RFC 6962. -------------------------


def join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def biggest(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def root_of_path(m: int, n: int, leaf: bytes, path: list[bytes]) -> bytes:
    if n == 1:
        assert path == []
        return leaf
    k = biggest(n)
    if m < k:
        return join(root_of_path(m, k, leaf, path[:-1]), path[-1])
    return join(path[-1], root_of_path(m - k, n - k, leaf, path[:-1]))


def roots_of_consistency(
    m: int, n: int, proof: list[bytes], old: bytes, whole: bool = True
) -> tuple[bytes, bytes]:
    """The old and the new root that the proof leads to."""
    if m == n:
        return (old, old) if whole else (proof[0], proof[0])
    k = biggest(n)
    if m <= k:
        before, after = roots_of_consistency(m, k, proof[:-1], old, whole)
        return before, join(after, proof[-1])
    before, after = roots_of_consistency(m - k, n - k, proof[:-1], old, False)
    return join(proof[-1], before), join(proof[-1], after)


def opened(client: Client) -> tuple[str, int, bytes]:
    """The checkpoint, its signature checked with the key that the hall publishes."""
    name, id, key = client.get("/ledger/key").content.decode().strip().split("+", 2)
    raw = base64.b64decode(key)
    assert raw[:1] == b"\x01"
    assert hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() == id
    text, signatures = client.get("/ledger/checkpoint").content.decode().split("\n\n")
    dash, signer, signature = signatures.rstrip("\n").split(" ")
    blob = base64.b64decode(signature)
    assert (dash, signer, blob[:4].hex()) == ("—", name, id)
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(blob[4:], (text + "\n").encode())
    origin, size, root, *_ = text.split("\n")
    assert origin == name
    return origin, int(size), base64.b64decode(root)


def get(client: Client, path: str) -> dict:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"] == "application/json"
    return json.loads(answer.content)


def hashes(texts: list[str]) -> list[bytes]:
    return [base64.b64decode(text) for text in texts]


def test_the_checkpoint_is_a_signed_note(filled: Things, client: Client) -> None:
    origin, size, _ = opened(client)
    assert size == COUNT
    assert origin.endswith("/ledger/demonstration")
    answer = client.get("/ledger/checkpoint")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "no-cache" in answer.headers["Cache-Control"]
    assert "\ndemonstration: all records are fictional\n" in answer.content.decode()


def test_every_entry_is_proved_to_be_in_the_signed_tree(filled: Things, client: Client) -> None:
    _, size, root = opened(client)
    for entry in range(size):
        found = get(client, f"/ledger/inclusion?entry={entry}&size={size}")
        assert (found["leaf_index"], found["tree_size"]) == (entry, size)
        path = hashes(found["audit_path"])
        assert root_of_path(entry, size, base64.b64decode(found["leaf_hash"]), path) == root
    assert get(client, "/ledger/inclusion?entry=3")["tree_size"] == size


def test_every_older_tree_is_proved_to_be_continued(filled: Things, client: Client) -> None:
    _, size, root = opened(client)
    for old in range(1, size + 1):
        found = get(client, f"/ledger/consistency?from={old}&to={size}")
        before = base64.b64decode(found["first_root_hash"])
        assert roots_of_consistency(old, size, hashes(found["consistency"]), before) == (before, root)
        last = get(client, f"/ledger/inclusion?entry={old - 1}&size={old}")
        assert base64.b64decode(last["root_hash"]) == before


WRONG = [
    "{0}=",
    "{0}=x",
    "{0}=-1",
    "{0}=1.5",
    "{0}=14",
    "{0}=4&{1}=3",
    "{0}=0&{1}=0",
    "{0}=1&{1}=14",
    "{0}=1&{1}=100000000000000000000",
    "{0}=1&{0}=2",
    "{0}=1&other=1",
    "{0}=%00",
    "{0}=1&{1}=",
    "",
]


@pytest.mark.parametrize("query", WRONG)
def test_wrong_numbers_get_a_problem(filled: Things, client: Client, query: str) -> None:
    for path, names in (("inclusion", ("entry", "size")), ("consistency", ("from", "to"))):
        answer = client.get(f"/ledger/{path}?{query.format(*names)}")
        assert answer.status_code in (400, 422), path
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert json.loads(answer.content)["detail"]


def test_the_borders_of_the_numbers(filled: Things, client: Client) -> None:
    for path, good, bad in (("inclusion?entry", 12, 13), ("consistency?from", 13, 0)):
        assert client.get(f"/ledger/{path}={good}").status_code == 200
        assert client.get(f"/ledger/{path}={bad}").status_code == 422


def test_before_the_first_act_there_is_no_checkpoint(things: Things, client: Client) -> None:
    for path in ("checkpoint", "key", "inclusion?entry=0", "consistency?from=1"):
        answer = client.get(f"/ledger/{path}")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("application/problem+json")
    for lang in ("km", "en"):
        assert client.get(f"/{lang}/ledger").status_code == 200


def test_the_bare_address_leads_to_the_page(things: Things, client: Client) -> None:
    for path in ("/ledger", "/ledger/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/km/ledger")


def test_proofs_are_read_only(filled: Things, client: Client) -> None:
    for path in ("checkpoint", "key", "inclusion?entry=0", "consistency?from=1"):
        assert client.post(f"/ledger/{path}").status_code in (403, 405)


# Pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "title"), [("km", "បញ្ជីកំណត់ត្រានៃសកម្មភាពទាំងអស់"), ("en", "The ledger of all acts")]
)
def test_the_page_tells_how_far_the_ledger_is(filled: Things, client: Client, lang: str, title: str) -> None:
    page = client.get(f"/{lang}/ledger").content.decode()
    assert f"<h1>{title}</h1>" in page
    assert "120404" in page
    assert "test.write" in page
    assert "t12" not in page  # no subjects
    assert "system:test" not in page  # no posts


def test_the_page_costs_the_same_few_queries_however_long_the_ledger(
    filled: Things, client: Client, django_assert_max_num_queries
) -> None:
    client.get("/en/ledger")
    with django_assert_max_num_queries(4):
        client.get("/en/ledger")


def test_a_receipt_is_shown_downloaded_and_checked(filled: Things, client: Client) -> None:
    entry = filled.write("t1", "again", MORNING)
    note = actions.receipt(entry)
    page = client.get(f"/km/ledger/receipts/{entry.id}")
    assert page.status_code == 200
    assert f"digest: {entry.digest}" in page.content.decode()
    file = client.get(f"/ledger/receipts/{entry.id}.txt")
    assert file.content.decode() == note
    assert file.headers["Content-Disposition"] == f'attachment; filename="sala-receipt-{entry.id}.txt"'
    waiting = client.post("/en/ledger", {"receipt": note}).content.decode()
    assert "The receipt is genuine." in waiting
    assert "within a minute" in waiting
    actions.seal()
    sealed = client.post("/en/ledger", {"receipt": note})
    assert sealed.status_code == 200
    assert "entry number 13." in sealed.content.decode()
    upload = SimpleUploadedFile("receipt.txt", note.encode(), "text/plain")
    assert "បង្កាន់ដៃនេះពិតប្រាកដ។" in client.post("/km/ledger", {"file": upload}).content.decode()


def test_receipts_that_do_not_hold(filled: Things, client: Client) -> None:
    entry = filled.write("t1", "again", MORNING)
    actions.seal()
    note = actions.receipt(entry)

    def said(text: str) -> str:
        return client.post("/en/ledger", {"receipt": text}).content.decode()

    assert "The receipt is not genuine." in said(note.replace("120404", "120405"))
    filled.sql("UPDATE ledger_entry SET place = '12' WHERE leaf = 13")
    assert "now says something else" in said(note)
    filled.sql("DELETE FROM ledger_entry WHERE leaf = 13")
    assert "no longer in the ledger" in said(note)
    assert client.get(f"/en/ledger/receipts/{entry.id}").status_code == 404
    assert client.get(f"/ledger/receipts/{entry.id}.txt").status_code == 404


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "Paste the text of the receipt, or choose its file."),
        ({"receipt": "   "}, "Paste the text of the receipt, or choose its file."),
        ({"receipt": "my receipt <b>"}, "This is no receipt."),
        ({"receipt": "x" * 8001}, "This is too long for a receipt."),
        ({"file": SimpleUploadedFile("a", b"x" * 8001)}, "This file is too large for a receipt."),
        ({"file": SimpleUploadedFile("a", b"\xff\xfe\x00")}, "This file is no text."),
        ({"file": SimpleUploadedFile("a", b"text")}, "This is no receipt."),
        ({"file": SimpleUploadedFile("a", b"")}, ""),
    ],
)
def test_what_is_no_receipt_is_said(filled: Things, client: Client, data: dict, message: str) -> None:
    for value in data.values():
        if hasattr(value, "seek"):
            value.seek(0)
    answer = client.post("/en/ledger", data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert message in page
    if isinstance(data.get("receipt"), str) and "<b>" in data["receipt"]:
        assert "my receipt &lt;b&gt;" in page  # what was typed is kept


def test_a_nul_in_a_receipt_is_no_fault_of_ours(filled: Things, client: Client) -> None:
    assert client.post("/en/ledger", {"receipt": "a\x00b"}).status_code in (400, 422)


def test_unknown_receipts(filled: Things, client: Client) -> None:
    assert client.get("/km/ledger/receipts/00000000-0000-0000-0000-000000000001").status_code == 404
    assert client.get("/km/ledger/receipts/1").status_code == 404


def test_places_are_named_where_their_room_says_how(
    filled: Things, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_namer", [])
    assert registry.places(["120404"]) == {}
    registry.name_places(lambda keys: {key: {"km": "សង្កាត់គំរូ", "en": "Sample sangkat"} for key in keys})
    assert "Sample sangkat" in client.get("/en/ledger").content.decode()
    assert "សង្កាត់គំរូ" in client.get("/km/ledger").content.decode()


def test_an_act_may_be_called_otherwise_than_its_verb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_acts", {})
    registry.name_act("test.write", "Written")
    assert registry.act("test.write") == "Written" and registry.act("test.read") == "test.read"
