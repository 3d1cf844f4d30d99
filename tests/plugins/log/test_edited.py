"""Whatever is edited in a log, verifying names each entry that it would name one by one."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.log.logs import fill

from chopmark import LogError
from chopmark_log._audit import audit
from chopmark_log._bundles import pack, unpack
from chopmark_log._folder import LogFolder
from chopmark_log._leaf import decode
from chopmark_log._signing import read_verifier_key
from chopmark_log._sqlite_store import SqliteStore
from chopmark_log._writers import _END
from chopmark_log.verify import hash_leaf, hash_leaves, hash_node, hash_pairs

TEXTS = st.lists(st.binary(max_size=70), max_size=9)
LEAVES = st.lists(
    st.builds(bytes.__mul__, st.binary(min_size=1, max_size=1), st.integers(0, 3) | st.just(700)),
    max_size=9,
)
SIZE = 260
"""Entries: a bundle, and four that stand by themselves."""


@given(TEXTS)
def test_many_hashes_are_those_of_one_after_the_other(texts: list[bytes]) -> None:
    assert hash_leaves(texts) == [hash_leaf(one) for one in texts]
    pairs = zip(texts[::2], texts[1::2], strict=False)
    assert hash_pairs(texts) == [hash_node(left, right) for left, right in pairs]


def read_plainly(bundle: bytes) -> list[bytes] | str:
    """Return the leaves of a bundle, or how its damage is called, without any haste."""
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(bundle)
    except zlib.error as error:
        return f"a bundle of entries is damaged: {error}"
    found = []
    while len(data) >= 2:
        length = 2 + int.from_bytes(data[:2], "big")
        if length > len(data):
            break
        found.append(data[2:length])
        data = data[length:]
    if data or not stream.eof or stream.unused_data:
        return "a bundle of entries is damaged: it does not end where it should"
    return found


def read(bundle: bytes) -> list[bytes] | str:
    try:
        return unpack(bundle)
    except LogError as error:
        return str(error)


@given(LEAVES, st.integers(0), st.integers(1, 255), st.binary(max_size=3), st.integers(0, 3))
def test_a_bundle_is_read_or_refused_as_by_who_has_time(
    leaves: list[bytes], at: int, by: int, more: bytes, how: int
) -> None:
    bundle = pack(leaves)
    assert read(bundle) == leaves
    edits: list[Callable[[bytes], bytes]] = [
        lambda data: data[: at % (len(data) + 1)],
        lambda data: data + more,
        lambda data: data[: (n := at % (len(data) + 1))] + more + data[n:],
        lambda data: bytes(one ^ by * (n == at % len(data)) for n, one in enumerate(data)),
    ]
    edited = edits[how]
    for one in (edited(bundle), zlib.compress(edited(zlib.decompress(bundle)))):
        assert read(one) == read_plainly(one)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """A log of two writers who take turns, but for the first 200 entries."""
    folder = LogFolder(Path(tmp_path_factory.mktemp("edited")) / "log")
    for count in (200, *[1] * 8, SIZE - 208):
        fill(folder, count)
    found = folder.open(writing=True)
    assert isinstance(found, SqliteStore)
    yield found
    found.close()


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "twice", "swap", "number", "writer", "cut", "junk"]),
        st.integers(0, SIZE - 5),
        st.integers(0, 2**16),
    ),
    max_size=3,
)


def edit(leaves: Sequence[bytes], how: str, at: int, by: int) -> list[bytes]:
    found, leaf = list(leaves), leaves[at]
    place = by % len(leaf)
    changed = {
        "flip": leaf[:place] + bytes([leaf[place] ^ (1 + by % 255)]) + leaf[place + 1 :],
        "twice": leaves[at - 1],
        "swap": leaves[by % len(leaves)],
        "number": leaf.rpartition(b":")[0] + b":%d}}" % (by % 300),
        "writer": leaf.replace(b'"w":{"h":"', b'"w":{"h":"%d' % by),
        "cut": leaf[:place],
        "junk": b'{"w":{"h":%d,"n":%d}}' % (by, by),
    }
    if how == "swap":
        found[by % len(leaves)] = leaf
    found[at] = changed[how]
    return found


def told_one_by_one(true: Sequence[bytes], leaves: Sequence[bytes]) -> Iterator[str]:
    """Yield what is wrong with each entry: its hash, and the number that its writer gave it."""
    known: dict[bytes, int] = {}
    for index, (was, leaf) in enumerate(zip(true, leaves, strict=True)):
        if hash_leaf(was) != hash_leaf(leaf):
            yield f"entry {index} is not the one that was taken"
        end = _END(leaf)
        try:
            said = decode(leaf)["w"] if end is None else {}
            writer = said["h"].encode() if end is None else end[1]
            number = said["n"] if end is None else int(end[2])
        except (LogError, KeyError, TypeError, AttributeError) as error:
            yield f"entry {index}: {error}"
            continue
        if number != known.get(writer, 0):
            yield (
                f"entry {index} is number {number} of writer {writer.decode()}, and "
                f"{known.get(writer, 0)} was to come: records are missing, or are there twice"
            )
        known[writer] = number + 1
    if true != leaves:
        yield f"the first {SIZE} entries are not those that were signed"


@given(edits=EDITS)
def test_an_edited_entry_is_named_as_by_who_looks_at_one_after_the_other(
    store: SqliteStore, edits: list[tuple[str, int, int]]
) -> None:
    true = [entry.leaf for entry in store.entries(0, SIZE)]
    leaves = true[:256]
    for how, at, by in edits:
        leaves = edit(leaves, how, at, by)
    change = "UPDATE bundles SET leaves = ? WHERE number = 0"
    store.file.rows(change, (pack(leaves),))
    try:
        found = audit(store, [read_verifier_key(str(store.folder / "log.pub"))]).faults
    finally:
        store.file.rows(change, (pack(true[:256]),))
    whole = leaves + true[256:]
    # A checkpoint was signed whenever the log was closed.
    rest = [one for one in found if not one.startswith("the first ") or f" {SIZE} " in one]
    assert sorted(rest) == sorted(told_one_by_one(true, whole))
