"""The journal's tree against RFC 6962: its own vectors, and its definitions written again as they stand there."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import tree

# The leaves and roots that Certificate Transparency's implementations test themselves with.
LEAVES = [bytes.fromhex(leaf) for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")] + [
    bytes(range(0x60, 0x70))
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def mth(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1, as it is defined."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """PROOF and SUBPROOF of section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*proof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*proof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def hashed(ranges: list[tuple[int, int]], leaves: list[bytes]) -> list[bytes]:
    return [tree.root([tree.leaf_hash(leaf) for leaf in leaves[begin:end]]) for begin, end in ranges]


def test_the_empty_tree() -> None:
    assert tree.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree.folded([]) == tree.EMPTY


@pytest.mark.parametrize("size", range(1, 9))
def test_known_roots(size: int) -> None:
    assert tree.root([tree.leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize("size", [*range(1, 18), 31, 32, 33, 100])
def test_every_leaf_and_every_beginning_is_proved_as_the_rfc_defines(size: int) -> None:
    leaves = [str(number).encode() for number in range(size)]
    head = mth(leaves)
    assert tree.folded(hashed(list(tree.subtrees(0, size)), leaves)) == head
    for index in range(size):
        found = hashed(tree.inclusion(index, size), leaves)
        assert found == path(index, leaves)
        assert tree.includes(tree.leaf_hash(leaves[index]), index, size, found, head)
        old = index + 1
        shown = hashed(tree.consistency(old, size), leaves)
        assert shown == proof(old, leaves)
        assert tree.consistent(old, mth(leaves[:old]), size, head, shown)


@given(st.integers(1, 60), st.data())
def test_nothing_else_is_proved(size: int, data: st.DataObject) -> None:
    """One bit, one hash, one place, one size otherwise: no proof."""
    leaves = [str(number).encode() for number in range(size)]
    head, index = mth(leaves), data.draw(st.integers(0, size - 1))
    found, old = path(index, leaves), data.draw(st.integers(1, size))
    shown, was, leaf = proof(old, leaves), mth(leaves[:old]), tree.leaf_hash(leaves[index])

    def flipped(value: bytes) -> bytes:
        bit = data.draw(st.integers(0, 255))
        return bytes(byte ^ (1 << bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(value))

    assert not tree.includes(flipped(leaf), index, size, found, head)
    assert not tree.includes(leaf, index, size, found, flipped(head))
    assert not tree.includes(leaf, index, size, [*found, head], head)
    assert not tree.consistent(old, flipped(was), size, head, shown)
    assert not tree.consistent(old, was, size, flipped(head), shown)
    assert not tree.consistent(old, was, size, head, [*shown, head])
    for place in range(len(found)):
        other = [flipped(one) if number == place else one for number, one in enumerate(found)]
        assert not tree.includes(leaf, index, size, other, head)
    for place in range(len(shown)):
        other = [flipped(one) if number == place else one for number, one in enumerate(shown)]
        assert not tree.consistent(old, was, size, head, other)
    elsewhere = data.draw(st.integers(0, size + 3))
    if elsewhere != index:
        assert not tree.includes(leaf, elsewhere, size, found, head)


@pytest.mark.parametrize(
    ("call", "numbers"), [(tree.inclusion, (3, 3)), (tree.consistency, (0, 4)), (tree.consistency, (5, 4))]
)
def test_what_cannot_be_proved_is_an_error(call: object, numbers: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="tree of"):
        call(*numbers)  # type: ignore[operator]
