"""Fingerprints on disk: sorted segments beside the log, merged as they grow, cleared in place.

A segment is a file of 64-bit words in ascending order. The upper 40 bits of a word are a
fingerprint, the lower 24 say which entry of the log has it, counted from the first one that the
segment is of. Each segment is of a range of entries, all under the key of one epoch, and together
they say which entries the index has. All of it can be made again from what the log keeps, so what
is damaged is taken away.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chopmark import LogError

from ._epochs import FILE
from ._files import sync_folder
from ._flock import held, opened
from ._merging import BLOCK, in_order
from ._search import first_of
from ._winnow import BITS, VERSION, Fingerprinter, Places, Words

MOST_WORDS = 1 << 24
"""Of a segment that was merged: 128 MiB."""
_AGAIN = 4  # a segment is merged with one behind it that is a quarter of it, or more
_LOW_BITS = 64 - BITS
_LOW = np.uint64((1 << _LOW_BITS) - 1)
_HEAD = struct.Struct("<16sQQQQ")
_MAGIC = f"chopmark {VERSION}\n".encode().ljust(16, b"\0")
_TRIES = 10


@dataclass(frozen=True, slots=True)
class Segment:
    """The words of the entries from `first` to before `end`, in a file or in memory.

    They are under the key of `epoch`, where there are any.
    """

    first: int
    end: int
    epoch: int
    words: Words
    path: Path | None = None

    @classmethod
    def of(cls, first: int, end: int, epoch: int, entries: Places, fingerprints: Words) -> Segment:
        """Return the segment of a range, in which each of `entries` has a fingerprint."""
        words = fingerprints << np.uint64(_LOW_BITS) | (entries - first).astype(np.uint64)
        words.sort()
        once = np.append(True, words[1:] != words[:-1])[: len(words)]
        return cls(first, end, epoch, words[once])

    @classmethod
    def open(cls, path: Path, *, writing: bool = False) -> Segment:
        """Return the segment in a file.

        Raises:
            ValueError: it is no segment of this version, or not a whole one.
            OSError: it cannot be read.
        """
        with path.open("rb") as file:
            head = file.read(_HEAD.size)
            if len(head) != _HEAD.size or not head.startswith(_MAGIC):
                raise ValueError("no segment")
            _, first, end, epoch, count = _HEAD.unpack(head)
            if os.fstat(file.fileno()).st_size != _HEAD.size + 8 * count:
                raise ValueError("not whole")
            if not count:  # nothing cannot be mapped
                return cls(first, end, epoch, np.zeros(0, np.uint64), path)
            if writing:
                return cls(first, end, epoch, np.memmap(path, "<u8", "r+", _HEAD.size), path)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        words = np.frombuffer(mapped, "<u8", offset=_HEAD.size)  # `memmap` takes ten times as long
        return cls(first, end, epoch, words, path)

    def bounds(self, sought: Words) -> tuple[Places, Places]:
        """Return where the words of each of `sought` begin and end.

        What is sought in ascending order is found sooner: neighbours are in the same pages.
        """
        least = sought << np.uint64(_LOW_BITS)
        low = first_of(self.words, least)
        high = low.copy()
        there = np.flatnonzero(low < len(self.words))
        there = there[self.words[low[there]] >> np.uint64(_LOW_BITS) == sought[there]]  # few are
        behind = least[there] + np.uint64(1 << _LOW_BITS)  # 0 of the highest fingerprint
        high[there] = np.where(behind > 0, first_of(self.words, behind), len(self.words))
        return low, np.maximum(low, high)  # another may be clearing what is looked into

    def entries(self, at: Places) -> Places:
        """Return of which entries some of the words are."""
        words = self.words[at]
        words &= _LOW
        found: Places = words.view(np.int64)
        found += self.first
        return found

    def has(self, sought: Words, entries: Places) -> NDArray[np.bool_]:
        """Return which of `sought` each of `entries` has: a row for each of these fingerprints."""
        words = sought[:, None] << np.uint64(_LOW_BITS) | (entries - self.first).astype(np.uint64)
        at = np.searchsorted(self.words, words)
        there: NDArray[np.bool_] = at < len(self.words)
        there[there] = self.words[at[there]] == words[there]
        return there

    def clear(self, entries: Places) -> bool:
        """Write over the fingerprints of `entries`, where they stand; return whether any is left.

        The file must be open to write. Each is replaced by the one before it that stays, so that
        the order holds: a word that is there twice says nothing more.
        """
        gone = np.concatenate([np.zeros(0, np.int64), *self._places(entries)])
        if len(gone) < len(self.words):
            starts = np.flatnonzero(np.diff(gone, prepend=-2) != 1)
            runs = np.diff(starts, append=len(gone))
            before = np.repeat(gone[starts] - 1, runs)
            # Before the first one there is none: then it is the first that stays.
            self.words[gone] = self.words[np.where(before < 0, runs[:1], before)]
        else:
            self.words[:] = 0
        if isinstance(self.words, np.memmap):
            self.words.flush()
        return len(gone) < len(self.words)

    def _places(self, entries: Places) -> Iterator[Places]:
        """Yield, a block at a time, where the fingerprints of `entries` stand."""
        for at in range(0, len(self.words), BLOCK):
            of = (self.words[at : at + BLOCK] & _LOW).astype(np.int64) + self.first
            yield np.flatnonzero(np.isin(of, entries)) + at


class Group(NamedTuple):
    """Segments whose fingerprints are under one key, and what makes such fingerprints."""

    fingerprinter: Fingerprinter
    segments: Sequence[Segment]


def gaps(segments: Iterable[Segment], size: int) -> list[tuple[int, int]]:
    """Return the ranges of a log of `size` entries that none of `segments`, in order, is of."""
    ends = [(0, 0), *((one.first, one.end) for one in segments), (size, size)]
    return [(a, b) for (_, a), (b, _) in pairwise(ends) if a < b]


class Segments:
    """The segments of a log, in a folder of their own; `opened` opens one that is looked into."""

    def __init__(self, folder: Path, opened: Callable[[Path], Segment] = Segment.open) -> None:
        self.folder = folder
        self._opened = opened

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Let nobody else write while the block runs.

        Raises:
            LogError: the folder cannot be written.
        """
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            file = opened(self.folder / "lock")
        except OSError as error:
            raise LogError(f"{str(self.folder)!r} cannot be written: {error.strerror}") from error
        with held(file):
            yield

    def read(self) -> list[Segment]:
        """Return the segments, in order, none of them twice.

        Raises:
            LogError: they cannot be read.
        """
        for _ in range(_TRIES):
            try:
                return self._read(self._opened)
            except FileNotFoundError:
                continue  # merged in between
            except OSError as error:
                raise LogError(f"{str(self.folder)!r} cannot be read: {error}") from error
        raise LogError(f"{str(self.folder)!r} is being changed all the time; try again")

    def _read(self, opened: Callable[[Path], Segment] = Segment.open) -> list[Segment]:
        found: list[Segment] = []
        for path in self.folder.glob(f"*.{VERSION}"):
            with contextlib.suppress(ValueError):
                found.append(opened(path))
        found.sort(key=lambda one: (one.first, -one.end))
        kept: list[Segment] = []
        for one in found:
            if not kept or one.first >= kept[-1].end:  # else it was merged, and is left over
                kept.append(one)
        return kept

    def add(self, segment: Segment) -> None:
        """Keep a segment, and merge what is due. The caller holds `writing`.

        Raises:
            LogError: it cannot be written.
        """
        with self.telling():
            self._write(segment)
            self._merge()

    def drop(self, paths: Iterable[Path]) -> None:
        """Take segments away, so that they are made anew. The caller holds `writing`.

        Raises:
            LogError: a file cannot be removed.
        """
        with self.telling():
            for one in paths:
                one.unlink(missing_ok=True)

    def clear(self, entries: Sequence[int]) -> None:
        """Take the fingerprints of `entries` off the disk. The caller holds `writing`.

        Raises:
            LogError: a file cannot be written.
        """
        gone = np.array(sorted(entries), np.int64)
        with self.telling():
            self._tidy()
            for one in self._read(partial(Segment.open, writing=True)):
                mine = gone[(gone >= one.first) & (gone < one.end)]
                if len(mine) and len(one.words) and not one.clear(mine):
                    self._write(replace(one, words=np.zeros(0, np.uint64)))

    @contextlib.contextmanager
    def telling(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LogError(f"{str(self.folder)!r} cannot be written: {error.strerror}") from error

    def _merge(self) -> None:
        """Merge segments of one epoch: all once it is over, before that those of like size.

        So there are few, in which it is looked, and each word is moved seldom.
        """
        kept = self._read()
        for at in range(len(kept) - 2, -1, -1):
            while at + 1 < len(kept) and self._are_due(kept, at):
                kept[at : at + 2] = [self._merged(*kept[at : at + 2])]
        self._tidy()

    def _are_due(self, kept: Sequence[Segment], at: int) -> bool:
        one, other = kept[at : at + 2]
        sizes = len(one.words), len(other.words)
        near = one.end == other.first and one.epoch == other.epoch
        wide = other.end - one.first > 1 << _LOW_BITS
        if not near or wide or sum(sizes) > MOST_WORDS:
            return False
        return one.epoch < kept[-1].epoch or sizes[0] <= _AGAIN * sizes[1]

    def _merged(self, one: Segment, other: Segment) -> Segment:
        blocks = in_order(one.words, other.words, other.first - one.first)
        count = len(one.words) + len(other.words)
        return self._put(one.first, other.end, one.epoch, count, blocks)

    def _tidy(self) -> None:
        """Take away what was merged, is damaged, or of another version."""
        kept = {one.path for one in self._read()}
        ours = {self.folder / "lock", self.folder / FILE}
        for path in set(self.folder.iterdir()) - kept - ours:
            path.unlink()

    def _write(self, one: Segment) -> Segment:
        return self._put(one.first, one.end, one.epoch, len(one.words), [one.words])

    def _put(
        self, first: int, end: int, epoch: int, count: int, blocks: Iterable[Words]
    ) -> Segment:
        """Write a segment of so many words, which are in `blocks`, in order."""
        path = self.folder / f"{first:012}-{end:012}.{VERSION}"
        making = path.with_suffix(".part")
        with open(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_HEAD.pack(_MAGIC, first, end, epoch, count))
            for words in blocks:
                file.write(words.astype("<u8", copy=False).data)
            file.flush()
            os.fsync(file.fileno())
        making.replace(path)
        sync_folder(self.folder)
        return Segment.open(path)
