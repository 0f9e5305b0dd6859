"""Is this leaf in the tree, and is this tree a continuation of that one? The Merkle tree of RFC 6962, section 2.1.

Nodes over complete subtrees never change, so they are kept: ``Coordinate`` (level, index) is the hash over the leaves
index * 2**level to (index + 1) * 2**level - 1. Every root and proof is put together from few of them, whatever the
size of the tree. Functions that need nodes first say which (``*_needs``), then take them as a mapping.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

Coordinate = tuple[int, int]

EMPTY_ROOT = hashlib.sha256(b"").digest()
_LEVEL = 1 << 40  # more leaves than a hall can write


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 over 0x01, left and right."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def position(coordinate: Coordinate) -> int:
    """The node's one number in storage."""
    return coordinate[0] * _LEVEL + coordinate[1]


def coordinate(position: int) -> Coordinate:
    """The reverse of `position`."""
    return divmod(position, _LEVEL)


def edge(size: int) -> list[Coordinate]:
    """The complete subtrees that make up a tree of ``size`` leaves, the greatest (leftmost) first."""
    return _subtrees(0, size)


def root(size: int, nodes: Mapping[Coordinate, bytes]) -> bytes:
    """The root over the first ``size`` leaves from the nodes of its `edge`."""
    return _fold([nodes[node] for node in edge(size)]) if size else EMPTY_ROOT


def grow(size: int, nodes: Mapping[Coordinate, bytes], hashes: Iterable[bytes]) -> dict[Coordinate, bytes]:
    """All nodes that arise when the leaf ``hashes`` are put behind a tree of ``size``, whose `edge` is in ``nodes``."""
    stack = [(node, nodes[node]) for node in edge(size)]
    new: dict[Coordinate, bytes] = {}
    for offset, hash in enumerate(hashes):
        here = (0, size + offset)
        new[here] = hash
        while stack and stack[-1][0][0] == here[0]:
            hash = node_hash(stack.pop()[1], hash)
            here = (here[0] + 1, here[1] >> 1)
            new[here] = hash
        stack.append((here, hash))
    return new


def inclusion_needs(leaf: int, size: int) -> list[list[Coordinate]]:
    """For each hash of the inclusion proof, from the leaf up, the nodes it is folded from.

    Raises `ValueError` unless 0 <= leaf < size.
    """
    if not 0 <= leaf < size:
        raise ValueError("the leaf is not in a tree of this size")
    proof: list[list[Coordinate]] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _split(end - start)
        if leaf < split:
            proof.append(_subtrees(split, end))
            end = split
        else:
            proof.append(_subtrees(start, split))
            start = split
    return proof[::-1]


def consistency_needs(old: int, size: int) -> list[list[Coordinate]]:
    """For each hash of the consistency proof (RFC 6962, 2.1.2) the nodes it is folded from.

    Raises `ValueError` unless 0 < old <= size.
    """
    if not 0 < old <= size:
        raise ValueError("the older tree must have at least one leaf and no more than the newer")
    proof: list[list[Coordinate]] = []
    start, end, known = 0, size, True
    while old != end:
        split = start + _split(end - start)
        if old <= split:
            proof.append(_subtrees(split, end))
            end = split
        else:
            proof.append(_subtrees(start, split))
            start, known = split, False
    if not known:
        proof.append(_subtrees(start, end))
    return proof[::-1]


def assemble(needs: Sequence[Sequence[Coordinate]], nodes: Mapping[Coordinate, bytes]) -> list[bytes]:
    """A proof's hashes from its needs."""
    return [_fold([nodes[node] for node in group]) for group in needs]


def root_from_inclusion(leaf: int, size: int, leaf_hash: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2). Raises `ValueError` for a proof of wrong length."""
    if not 0 <= leaf < size:
        raise ValueError("the leaf is not in a tree of this size")
    fn, sn, result = leaf, size - 1, leaf_hash
    for hash in proof:
        if sn == 0:
            raise ValueError("the proof is too long")
        if fn & 1 or fn == sn:
            result = node_hash(hash, result)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, hash)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ValueError("the proof is too short")
    return result


def is_included(leaf: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows that the leaf stands at its place in the tree of this root."""
    try:
        return root_from_inclusion(leaf, size, leaf_hash, proof) == root
    except ValueError:
        return False


def is_consistent(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of ``size`` continues the one of ``old`` (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    older = newer = hashes[0]
    for hash in hashes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            older, newer = node_hash(hash, older), node_hash(hash, newer)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            newer = node_hash(newer, hash)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and older == old_root and newer == root


def _split(count: int) -> int:
    """The greatest power of two smaller than ``count``."""
    return 1 << (count - 1).bit_length() - 1


def _subtrees(start: int, end: int) -> list[Coordinate]:
    """The complete subtrees over the leaves from ``start`` to before ``end``; ``start`` begins a subtree of RFC 6962."""
    found: list[Coordinate] = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def _fold(hashes: Sequence[bytes]) -> bytes:
    result = hashes[-1]
    for hash in reversed(hashes[:-1]):
        result = node_hash(hash, result)
    return result
