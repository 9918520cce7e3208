"""Merkle trees over the journal's entries (RFC 6962, section 2.1): hashes, and which of them prove what.

A range [begin, end) of leaves has one hash. The root is that of [0, size); a proof is a list of ranges, whose hashes
whoever keeps the leaves looks up (`registry.checkpoints`). Hashes are SHA-256, 32 bytes.
"""

import hashlib
from collections.abc import Iterator, Sequence

EMPTY = hashlib.sha256().digest()
Range = tuple[int, int]


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 6962, 2.1: a leaf is told from a node by its first byte."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two below a size of at least 2: so many leaves stand to the left."""
    return 1 << (size - 1).bit_length() - 1


def subtrees(begin: int, end: int) -> Iterator[Range]:
    """The complete subtrees that make up the range of a proof, from left to right: as many as the size has bits."""
    while begin < end:
        width = 1 << (end - begin).bit_length() - 1
        yield begin, begin + width
        begin += width


def folded(hashes: Sequence[bytes]) -> bytes:
    """The hash of a range from those of its complete subtrees, left to right; of nothing, the empty tree's."""
    if not hashes:
        return EMPTY
    *lefts, right = hashes
    for left in reversed(lefts):
        right = node_hash(left, right)
    return right


def root(leaves: Sequence[bytes]) -> bytes:
    """The hash of a range from the hashes of its leaves."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else EMPTY
    left = split(len(leaves))
    return node_hash(root(leaves[:left]), root(leaves[left:]))


def inclusion(index: int, size: int) -> list[Range]:
    """The ranges whose hashes prove that a leaf stands in the tree of a size, the nearest first (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} does not stand in a tree of {size}")
    begin, end, path = 0, size, []
    while end - begin > 1:
        middle = begin + split(end - begin)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin = middle
    return path[::-1]


def consistency(old: int, new: int) -> list[Range]:
    """The ranges whose hashes prove that the tree of the old size is the beginning of that of the new (RFC 6962, 2.1.2)."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {old} is not the beginning of one of {new}")
    begin, end, whole, path = 0, new, True, []
    while old != end:
        middle = begin + split(end - begin)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin, whole = middle, False
    return ([] if whole else [(begin, end)]) + path[::-1]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], head: bytes) -> bool:
    """Whether the proof shows the leaf (its hash) at the index of the tree with that root."""
    if not 0 <= index < size:
        return False
    ranges = inclusion(index, size)
    if len(ranges) != len(proof):
        return False
    found = leaf
    for (begin, _), beside in zip(ranges, proof, strict=True):
        found = node_hash(beside, found) if begin < index else node_hash(found, beside)
    return found == head


def consistent(old: int, old_head: bytes, new: int, new_head: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows the old tree to be the beginning of the new one."""
    if not 0 < old <= new or (old == new and proof):
        return False
    if old == new:
        return old_head == new_head
    ranges, hashes = consistency(old, new), list(proof)
    if len(ranges) != len(hashes):
        return False
    begin, was, now = 0, old_head, old_head
    if ranges[0][1] == old:  # the old tree is no subtree of the new one: its last complete one comes first
        (begin, _), was = ranges.pop(0), hashes.pop(0)
        now = was
    for (start, _), beside in zip(ranges, hashes, strict=True):
        if start < begin:
            was, now, begin = node_hash(beside, was), node_hash(beside, now), start
        else:
            now = node_hash(now, beside)
    return was == old_head and now == new_head


class Forest:
    """The complete subtrees of the leaves so far, so that a root is at hand at any size."""

    def __init__(self) -> None:
        self.size = 0
        self.trees: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        self.size += 1
        self.trees.append(leaf)
        for _ in range((self.size & -self.size).bit_length() - 1):
            right = self.trees.pop()
            self.trees[-1] = node_hash(self.trees[-1], right)

    def root(self) -> bytes:
        return folded(self.trees)
