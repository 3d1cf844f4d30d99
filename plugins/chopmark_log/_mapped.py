"""Keeps segments open from one look to the next, so that the system need not map them again.

To map a page that is in memory already takes longer than to search in it. What a file says is not
kept: what is written over there is so here, too. A file that another took the place of has what was
erased since then, and the disk keeps it for as long as it is open: it is let go within seconds.
"""

from __future__ import annotations

import threading
import time
import weakref
from pathlib import Path

from ._segments import Segment

_File = tuple[int, int, int]
_CHECKED = 5.0  # seconds between two checks whether the files are still there
_KEPT = 300.0  # seconds after the last look in which they are open


class Mapped:
    """The segments that were looked into. Shared by threads; one more lets go of them."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_File, Segment]] = {}
        self._looked = 0.0
        self._watch: threading.Thread | None = None

    def open(self, path: Path) -> Segment:
        """Return the segment in a file, which may be open.

        Raises:
            ValueError: it is no segment of this version, or not a whole one.
            OSError: it cannot be read.
        """
        self._looked = time.monotonic()
        file = _file(path)
        known = self._known.get(path)
        if known is None or known[0] != file:
            known = file, Segment.open(path)
            self._known = {**self._left(), path: known}
        watch = self._watch
        if watch is None or not watch.is_alive():  # a fork leaves the child none
            self._watch = watch = threading.Thread(
                target=_watch, args=(weakref.ref(self),), name="chopmark-segments", daemon=True
            )
            watch.start()
        return known[1]

    def let_go(self) -> bool:
        """Let go of what was replaced, or is not used any more; return whether any is left."""
        used = time.monotonic() - self._looked < _KEPT
        self._known = self._left() if used else {}
        if self._known:
            return True
        self._watch, mine = None, self._watch
        if self._known and self._watch is None:  # opened in between, by who saw this thread
            self._watch = mine
        return self._watch is mine and mine is not None

    def _left(self) -> dict[Path, tuple[_File, Segment]]:
        return {path: one for path, one in self._known.items() if _is_there(path, one[0])}


def _watch(mapped: weakref.ref[Mapped]) -> None:
    left = True
    while left:
        time.sleep(_CHECKED)
        one = mapped()
        left = one is not None and one.let_go()
        del one  # it ends where nobody else has it


def _file(path: Path) -> _File:
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_size


def _is_there(path: Path, file: _File) -> bool:
    try:
        return _file(path) == file
    except OSError:
        return False
