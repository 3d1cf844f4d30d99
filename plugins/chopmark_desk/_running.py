"""What the log says so far: counts and a map of it, which go on where they stopped.

The log is read once, in the background, and from then on only what is new. So a page costs the
same at a million records as at a thousand; while the first reading is under way it says how far
that is. What is read is kept in a file for the next desk, which goes on from there.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from chopmark import LogError
from chopmark.hookspecs import Entry
from chopmark_report import Tally, count, packed, unpacked

from ._saved import load, mark_of, save
from ._sound import SoundLog, is_event
from ._stretches import Stretch, Stretches

T = TypeVar("T")
PATIENCE = 0.02
"""Seconds that a page waits for what is new to be counted."""
_CHUNK = 256
_READABLE = ("call", "event")
_WORTH = 20_000
"""Entries that are read before the file is written again."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far it is read: up to `place` of `end`; `fault` is why it could not go on, or ""."""

    place: int
    end: int
    fault: str

    @property
    def share(self) -> float:
        """The share that is read, 1 where all is."""
        return min(1.0, self.place / self.end) if self.end else 1.0

    @property
    def is_whole(self) -> bool:
        """Whether all is read that there was when somebody last looked."""
        return self.place >= self.end and not self.fault


class Running:
    """Counts of a log, and its map. Shared by threads.

    Args:
        log: that is read.
        kept: kinds of events of which the last one is kept.
        file: where what is read is kept, None where it is not.
    """

    def __init__(self, log: SoundLog, kept: tuple[str, ...] = (), file: Path | None = None) -> None:
        self._log, self._kinds, self._file = log, kept, file
        self._saved: dict[str, Any] | None = None if file is None else load(file)
        self._lock, self._starting = threading.Lock(), threading.Lock()
        self._stop = threading.Event()
        self._worker: threading.Thread | None = None
        self._begin(0)

    def follow(self, patience: float = PATIENCE) -> Extent:
        """Have what is new read, wait for that for `patience` seconds, and say how far it is."""
        with self._starting:
            worker = self._worker
            if worker is None or not worker.is_alive():
                worker = self._started()
        if worker is not None:
            worker.join(patience)
        with self._lock:
            return Extent(self._end if self._done else self._map.end, self._end, self._fault)

    def ask(self, question: Callable[[Tally], T]) -> T:
        """Return what `question` makes of the counts as they are; it must keep none of them."""
        with self._lock:
            return question(self._tally)

    def other(self, kind: str) -> int:
        """Return how many entries of a kind there are that are no calls and no events."""
        with self._lock:
            return self._others[kind]

    def last(self, kind: str) -> Mapping[str, Any] | None:
        """Return the last event of one of the kinds that are kept, if there was one."""
        with self._lock:
            return self._last.get(kind)

    def stretches(self) -> tuple[Stretch, ...]:
        """Return the map of what is read."""
        with self._lock:
            return self._map.all()

    def close(self) -> None:
        """Stop reading."""
        with self._starting:
            self._stop.set()
            worker = self._worker
        if worker is not None:
            worker.join()
        self._save(1)

    def _begin(self, end: int) -> None:
        self._tally, self._map = Tally(), Stretches()
        self._others: Counter[str] = Counter()
        self._last: dict[str, Mapping[str, Any]] = {}
        self._end, self._done, self._fault = end, end == 0, ""
        self._newest: Entry | None = None
        self._unsaved = 0

    def _started(self) -> threading.Thread | None:
        """Return a thread that reads on, if there is something to read."""
        try:
            end = self._log.end()
        except LogError as error:
            with self._lock:
                self._fault = str(error)
            return None
        with self._lock:
            if end < self._end:  # an older copy was put in its place: what was counted is not so
                self._begin(end)
            if self._stop.is_set() or (end == self._end and self._done):
                return None
            self._end, self._done, self._fault = end, False, ""
        self._worker = threading.Thread(target=self._read, name="chopmark-desk", daemon=True)
        self._worker.start()
        return self._worker

    def _read(self) -> None:
        fault = ""
        try:
            self._restore()
            entries = self._log.forward(self._map.end)
            while not self._stop.is_set() and (chunk := list(islice(entries, _CHUNK))):
                with self._lock:
                    self._add(chunk)
        except LogError as error:
            fault = str(error)
        with self._lock:
            self._done, self._fault = not fault, fault
        self._save(_WORTH)

    def _restore(self) -> None:
        """Take up what was saved, at the first time, if it is of this log."""
        saved, self._saved = self._saved, None
        if saved is None:
            return
        try:
            newest = next(self._log.forward(saved["mark"][0]), None)
            if newest is None or mark_of(newest) != saved["mark"]:
                return
            tally, drawn = unpacked(saved["tally"]), Stretches.unpacked(saved["map"])
            others = Counter({str(kind): int(n) for kind, n in saved["others"].items()})
            last = {kind: said for kind, said in saved["last"].items() if is_event(said)}
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            return
        with self._lock:
            self._tally, self._map, self._others, self._last = tally, drawn, others, last
            self._newest = newest

    def _save(self, worth: int) -> None:
        """Keep what is read, where that is at least so many entries more than was kept."""
        with self._lock:
            if self._file is None or self._newest is None or self._unsaved < worth:
                return
            self._unsaved = 0
            data = {
                "mark": mark_of(self._newest),
                "tally": packed(self._tally),
                "map": self._map.packed(),
                "others": dict(self._others),
                "last": dict(self._last),
            }
        save(self._file, data)

    def _add(self, chunk: list[Entry]) -> None:
        count(self._known(chunk), self._tally)
        self._map.add(chunk)
        self._newest, self._unsaved = chunk[-1], self._unsaved + len(chunk)

    def _known(self, chunk: list[Entry]) -> Iterator[Mapping[str, Any]]:
        for _, said in chunk:
            kind = said["k"]
            if kind not in _READABLE:
                self._others[kind] += 1
                continue
            if kind == "event" and said["kind"] in self._kinds:
                self._last[said["kind"]] = said
            yield said
