"""Keeps segments open from one look to the next, so that the system need not map them again.

To map a page that is in memory already takes longer than to search in it. What a file says is not
kept: what is written over there is so here, too, and a file that another took the place of is let
go when somebody next looks.
"""

from __future__ import annotations

from pathlib import Path

from ._segments import Segment

_File = tuple[int, int, int]


class Mapped:
    """The segments that were looked into. Shared by threads."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_File, Segment]] = {}

    def open(self, path: Path) -> Segment:
        """Return the segment in a file, which may be open.

        Raises:
            ValueError: it is no segment of this version, or not a whole one.
            OSError: it cannot be read.
        """
        stat = path.stat()
        file = stat.st_dev, stat.st_ino, stat.st_size
        known = self._known.get(path)
        if known is not None and known[0] == file:
            return known[1]
        opened = Segment.open(path)
        left = {one: found for one, found in self._known.items() if one.exists()}
        self._known = {**left, path: (file, opened)}
        return opened
