"""What keeps a log whole: compares all of it with itself, and mends what a crash left behind."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from chopmark import LogError

from ._audit import audit
from ._canonical import encode
from ._content import is_payload, read_payload
from ._contents import Contents, beside
from ._files import sync_folder
from ._folder import LogFolder
from ._integrate import check_head, integrate, publish
from ._leaf import VERSION, decode
from ._spool import DAMAGED, NEW, SUFFIX, TORN, TWICE, Frame, is_alive, salvage
from ._store import Leaf, Run, Store, id_of
from ._tree import WIDTH, grow, split_hashes
from .verify import HASH_BYTES, VerifierKey, hash_leaf

Progress = Callable[[int], object]
KEPT = "recovered"
"""The folder, in that of the log, to which goes what `recover` is done with."""


def fsck(
    store: Store, keys: Sequence[VerifierKey], progress: Progress = lambda n: None,
    look: Callable[[Run], object] = lambda run: None,
) -> list[str]:  # fmt: skip
    """Compute everything in the log again from its entries, and return what differs, as sentences.

    Beside what `verify` compares: that each leaf is written as it must be, that all tiles are those
    of the entries, that each record is found by its id, and that SQLite finds its file whole.

    Args:
        store: the log.
        keys: those that must have signed it.
        progress: told how many entries are done, of twice as many as there are.
        look: shown all entries, where SQLite finds its file whole.
    """
    faults = store.damages()
    if faults:
        return faults  # the rest would say the same in more words
    faults += audit(store, keys, progress, look).faults
    size = store.size
    tiles: dict[tuple[int, int], bytearray] = {}
    at, known = 0, 0

    def earlier(level: int, start: int, end: int) -> bytes:
        tile = tiles[level, start // WIDTH]
        first = start % WIDTH
        return bytes(tile[first * HASH_BYTES : (first + end - start) * HASH_BYTES])

    def settle(level: int, number: int) -> None:
        tile = tiles.pop((level, number))
        if bytes(tile) != store.tile(level, number):
            faults.append(f"tile {number} of level {level} is not that of the entries")

    for start in range(0, size, WIDTH):
        entries = list(store.entries(start, min(start + WIDTH, size)))
        hashes = [hash_leaf(one.leaf) for one in entries]
        if start < store.minimum:
            hashes = split_hashes(store.tile(0, start // WIDTH))  # all that is left of them
        for entry in entries:
            try:
                decode(entry.leaf)
            except LogError as error:
                faults.append(f"entry {entry.index}: {error}")
        known += sum(_mark(id_of(entry.leaf), entry.index) for entry in _readable(entries))
        for level, (first, data) in grow(at, hashes, earlier).items():
            for place in range(0, len(data), HASH_BYTES):
                number = (first + place // HASH_BYTES) // WIDTH
                tile = tiles.setdefault((level, number), bytearray())
                tile += data[place : place + HASH_BYTES]
        at += len(hashes)
        for level, number in [where for where, tile in tiles.items() if len(tile) == 8192]:
            settle(level, number)
        if at % 4096 == 0:
            progress(size + at)
    for level, number in list(tiles):
        settle(level, number)
    if known != sum(_mark(start.to_bytes(8, "big", signed=True), at) for start, at in store.ids()):
        faults.append("the index of ids is not that of the entries")
    progress(2 * size)
    return faults


def _readable(entries: Iterable[Any]) -> Iterable[Any]:
    for entry in entries:
        try:
            id_of(entry.leaf)
        except LogError:
            continue
        yield entry


def _mark(id: bytes | None, at: int) -> int:
    # Summed, so that the order of the index does not matter.
    if not id:
        return 0
    data = id[:8].ljust(8, b"\0") + at.to_bytes(8, "big")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def recover(
    folder: LogFolder, writer: str,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> list[str]:  # fmt: skip
    """Take in what crashes left in the spools, and return what was done, as sentences.

    Each file about which something was decided goes to `recovered`, none is thrown away, and the
    log gets a leaf of kind `gap` that says so. The caller holds the lock of the log.

    Args:
        folder: that of the log.
        writer: a name that no process had.
        progress: told how many bytes of files were looked through, and of how many.

    Raises:
        LogError: the log is an older copy, or did not take it.
    """
    store = folder.open(writing=True)
    try:
        check_head(folder, store)
        store.collect()  # what it has itself is not taken from a file, too
        work = _Recovery(folder, store, writer)
        left = [(path, end) for end in _LEFT for path in sorted(folder.spools.glob(f"*{end}"))]
        sizes = [_size(path) for path, _ in left]
        for n, (path, end) in enumerate(left):
            progress(sum(sizes[:n]), sum(sizes))
            if end in (TORN, TWICE) or _has_ended(path):
                work.look(path, _LEFT[end])
        progress(sum(sizes), sum(sizes))
        try:
            integrate(folder, store)
        finally:
            publish(folder, store)
        return work.done
    finally:
        store.close()


_LEFT = {
    # What is in it was written when it had its name.
    NEW: "a process ended before the disk had its name",
    SUFFIX: "",
    TORN: "a process ended while it wrote the last frame",
    TWICE: "it was taken before, and a backup brought it back",
}
"""What is left behind, by the end of its name, in order, and why; a spool's content says it."""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0  # as below


