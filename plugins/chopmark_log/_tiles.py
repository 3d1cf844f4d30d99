"""The log as files for any web server: the resources of C2SP tlog-tiles, by their paths.

What is there never changes, but `checkpoint`, which comes last: whoever reads meanwhile, or after a
crash, finds all that the checkpoint wants.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from chopmark import LogError

from ._alone import alone
from ._errors import UnsoundError
from ._files import write_all, write_whole
from ._progress import Steps, unheard
from ._store import Store
from ._tree import LEVELS, WIDTH, rows_over, split_hashes
from .verify import Checkpoint, VerifierKey, VerifyError, hash_leaves, open_checkpoint

_CHECKPOINT, _TILES, _ENTRIES = "checkpoint", "tile", "entries"
_PARTIAL = ".p"


class Tile(NamedTuple):
    """Hashes of a level, or entries where that is None: the one at `number`, how many it has."""

    level: int | None
    number: int
    width: int

    @property
    def path(self) -> str:
        """Where it is, from the log's prefix on: C2SP tlog-tiles, "Merkle Tree tiles"."""
        groups = f"{self.number:,}".split(",")
        groups[0] = groups[0].zfill(3)
        place = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        kind = _ENTRIES if self.level is None else str(self.level)
        part = "" if self.width == WIDTH else f"{_PARTIAL}/{self.width}"
        return f"{_TILES}/{kind}/{place}{part}"


class Written(NamedTuple):
    """What was done: of how many entries the folder is now, and how many files are new."""

    size: int
    files: int


def tiles_of(size: int, before: int = 0) -> Iterator[Tile]:
    """Yield the tiles of hashes of a tree of `size` leaves that one of `before` has not."""
    level = 0
    while count := size >> LEVELS * level:
        yield from _row(level, count, before >> LEVELS * level)
        level += 1


def bundles_of(size: int, before: int = 0) -> Iterator[Tile]:
    """Yield the bundles of entries of a log of `size` that one of `before` has not."""
    yield from _row(None, size, before)


def _row(level: int | None, count: int, before: int) -> Iterator[Tile]:
    for number in range(before // WIDTH, count // WIDTH):
        yield Tile(level, number, WIDTH)
    if count % WIDTH and count != before:
        yield Tile(level, count // WIDTH, count % WIDTH)


def write_tiles(
    store: Store,
    keys: Sequence[VerifierKey],
    note: str,
    folder: Path,
    *,
    entries: bool = True,
    told: Steps = unheard,
) -> Written:
    """Bring `folder` to what `note` says, the log's last checkpoint; it is made where needed.

    Entries that were pruned are taken out there, too. Without `entries` there are hashes alone: who
    reads them can check that nothing is taken back, and not what was recorded.

    Raises:
        LogError: the folder is no such one, of another log, or somebody else writes it.
        UnsoundError: what is kept is not what was signed, or what was published before is not the
            beginning of it; then the checkpoint there is still the old one.
    """
    head = open_checkpoint(note, keys).checkpoint
    folder.mkdir(parents=True, exist_ok=True)
    busy = f"{str(folder)!r} is being written by somebody else"
    with alone(folder, os.O_RDONLY | os.O_DIRECTORY, busy):  # no file: all in it is served
        before = _published(folder, keys)
        has_entries = (folder / _TILES / _ENTRIES).exists()
        if has_entries and not entries:
            raise LogError(
                f"{str(folder)!r} has entries, too; give another folder for hashes alone"
            )
        _check_grown(store, before, head)
        known = before.size if before is not None else 0
        due = list(tiles_of(head.size, known))
        if entries:
            due += bundles_of(head.size, known if has_entries else 0)
        # They are on the disk before the checkpoint that wants them.
        files = write_all(_written(store, folder, due, told))
        if before is None or before.size != head.size or note != _text(folder):
            write_whole(folder / _CHECKPOINT, note)
        _tidy(folder, due, store.minimum // WIDTH)
        told("writing", len(due), len(due))
    return Written(head.size, files)


def _published(folder: Path, keys: Sequence[VerifierKey]) -> Checkpoint | None:
    """Return the checkpoint that is there, None where nothing is."""
    if not (folder / _CHECKPOINT).exists():
        others = {path.name for path in folder.iterdir()} - {_TILES, f".{_CHECKPOINT}.part"}
        if others:
            raise LogError(
                f"{str(folder)!r} has other files, such as {min(others)!r}; give an empty folder"
            )
        return None
    try:
        return open_checkpoint(_text(folder), keys).checkpoint
    except VerifyError as error:
        raise LogError(
            f"{str(folder / _CHECKPOINT)!r} is no checkpoint of this log: {error}; give another "
            "folder"
        ) from error


def _text(folder: Path) -> str:
    return (folder / _CHECKPOINT).read_bytes().decode("utf-8", "replace")


def _check_grown(store: Store, before: Checkpoint | None, head: Checkpoint) -> None:
    if store.tree(head.size).root() != head.root:
        raise UnsoundError("the tree of the log is not what was signed; see `chopmark log fsck`")
    if before is None:
        return
    if before.size > head.size or store.tree(before.size).root() != before.root:
        raise UnsoundError(
            f"what was published, {before.size} entries, is not the beginning of the log, of which "
            f"{head.size} are signed"
        )


def _written(
    store: Store, folder: Path, due: Sequence[Tile], told: Steps
) -> Iterator[tuple[Path, bytes]]:
    """Yield what tiles are to hold, by their places in `folder`; not what was pruned."""
    for done, tile in enumerate(due):
        told("writing", done, len(due))
        data = _hashes(store, tile) if tile.level is not None else _leaves(store, tile)
        if data is not None:
            yield folder / tile.path, data


def _hashes(store: Store, tile: Tile) -> bytes:
    """Return the hashes of a tile; those of a whole one must be what the next level is made of."""
    level, number, width = tile.level or 0, tile.number, tile.width
    data = store.hashes(level, number * WIDTH, number * WIDTH + width)
    if width < WIDTH:
        return data
    (root,) = rows_over(split_hashes(data))[-1]
    if root != store.hashes(level + 1, number, number + 1):
        raise UnsoundError(f"tile {number} of level {level} is not what was signed")
    return data


def _leaves(store: Store, tile: Tile) -> bytes | None:
    """Return the entries of a bundle, None where they were pruned."""
    start, end = tile.number * WIDTH, tile.number * WIDTH + tile.width
    if start < store.minimum:
        return None
    leaves = [leaf for run in store.runs(start, end) for leaf in run.leaves]
    if b"".join(hash_leaves(leaves)) != store.hashes(0, start, end):
        raise UnsoundError(
            f"of the entries {start} to {end - 1}, some are not what was signed; see "
            "`chopmark log verify`"
        )
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def _tidy(folder: Path, due: Sequence[Tile], pruned: int) -> None:
    """Take out the parts of what is whole now, and bundles of pruned entries."""
    for tile in due:
        if tile.width == WIDTH and (folder / tile.path).exists():
            path = folder / tile.path
            shutil.rmtree(path.with_name(path.name + _PARTIAL), ignore_errors=True)
    for number in range(pruned - 1, -1, -1):
        bundle = folder / Tile(None, number, WIDTH).path
        if not bundle.exists():
            break  # nor those before it: they went together
        bundle.unlink()
