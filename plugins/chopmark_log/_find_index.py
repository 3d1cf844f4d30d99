"""Keeps fingerprints of the answers in a log beside it, and takes out those that were erased.

Only answers are in it: what users wrote was not ours. What was erased, or is restricted, is not
read; who erases calls `clear`. What is missing is made from the log and its contents when somebody
next looks.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

import numpy as np

from chopmark import LogError

from ._content import SubjectKey, record_id, unseal
from ._folder import FINGERPRINTS, LogFolder
from ._master import Master
from ._segments import Segment, Segments
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

    def __init__(self, folder: LogFolder, store: Store, keys: Keys, master: Master) -> None:
        self._store, self._keys, self._master = store, keys, master
        self._side = Side(folder)
        self._shared = folder.address is not None
        self._segments = Segments(folder.path / FINGERPRINTS)
        self._writes = os.access(folder.path, os.W_OK)
        self.fingerprinter = Fingerprinter(master.fingerprints)
        self.faults: list[str] = []
        """What could not be read of contents."""

    @property
    def missing(self) -> int:
        """How many entries of the log the index has not."""
        return sum(end - first for first, end in self._segments.missing(self._store.size))

    def open(self, told: Callable[[int], None], *, writing: bool = True) -> list[Segment]:
        """Return the segments of all of the log; `told` hears how many entries were missing.

        What was missing is kept for the next time, if `writing`, and if the folder can be written.

        Raises:
            LogError: a file cannot be read or written.
        """
        if writing and self._writes:
            while self._keep_next(told):
                time.sleep(_PAUSE)
        kept = self._segments.read()
        for first, end in self._segments.missing(self._store.size):
            for at in range(first, end, CHUNK):
                kept.append(self._make(at, min(end, at + CHUNK)))
                told(kept[-1].end - at)
        return kept

    def close(self) -> None:
        """Close the files."""
        self._side.close()

    def _keep_next(self, told: Callable[[int], None]) -> bool:
        with self._segments.writing():  # what is read now is kept before it can be cleared
            missing = self._segments.missing(self._store.size)
            if not missing:
                return False
            first, end = missing[0][0], min(missing[0][1], missing[0][0] + CHUNK)
            if self._shared and self._tells_of_erasures(first, end):
                # On another machine, which did not clear what is here.
                self._segments.clear(list(_entries(self._store, self._closed())))
            self._segments.add(self._make(first, end))
        told(end - first)
        return True

    def _tells_of_erasures(self, first: int, end: int) -> bool:
        kinds = (json.loads(entry.leaf).get("k") for entry in self._store.entries(first, end))
        return any(kind in ("erase", "restrict") for kind in kinds)

    def _closed(self) -> set[bytes]:
        leaving = (record for key in self._keys.leaving() for record in self._side.records(key.id))
        return {*self._side.gone(), *leaving}

    def _make(self, first: int, end: int) -> Segment:
        known: dict[bytes, SubjectKey | None] = {}  # no longer than this: they may be erased
        entries, texts = [], []
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
                entries.append(entry.index)
                texts.append(text)
        parts = self.fingerprinter.parts(texts)
        numbers = np.array(entries, np.int64)
        return Segment.of(
            first,
            end,
            np.concatenate((numbers[parts.text], numbers)),
            np.concatenate((parts.words, self.fingerprinter.wholes(texts))),
        )

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