def _has_ended(path: Path) -> bool:
    try:
        return not is_alive(path)
    except FileNotFoundError:
        return False  # a process that lives gave it its name, or did without it


class _Recovery:
    def __init__(self, folder: LogFolder, store: Store, writer: str) -> None:
        self._folder, self._store, self._writer = folder, store, writer
        self.done: list[str] = []

    def look(self, path: Path, why: str) -> None:
        """Take what is missing of a file that nobody writes any more."""
        if why:
            self.salvage(path, 0, why)
        else:
            self.mend(path)

    def mend(self, path: Path) -> None:
        """Take what is whole of a dead process's spool, where damage is between."""
        read = self._store.read().get(path.name, 0)
        at = read
        for start, frame in salvage(path, read):
            if start != at:
                self.salvage(path, read, f"it is damaged at byte {at}")
                return
            at = frame.end

    def salvage(self, path: Path, read: int, why: str) -> None:
        """Take the whole frames of `path` that the log has not, and put the file aside."""
        frames = [frame for _, frame in salvage(path, read)]
        missing = [one for one in frames if not is_payload(one.leaf) and not self._has(one)]
        # What a record that the log has said was taken with it, and may be erased since.
        new = {id_of(one.leaf) for one in missing}
        contents, said = Contents(self._folder, self._store), set()
        for frame in frames:
            if is_payload(frame.leaf) and (name := read_payload(frame.leaf).record) in new:
                contents.add(frame.leaf)
                said.add(name)
        alone = {
            found
            for one in missing
            if (found := id_of(one.leaf)) is not None and "payload" in decode(one.leaf)
        } - said
        lacking = len(alone)
        if alone:  # of some the power may have gone between what was said, taken first, and them
            _, side = beside(self._folder, self._store)
            lacking = sum(side.get(found) is None for found in alone)
        self.put_aside(path, read, missing, why, contents.keep(), lacking)

    def _has(self, frame: Frame) -> bool:
        try:
            name = id_of(frame.leaf)
        except LogError:
            return True  # no leaf of ours: it stays in the file
        return name is not None and self._store.holds(name, frame.leaf)

    def put_aside(
        self,
        path: Path,
        read: int,
        frames: Sequence[Frame],
        why: str,
        said: Sequence[Leaf] = (),
        lacking: int = 0,
    ) -> None:
        """Take `frames`, of which so many are `lacking` what was said, and move the file away."""
        data = path.read_bytes()
        leaf = encode(
            {
                "v": VERSION, "k": "gap", "t": time.time_ns() // 1_000_000,
                "w": {"h": self._writer, "n": len(self.done)}, "why": why, "file": path.name,
                "bytes": len(data), "from": read, "taken": len(frames), "lacking": lacking,
                "sha256": hashlib.sha256(data).hexdigest(),
            }
        )  # fmt: skip
        batch = [(id_of(frame.leaf), frame.leaf) for frame in frames]
        # In one transaction, so that doing it again after a crash takes nothing twice.
        self._store.take([*batch, *said, (None, leaf)], {path.name: max(read, len(data))})
        if path.suffix == SUFFIX:
            self._store.note_spool(path.name, max(read, len(data)), over=True)
        kept = self._folder.path / KEPT
        kept.mkdir(mode=0o700, exist_ok=True)
        path.rename(kept / (path.stem + (DAMAGED if path.suffix == SUFFIX else path.suffix)))
        sync_folder(kept)
        sync_folder(path.parent)
        self._store.forget_spool(path.name)
        self.done.append(
            f"{path.name}: {why}; {len(frames)} records of it were taken, {lacking} of them "
            f"without what was said, and it is in {KEPT}"
        )
