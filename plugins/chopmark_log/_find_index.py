"""Keeps fingerprints of the answers in a log beside it, and takes out those that were erased.

Only answers are in it: what users wrote was not ours. What was erased, or is restricted, is not
read; who erases calls `clear`. What is missing is made from the log and its contents when somebody
next looks. Each 30 days of calls have a key of their own (`_epochs`).
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chopmark import LogError

from ._content import SubjectKey, record_id, unseal
from ._epochs import KEY_BYTES, Epochs, destroy, epoch_of, epochs_in
from ._folder import FINGERPRINTS, LogFolder
from ._master import Master
from ._segments import Group, Segment, Segments, gaps
from ._side import Side
from ._store import Store, id_of, start_of
from ._subject import Keys
from ._tree import WIDTH
from ._winnow import Fingerprinter, plain

CHUNK = 4096
"""How many entries are read at once: an erasure may have to wait for that."""
_PAUSE = 0.01  # seconds in which others get the lock


class Index:
    """The index of a log: which entries have an answer with a fingerprint."""

    def __init__(
        self,
        folder: LogFolder,
        store: Store,
        keys: Keys,
        master: Master,
        opened: Callable[[Path], Segment],
    ) -> None:
        self._store, self._keys, self._master = store, keys, master
        self._side = Side(folder)
        self._shared = folder.address is not None
        self._segments = Segments(folder.path / FINGERPRINTS, opened)
        self._writes = os.access(folder.path, os.W_OK)
        self._epochs = Epochs(self._segments.folder, master.fingerprints)
        self.faults: list[str] = []
        """What could not be read of contents."""

    @property
    def missing(self) -> int:
        """How many entries of the log the index has not."""
        return sum(end - first for first, end in gaps(self._known()[0], self._store.size))

    def open(self, told: Callable[[int], None], *, writing: bool = True) -> list[Group]:
        """Return the segments of all of the log; `told` hears how many entries were missing.

        What was missing is kept for the next time, if `writing`, and if the folder can be written;
        else it is under a key that nobody keeps.

        Raises:
            LogError: a file cannot be read or written.
        """
        kept, keys = self._known()
        if writing and self._writes and gaps(kept, self._store.size):
            while self._keep_next(told):
                time.sleep(_PAUSE)
            kept, keys = self._known()
        by_epoch: dict[int, list[Segment]] = defaultdict(list)
        for one in kept:
            if len(one.words):
                by_epoch[one.epoch].append(one)
        groups = [Group(Fingerprinter(keys[epoch]), ones) for epoch, ones in by_epoch.items()]
        made = Group(Fingerprinter(os.urandom(KEY_BYTES)), new := [])
        for first, end in gaps(kept, self._store.size):
            for at in range(first, end, CHUNK):
                texts = self._texts(at, min(end, at + CHUNK))
                new.append(_segment(at, min(end, at + CHUNK), 0, texts, made.fingerprinter))
                told(new[-1].end - at)
        return [*groups, made] if new else groups

    def close(self) -> None:
        """Close the files."""
        self._side.close()

    def _keep_next(self, told: Callable[[int], None]) -> bool:
        with self._segments.writing():  # what is read now is kept before it can be cleared
            known, keys = self._known()
            strange = {one.path for one in self._segments.read()} - {one.path for one in known}
            self._segments.drop(path for path in strange if path is not None)
            missing = gaps(known, self._store.size)
            if not missing:
                return False
            first, end = missing[0][0], min(missing[0][1], missing[0][0] + CHUNK)
            if self._shared and self._tells_of_erasures(first, end):
                # On another machine, which did not clear what is here.
                self._segments.clear(list(_entries(self._store, self._closed())))
            floor = max((one.epoch for one in known if one.end <= first), default=0)
            self._add(first, end, floor, keys)
        told(end - first)
        return True

    def _known(self) -> tuple[list[Segment], dict[int, bytes]]:
        """Return the segments whose keys are known, or which need none, and the keys."""
        keys = self._epochs.read()
        found = self._segments.read()
        return [one for one in found if one.epoch in keys or not len(one.words)], keys

    def _add(self, first: int, end: int, floor: int, keys: dict[int, bytes]) -> None:
        """Keep what the entries from `first` to before `end` say, a segment for each epoch."""
        texts = self._texts(first, end)
        starts = _starts(first, texts, floor)
        for (at, epoch), behind in zip(starts, [*(at for at, _ in starts[1:]), end], strict=True):
            mine = [one for one in texts if at <= one.entry < behind]
            key = keys.get(epoch)
            if key is None and mine:
                with self._segments.telling():
                    key = keys[epoch] = self._epochs.make(epoch)
            made = Fingerprinter(key) if key is not None else None
            self._segments.add(_segment(at, behind, epoch, mine, made))

    def _tells_of_erasures(self, first: int, end: int) -> bool:
        kinds = (json.loads(entry.leaf).get("k") for entry in self._store.entries(first, end))
        return any(kind in ("erase", "restrict") for kind in kinds)

    def _closed(self) -> set[bytes]:
        leaving = (record for key in self._keys.leaving() for record in self._side.records(key.id))
        return {*self._side.gone(), *leaving}

    def _texts(self, first: int, end: int) -> list[_Text]:
        """Return the answers that can be read of the entries from `first` to before `end`."""
        known: dict[bytes, SubjectKey | None] = {}  # no longer than this: they may be erased
        found = []
        for entry in self._store.entries(first, end):
            leaf = json.loads(entry.leaf)
            if leaf.get("k") != "call" or not leaf.get("payload"):
                continue
            try:
                text = plain(self._answer(record_id(leaf["id"]), known))
            except LogError as error:
                self.faults.append(f"entry {entry.index}: {error}")
                continue
            if text:
                found.append(_Text(entry.index, leaf["t"], text))
        return found

    def _answer(self, record: bytes, known: dict[bytes, SubjectKey | None]) -> str:
        kept = self._side.get(record)
        if kept is None:
            return ""
        if kept.key not in known:
            found = self._keys.wrapped(kept.key)
            known[kept.key] = None
            if found is not None and not found[1]:  # neither erased nor restricted
                known[kept.key] = self._master.unwrap(kept.key, found[0])
        key = known[kept.key]
        return unseal(key, record, kept.cipher)["answer"] if key else ""


class _Text(NamedTuple):
    """An answer, in its plain form: of which entry, from when (milliseconds since 1970)."""

    entry: int
    time: int
    text: str


def _starts(first: int, texts: Sequence[_Text], floor: int) -> list[tuple[int, int]]:
    """Return from which entry on which epoch is, of a range that begins with `first`.

    Epochs only grow, so that two calls that end in another order than they began make no segment of
    one entry; a clock that is ahead makes none that is to come.
    """
    now = time.time_ns() // 1_000_000
    starts: list[tuple[int, int]] = []
    for one in texts:
        epoch = max(floor, epoch_of(min(one.time, now)))
        if not starts or epoch > starts[-1][1]:
            starts.append((one.entry if starts else first, epoch))
        floor = epoch
    return starts or [(first, floor)]


def _segment(
    first: int, end: int, epoch: int, said: Sequence[_Text], made: Fingerprinter | None
) -> Segment:
    if made is None or not said:
        return Segment(first, end, epoch, np.zeros(0, np.uint64))
    texts = [one.text for one in said]
    parts = made.parts(texts)
    numbers = np.array([one.entry for one in said], np.int64)
    entries = np.concatenate((numbers[parts.text], numbers))
    return Segment.of(first, end, epoch, entries, np.concatenate((parts.words, made.wholes(texts))))


def retire(folder: LogFolder) -> int:
    """Destroy the keys of epochs that are over and of which nothing is kept; return how many.

    What copies there are of their fingerprints can be compared with no text any more.

    Raises:
        LogError: a file cannot be read or written.
    """
    segments = Segments(folder.path / FINGERPRINTS)
    if not epochs_in(segments.folder):
        return 0
    with segments.writing():
        used = {one.epoch for one in segments.read() if len(one.words)}
        now = epoch_of(time.time_ns() // 1_000_000)
        over = {one for one in epochs_in(segments.folder) - used if one < now}
        if over:
            with segments.telling():
                destroy(segments.folder, over)
    return len(over)


def clear(folder: LogFolder, store: Store, records: Iterable[bytes]) -> None:
    """Take the fingerprints of `records` off the disk. Nobody may read their contents any more.

    Raises:
        LogError: a file cannot be written.
    """
    segments = Segments(folder.path / FINGERPRINTS)
    if segments.folder.is_dir():
        entries = list(_entries(store, set(records)))
        with segments.writing():
            segments.clear(entries)


def _entries(store: Store, records: set[bytes]) -> Iterator[int]:
    places = sorted({at for record in records for at in store.places(start_of(record))})
    for _, group in groupby(places, lambda at: at // WIDTH):  # each bundle is read once
        near = set(group)
        for entry in store.entries(min(near), max(near) + 1):
            if entry.index in near and id_of(entry.leaf) in records:
                yield entry.index
