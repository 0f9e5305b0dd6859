"""Is a paper's code what the standards say, and is nothing but the hall's own signature taken for genuine?"""

import contextlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from fido2 import cbor
from hypothesis import given, settings
from hypothesis import strategies as st

from sala.kit import clock
from sala.ledger import actions, papers
from sala.ledger.rules import cose

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
CLAIMS = {
    cose.ISSUER: "hall.example/ledger",
    cose.ISSUED_AT: 1_790_000_000,
    cose.FACTS: {"kind": "receipt", "riel": 1000},
}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"AB", "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
        (b"ietf!", "QED8WEX0"),
        (b"", ""),
    ],
)
def test_base45_is_that_of_the_standard(data: bytes, text: str) -> None:
    """The examples of RFC 9285, 4.3 and 4.4."""
    assert cose.base45(data) == text
    assert cose.unbase45(text) == data


@given(st.binary(max_size=40))
def test_base45_comes_back(data: bytes) -> None:
    assert cose.unbase45(cose.base45(data)) == data


@pytest.mark.parametrize("wrong", ["A", "GGW", "::", ":::", "ab", "BB8a"])
def test_what_is_no_base45_is_refused(wrong: str) -> None:
    with pytest.raises(cose.BadCodeError):
        cose.unbase45(wrong)


def test_a_code_is_a_cose_sign1_of_cwt_claims() -> None:
    text = cose.write(CLAIMS, KEY, b"abcd")
    data = cose.unbase45(text.removeprefix("KH1:"))
    assert data[0] == 0xD2  # tag 18
    protected, unprotected, payload, signature = cbor.decode(data[1:])  # type: ignore[misc]
    assert cbor.decode(protected) == {1: -8, 4: b"abcd"} and unprotected == {}
    assert cbor.decode(payload) == CLAIMS
    KEY.public_key().verify(signature, cbor.encode(["Signature1", protected, b"", payload]))
    found = cose.read(f" {text[:40]}\r\n{text[40:]} \n")  # as some scanners break it
    assert found.is_by(PUBLIC) and found.claims == CLAIMS and found.key_id == b"abcd"


@given(st.data())
@settings(max_examples=60)
def test_no_changed_sign_is_taken(data: st.DataObject) -> None:
    text = cose.write(CLAIMS, KEY, b"abcd")
    place = data.draw(st.integers(0, len(text) - 1))
    sign = data.draw(st.sampled_from("0AZ $:/%"))
    changed = text[:place] + sign + text[place + 1 :]
    if changed == text or changed.strip() == text:
        return
    with contextlib.suppress(cose.BadCodeError):
        assert not cose.read(changed).is_by(PUBLIC)


def signed(parts: Any, tag: bytes = b"\xd2") -> str:
    return cose.PREFIX + cose.base45(tag + cbor.encode(parts))


PROTECTED, PAYLOAD = cbor.encode({1: -8, 4: b"abcd"}), cbor.encode(CLAIMS)


@pytest.mark.parametrize(
    "wrong",
    [
        "", "KH1:", "KH2:BB8", "HC1:BB8", "KH1:" + "A" * 5000, "KH1:BB8", "KH1:សួស្តី",
        signed([PROTECTED, {}, PAYLOAD, b"x" * 64], tag=b"\xd1"),
        signed([PROTECTED, {}, PAYLOAD]), signed("text"), signed(5), signed([1, 2, 3, 4]),
        signed([PROTECTED, {1: 2}, PAYLOAD, b"x" * 64]), signed([PROTECTED, {}, PAYLOAD, 5]),
        signed([cbor.encode({1: -7, 4: b"abcd"}), {}, PAYLOAD, b"x" * 64]), signed([cbor.encode({1: -8}), {}, PAYLOAD, b"x" * 64]),
        signed([PROTECTED, {}, cbor.encode({1: "x"}), b"x" * 64]), signed([PROTECTED, {}, cbor.encode([1]), b"x" * 64]),
        cose.PREFIX + cose.base45(b"\xd2" + b"\x81" * 2000), cose.PREFIX + cose.base45(b"\xd2\x9b" + b"\xff" * 8),
        cose.PREFIX + cose.base45(b"\xd2\x84\x43\xa1\x01\x27"),
    ],
)  # fmt: skip
def test_what_is_no_code_is_refused(wrong: str, client: Client) -> None:
    with pytest.raises(cose.BadCodeError):
        cose.read(wrong)


@pytest.fixture
def kind() -> Any:
    """A kind of paper for the tests."""
    papers.register("test.paper", "A paper", lambda facts: [("Number", str(facts["number"]))])
    yield "test.paper"
    del papers._kinds["test.paper"]


@pytest.mark.django_db
def test_only_this_hall_is_genuine(kind: str) -> None:
    actions.seal()
    code = papers.code(kind, {"number": "7"}, clock.now())
    found = papers.check(code)
    assert (found.genuine, found.label, list(found.rows)) == (True, "A paper", [("Number", "7")])
    assert found.issuer.endswith("/ledger/demonstration")
    named = cose.read(code).key_id
    assert not papers.check(cose.write(CLAIMS, KEY, named)).genuine  # the hall's name, another's signature
    assert not papers.check(cose.write(CLAIMS, KEY, b"abcd")).genuine
    assert not papers.check(papers.code("no.kind", {}, clock.now())).genuine


@pytest.mark.django_db
def test_a_hall_without_a_key_knows_no_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sala.ledger.keys.public", lambda: None)
    assert not papers.check(cose.write(CLAIMS, KEY, b"abcd")).genuine


@pytest.mark.django_db
def test_everybody_may_check(client: Client, kind: str) -> None:
    code = papers.code(kind, {"number": "<b>7</b>"}, clock.now())
    page = client.post("/en/verify", {"code": code}).content.decode()
    assert "Genuine: this hall signed it" in page and "&lt;b&gt;7&lt;/b&gt;" in page
    assert client.get("/verify", {"code": code}, follow=True).content.decode().count("ឯកសារពិត") == 1
    assert client.get("/verify").status_code == 302
    forged = client.post("/en/verify", {"code": cose.write(CLAIMS, KEY, b"abcd")})
    assert forged.status_code == 200 and "Not genuine" in forged.content.decode()
    for wrong in ("", "   ", "nonsense", "KH1:" + "A" * 9000):
        answer = client.post("/en/verify", {"code": wrong})
        assert answer.status_code == 422 and 'class="errs"' in answer.content.decode()
        assert wrong.strip()[:20] in answer.content.decode()
