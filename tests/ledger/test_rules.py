"""The tree against a naive one and the vectors of certificate transparency; notes against their specification."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sala.kit.canonical import canonical
from sala.ledger.rules import leaves, merkle, notes

# The leaves and roots that the implementations of RFC 6962 share (certificate-transparency, merkletree tests).
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# (leaf, size, proof) and (old, size, proof) of the same implementations.
CT_PATHS = [
    (0, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (5, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (1, 5, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
]  # fmt: skip
CT_CONSISTENCY = [
    (1, 1, []),
    (1, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (6, 8, ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
    (2, 5, ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
]  # fmt: skip


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(hashes[:k]) + naive_root(hashes[k:])).digest()


def naive_path(m: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m < k:
        return [*naive_path(m, hashes[:k]), naive_root(hashes[k:])]
    return [*naive_path(m - k, hashes[k:]), naive_root(hashes[:k])]


def naive_consistency(m: int, hashes: list[bytes], whole: bool = True) -> list[bytes]:
    """RFC 6962, 2.1.2."""
    if m == len(hashes):
        return [] if whole else [naive_root(hashes)]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m <= k:
        return [*naive_consistency(m, hashes[:k], whole), naive_root(hashes[k:])]
    return [*naive_consistency(m - k, hashes[k:], False), naive_root(hashes[:k])]


def hashes_of(size: int) -> list[bytes]:
    return [leaves.leaf_hash(str(number).encode()) for number in range(size)]


def tree_of(hashes: list[bytes]) -> dict[merkle.Coordinate, bytes]:
    return merkle.grow(0, {}, hashes)


CT_HASHES = [leaves.leaf_hash(leaf) for leaf in CT_LEAVES]


def test_the_empty_tree() -> None:
    assert merkle.root(0, {}).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_of_the_vectors(size: int) -> None:
    nodes = tree_of(CT_HASHES)
    assert merkle.root(size, nodes).hex() == CT_ROOTS[size - 1]


@pytest.mark.parametrize(("leaf", "size", "proof"), CT_PATHS)
def test_inclusion_of_the_vectors(leaf: int, size: int, proof: list[str]) -> None:
    found = merkle.assemble(merkle.inclusion_needs(leaf, size), tree_of(CT_HASHES))
    assert [hash.hex() for hash in found] == proof


@pytest.mark.parametrize(("old", "size", "proof"), CT_CONSISTENCY)
def test_consistency_of_the_vectors(old: int, size: int, proof: list[str]) -> None:
    found = merkle.assemble(merkle.consistency_needs(old, size), tree_of(CT_HASHES))
    assert [hash.hex() for hash in found] == proof


sizes = st.integers(1, 140)


@given(sizes, st.data())
def test_proofs_as_the_naive_ones_and_both_verify(size: int, data: st.DataObject) -> None:
    hashes = hashes_of(size)
    nodes = tree_of(hashes)
    leaf, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root, old_root = merkle.root(size, nodes), merkle.root(old, nodes)
    assert root == naive_root(hashes)
    path = merkle.assemble(merkle.inclusion_needs(leaf, size), nodes)
    assert path == naive_path(leaf, hashes)
    assert merkle.is_included(leaf, size, hashes[leaf], path, root)
    proof = merkle.assemble(merkle.consistency_needs(old, size), nodes)
    assert proof == naive_consistency(old, hashes)
    assert merkle.is_consistent(old, size, old_root, root, proof)


@given(sizes, st.data())
def test_wrong_proofs_are_refused(size: int, data: st.DataObject) -> None:
    hashes = hashes_of(size)
    nodes = tree_of(hashes)
    leaf, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root, old_root = merkle.root(size, nodes), merkle.root(old, nodes)
    path = merkle.assemble(merkle.inclusion_needs(leaf, size), nodes)
    proof = merkle.assemble(merkle.consistency_needs(old, size), nodes)
    other = hashlib.sha256(b"other").digest()
    assert not merkle.is_included(leaf, size, other, path, root)
    assert not merkle.is_included(leaf, size, hashes[leaf], [*path, other], root)
    assert not merkle.is_included(size, size, hashes[leaf], path, root)
    assert not merkle.is_consistent(old, size, other, root, proof)
    assert not merkle.is_consistent(old, size, old_root, other, proof)
    assert not merkle.is_consistent(old, size, old_root, root, [*proof, other])
    assert not merkle.is_consistent(0, size, old_root, root, proof)
    if path:
        wrong = data.draw(st.integers(0, len(path) - 1))
        assert not merkle.is_included(
            leaf, size, hashes[leaf], [*path[:wrong], other, *path[wrong + 1 :]], root
        )
        assert not merkle.is_included(leaf, size, hashes[leaf], path[:-1], root)
    if proof:
        wrong = data.draw(st.integers(0, len(proof) - 1))
        assert not merkle.is_consistent(
            old, size, old_root, root, [*proof[:wrong], other, *proof[wrong + 1 :]]
        )
        assert not merkle.is_consistent(old, size, old_root, root, proof[:-1])


def test_a_proof_of_nothing_shows_nothing() -> None:
    nodes = tree_of(CT_HASHES)
    assert not merkle.is_consistent(3, 7, merkle.root(3, nodes), merkle.root(7, nodes), [])


@given(st.lists(st.integers(0, 20), max_size=12))
def test_growing_in_batches_gives_the_same_nodes(batches: list[int]) -> None:
    hashes, nodes, size = hashes_of(sum(batches)), {}, 0
    for count in batches:
        nodes.update(merkle.grow(size, nodes, hashes[size : size + count]))
        size += count
    assert nodes == tree_of(hashes)
    assert merkle.root(size, nodes) == naive_root(hashes)


@given(st.integers(0, 60), st.integers(0, 2**40 - 1))
def test_positions_are_reversible(level: int, index: int) -> None:
    assert merkle.coordinate(merkle.position((level, index))) == (level, index)


@pytest.mark.parametrize(("leaf", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_inclusion_out_of_the_tree(leaf: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.inclusion_needs(leaf, size)


@pytest.mark.parametrize(("old", "size"), [(0, 3), (4, 3)])
def test_no_consistency_backwards(old: int, size: int) -> None:
    with pytest.raises(ValueError, match="older tree"):
        merkle.consistency_needs(old, size)


@given(
    *[st.text(st.characters(exclude_categories=["Cs"]), max_size=9)] * 6,
    st.uuids(),
    st.datetimes(timezones=st.timezones()),
)
def test_a_leaf_is_the_canonical_text_of_its_fields(act, kind, subject, place, post, digest, id, at) -> None:
    fields = {"act": act, "kind": kind, "subject": subject, "place": place, "post": post, "digest": digest}
    try:
        expected = canonical({**fields, "id": id, "at": at})
    except OverflowError:  # the first or last hours of the calendar in another zone
        return
    assert leaves.leaf_data(**fields, id=id, at=at) == expected


@pytest.mark.parametrize("text", ["", "zz", "ab", "00" * 33])
def test_a_damaged_hash_fits_nothing(text: str) -> None:
    assert len(leaves.stored_hash(text)) == 32
    assert leaves.stored_hash("ab" * 32).hex() == "ab" * 32


# Notes -----------------------------------------------------------------------------------------------------------

# The example of golang.org/x/mod/sumdb/note, on which the specification rests.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER = notes.Verifier("sala.example/ledger", KEY.public_key().public_bytes_raw())


def test_opens_the_note_of_the_specification() -> None:
    verifier = notes.Verifier.parse(GO_VKEY)
    assert verifier.text() == GO_VKEY
    assert notes.opened(GO_NOTE, verifier).endswith("what your problem is.\n")


def test_a_signed_note_opens_and_is_as_the_specification_writes_it() -> None:
    note = notes.sign("one\n\ntwo\n", VERIFIER.name, KEY)
    assert note.startswith("one\n\ntwo\n\n— sala.example/ledger ")
    assert notes.opened(note, VERIFIER) == "one\n\ntwo\n"
    signature = base64.b64decode(note.rsplit(" ", 1)[1])
    assert signature[:4] == VERIFIER.key_id
    assert len(signature) == 68
    assert notes.opened(note + "— other.example AAAAAAAA\n", VERIFIER) == "one\n\ntwo\n"  # passed over


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("one", "One"),
        lambda note: note.replace("— sala", "— bala"),
        lambda note: note.replace("— ", "- "),
        lambda note: note[:-1],
        lambda note: note[:-5] + "\n",
        lambda note: note[:-8] + "AAAAAA=\n",
        lambda note: note.replace("one", "o\x00ne"),
        lambda note: note.replace("\n\n", "\n"),
        lambda _: "",
        lambda _: "\n\n— sala.example/ledger AAAA\n",
        lambda note: "x" * 70_000 + note,
    ],
)
def test_damaged_notes_are_refused(change) -> None:
    with pytest.raises(notes.BadNoteError):
        notes.opened(change(notes.sign("one\n", VERIFIER.name, KEY)), VERIFIER)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b"])
def test_names_that_can_not_sign(name: str) -> None:
    with pytest.raises(notes.BadNoteError):
        notes.sign("one\n", name, KEY)


@pytest.mark.parametrize(
    "text",
    ["", "a+b", "a+00000000+AAAA", GO_VKEY.replace("c74f", "c74e"), GO_VKEY[:-4], GO_VKEY + "!", "a+b+c"],
)
def test_damaged_verifier_keys_are_refused(text: str) -> None:
    with pytest.raises(notes.BadNoteError):
        notes.Verifier.parse(text)


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    body = notes.Checkpoint("sala.example/ledger/demonstration", 7, bytes(32), (notes.DEMONSTRATION_LINE,))
    assert body.text().split("\n")[:3] == [body.origin, "7", base64.b64encode(bytes(32)).decode()]
    assert notes.Checkpoint.parse(body.text()) == body


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n-1\nAAAA\n",
        "a\n01\n" + "A" * 43 + "=\n",
        "a\n1\nAAAA\n",
        "\n1\n" + "A" * 43 + "=\n",
        "a\n១\nA\n",
    ],
)
def test_damaged_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(notes.BadNoteError):
        notes.Checkpoint.parse(text)
