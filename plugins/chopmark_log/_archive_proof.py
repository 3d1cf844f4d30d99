"""Proofs out of an archive alone: that an entry is in the log, where the log has it no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from chopmark import LogError

from ._archive_file import entries_of, leaves_of, reading
from ._archive_manifest import Manifest
from ._tree import Tree, grow
from .verify import HASH_BYTES, Checkpoint, Proof, hash_leaf, split_note

Progress = Callable[[int], object]


class Proved(NamedTuple):
    """A leaf, and the proof that it is an entry of the log."""

    proof: Proof
    leaf: bytes


def find(folder: Path, record: str) -> int:
    """Return the entry of RECORD, an id or an index, in an archive.

    Raises:
        LogError: it has none, or it is damaged.
    """
    if record.isascii() and record.isdigit():
        return int(record)
    manifest = Manifest.read(folder)
    with reading() as base:
        for file in manifest.files:
            found = entries_of(base, folder / file.name, record)
            if found:
                return found[0]
    raise LogError(f"the archive has no record {record!r}")


def prove(folder: Path, entry: int, progress: Progress = lambda n: None) -> Proved:
    """Return the proof that `entry` is under the last checkpoint of an archive.

    It hashes all that is archived: some 150,000 entries a second of a core. `progress` is told how
    many more are done.

    Raises:
        LogError: the archive has no such entry, or does not hold.
    """
    manifest = Manifest.read(folder)
    if not 0 <= entry < manifest.size:
        raise LogError(f"the archive has {manifest.size} entries, and no entry {entry}")
    period = next(one for one in manifest.periods if one.end == manifest.size)
    levels: dict[int, bytearray] = {}

    def read(level: int, start: int, end: int) -> bytes:
        return bytes(levels[level][start * HASH_BYTES : end * HASH_BYTES])

    leaf, size = b"", 0
    with reading() as base:
        for file in manifest.files:
            for leaves in leaves_of(base, folder / file.name, file.first, file.end):
                fresh = grow(size, [hash_leaf(one) for one in leaves], read)
                for level, (_, data) in fresh.items():
                    levels.setdefault(level, bytearray()).extend(data)
                if size <= entry < size + len(leaves):
                    leaf = leaves[entry - size]
                size += len(leaves)
                progress(len(leaves))
    tree, head = Tree(manifest.size, read), Checkpoint.parse_body(split_note(period.checkpoint)[0])
    if (head.size, head.root) != (manifest.size, tree.root()):
        raise LogError(
            f"the entries of archive {str(folder)!r} are not those that were signed: `chopmark log "
            "archive verify` says which file is not what was written"
        )
    proof = Proof(entry, tuple(tree.inclusion(entry)), period.checkpoint)
    return Proved(proof, leaf)
