"""The tree and its proofs are those of RFC 6962, at every size."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark_log._tree import Tree, grow
from chopmark_log.verify import (
    EMPTY_ROOT,
    HASH_BYTES,
    VerifyError,
    check_consistency,
    hash_leaf,
    hash_node,
    root_by_inclusion,
    root_of,
)

# Root hashes of the first leaves of the certificate transparency test data.
LEAVES = [bytes.fromhex(x) for x in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def naive(leaves: Sequence[bytes]) -> bytes:
    """Return MTH of RFC 6962, section 2.1, as it is written there."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hash_node(naive(leaves[:k]), naive(leaves[k:]))


class Store:
    """Tile levels in memory, grown in steps."""

    def __init__(self) -> None:
        self.levels: dict[int, bytes] = {}
        self.size = 0

    def read(self, level: int, start: int, end: int) -> bytes:
        data = self.levels[level][start * HASH_BYTES : end * HASH_BYTES]
        assert len(data) == (end - start) * HASH_BYTES
        return data

    def append(self, leaves: Sequence[bytes]) -> None:
        for level, (start, data) in grow(self.size, leaves, self.read).items():
            kept = self.levels.get(level, b"")
            assert len(kept) == start * HASH_BYTES
            self.levels[level] = kept + data
        self.size += len(leaves)

    def tree(self, size: int | None = None) -> Tree:
        return Tree(self.size if size is None else size, self.read)


def leaf(n: int) -> bytes:
    return hashlib.sha256(n.to_bytes(4, "big")).digest()


@pytest.fixture(scope="module")
def store() -> Store:
    made = Store()
    for start in range(0, 700, 7):
        made.append([leaf(n) for n in range(start, start + 7)])
    return made


def test_roots_are_those_of_certificate_transparency() -> None:
    hashed = [hash_leaf(entry) for entry in LEAVES]
    assert [root_of(hashed[: n + 1]).hex() for n in range(8)] == list(ROOTS)
    assert root_of([]) == EMPTY_ROOT


def test_the_root_is_the_naive_one_at_every_size(store: Store) -> None:
    leaves = [leaf(n) for n in range(700)]
    for size in [*range(300), *range(300, 600, 7), 511, 512, 513]:
        assert store.tree(size).root() == naive(leaves[:size]) == root_of(leaves[:size])


def test_every_entry_of_every_small_tree_is_proved(store: Store) -> None:
    for size in [*range(1, 66), 255, 256, 257, 511, 512, 513, 700]:
        tree = store.tree(size)
        root = tree.root()
        for index in range(size):
            assert root_by_inclusion(index, size, leaf(index), tree.inclusion(index)) == root


def test_every_beginning_of_every_small_tree_is_proved(store: Store) -> None:
    for size in [*range(1, 40), 255, 256, 257, 513]:
        tree = store.tree(size)
        for old in range(size + 1):
            old_root = store.tree(old).root()
            check_consistency(old, old_root, size, tree.root(), tree.consistency(old))


@given(st.data())
@settings(max_examples=scaled(300))
def test_no_other_proof_than_the_right_one_holds(store: Store, data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 700))
    tree = store.tree(size)
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion(index)
    wrong = data.draw(st.sampled_from(["index", "flip", "cut", "longer", "leaf", "size"]))
    at, length, hashed = index, size, leaf(index)
    if wrong == "index":
        at = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
    elif wrong == "flip":
        number = data.draw(st.integers(0, len(proof) - 1))
        bit = 1 << data.draw(st.integers(0, 255))
        flipped = int.from_bytes(proof[number], "big") ^ bit
        proof = [*proof[:number], flipped.to_bytes(32, "big"), *proof[number + 1 :]]
    elif wrong == "cut":
        proof = proof[:-1]
    elif wrong == "longer":
        proof = [*proof, leaf(1)]
    elif wrong == "leaf":
        hashed = leaf(701)
    else:
        length = size * 2 + 1
    with contextlib.suppress(VerifyError):
        assert root_by_inclusion(at, length, hashed, proof) != tree.root()


@given(st.integers(1, 699), st.integers(0, 255), st.data())
@settings(max_examples=scaled(200))
def test_a_changed_beginning_is_found(
    store: Store, old: int, bit: int, data: st.DataObject
) -> None:
    size = data.draw(st.integers(old, 700))
    tree = store.tree(size)
    root = store.tree(old).root()
    changed = (int.from_bytes(root, "big") ^ (1 << bit)).to_bytes(32, "big")
    with pytest.raises(VerifyError):
        check_consistency(old, changed, size, tree.root(), tree.consistency(old))
    with pytest.raises(VerifyError):
        check_consistency(old, root, size, changed, tree.consistency(old))


@given(st.lists(st.integers(1, 300), min_size=1, max_size=8))
@settings(max_examples=scaled(40))
def test_how_entries_came_makes_no_difference(steps: list[int]) -> None:
    total = sum(steps)
    stepped, at = Store(), 0
    for step in steps:
        stepped.append([leaf(n) for n in range(at, at + step)])
        at += step
    whole = Store()
    whole.append([leaf(n) for n in range(total)])
    assert stepped.levels == whole.levels
    assert stepped.tree().root() == naive([leaf(n) for n in range(total)])
