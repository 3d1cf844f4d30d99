"""Runs that are shown again and again: each file is read once, and anew when it has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

from ._run import FILES, REVIEWS, Run, load, reviews_in

T = TypeVar("T")
_Stamp = tuple[tuple[int, int, int] | None, ...]
"""Of each file what tells one state of it from another; None where it is not there."""


class Shelf:
    """Keeps what was read of the last `most` runs. Shared by threads.

    A file counts as the same while inode, size and time of its last change are.
    """

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Path, dict[Hashable, tuple[_Stamp, object]]] = OrderedDict()
        self._shared: dict[Hashable, tuple[_Stamp, object]] = {}

    def load(self, folder: Path) -> Run:
        """Return the run in `folder` as `load` does; a review that came does not read all anew."""
        others = [folder / name for name in FILES if name != REVIEWS]
        run = self.read(folder, "run", others, lambda: load(folder))
        reviews = self.read(folder, REVIEWS, [folder / REVIEWS], lambda: reviews_in(folder))
        return replace(run, reviews=reviews)

    def read(
        self, folder: Path | None, what: Hashable, files: Sequence[Path], make: Callable[[], T]
    ) -> T:
        """Return what `make` makes of `files`, as it was kept where none of them changed since.

        Args:
            folder: of the run that it belongs to, with which it is forgotten; None for something
                small that runs share.
            what: tells it from other things of that run.
            files: that it is read from.
            make: reads them; what it raises is not kept.
        """
        stamp = tuple(map(_stamp, files))  # first: what changes meanwhile is read the next time
        with self._lock:
            kept = self._shared
            if folder is not None:
                kept = self._kept.setdefault(folder, {})
                self._kept.move_to_end(folder)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            found = kept.get(what)
        if found is not None and found[0] == stamp:
            return cast(T, found[1])
        made = make()
        with self._lock:
            kept[what] = (stamp, made)
        return made


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None  # whoever reads it says what is wrong
    return found.st_ino, found.st_size, found.st_mtime_ns
