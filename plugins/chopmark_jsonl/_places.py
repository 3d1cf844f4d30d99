"""Reads the files of a log from any place on: a place is a byte, counted through all of them."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from chopmark import LogError
from chopmark.hookspecs import Entry

from ._file import moved_away
from ._read import opened, read_line

_BLOCK = 65536


class _File(NamedTuple):
    path: str
    start: int
    size: int


class Places:
    """The files as they are now: those that were moved away first, and the one that grows last.

    Raises:
        LogError: they cannot be looked at.
    """

    def __init__(self, path: str) -> None:
        self._files: list[_File] = []
        self.end = 0
        for one in (*moved_away(path).values(), path):
            try:
                size = os.stat(one).st_size
            except FileNotFoundError:
                continue
            except OSError as error:
                raise LogError(f"{one!r} cannot be read: {error.strerror}") from error
            self._files.append(_File(one, self.end, size))
            self.end += size

    def forward(self, place: int) -> Iterator[Entry]:
        """Yield the entries whose lines begin at `place` or behind it."""
        for path, start, size in self._files:
            if place >= start + size:
                continue
            with opened(path) as file:
                at = _line_start(file, max(place - start, 0))
                file.seek(at)
                for raw in file:
                    if self._is_being_written(path, raw):
                        return
                    if raw.strip():
                        yield _entry(path, start, at, raw)
                    at += len(raw)

    def backward(self, place: int | None) -> Iterator[Entry]:
        """Yield the entries whose lines begin before `place`, by default all, the last first."""
        place = self.end if place is None else place
        for path, start, size in reversed(self._files):
            if place <= start:
                continue
            with opened(path) as file:
                for at, raw in _lines_before(file, _line_start(file, min(place - start, size))):
                    if raw.strip() and not self._is_being_written(path, raw):
                        yield _entry(path, start, at, raw)

    def get(self, id: str) -> Entry | None:
        """Return the first entry of that id."""
        needle = b'"id":"%s"' % id.encode("utf-8", "replace")
        for path, start, size in self._files:
            if not size:
                continue  # nothing cannot be mapped
            with (
                opened(path) as file,
                mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as all,
            ):
                found = all.find(needle)
                while found >= 0:
                    at = all.rfind(b"\n", 0, found) + 1
                    end = all.find(b"\n", found) + 1
                    entry = _entry(path, start, at, all[at:end]) if end else None
                    if entry is not None and entry.said.get("id") == id:
                        return entry
                    found = all.find(needle, found + 1)
        return None

    def _is_being_written(self, path: str, raw: bytes) -> bool:
        return not raw.endswith(b"\n") and path == self._files[-1].path


def _entry(path: str, start: int, at: int, raw: bytes) -> Entry:
    line = read_line(at, raw)
    if line.record is not None:
        return Entry(start + at, line.record)
    return Entry(start + at, {"k": "fault", "why": f"{path!r}, byte {at}: {line.problem}"})


def _line_start(file: BinaryIO, at: int) -> int:
    """Return where the first line begins that does so at `at` or behind it."""
    if at <= 0:
        return 0
    file.seek(at - 1)
    file.readline()
    return file.tell()


def _lines_before(file: BinaryIO, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines before `end`, where one ends, with the places of their first bytes."""
    block, start = b"", end
    while block or start:
        cut = block.rfind(b"\n", 0, -1)
        while cut < 0 and start:
            more = min(_BLOCK, start)
            start -= more
            file.seek(start)
            block = file.read(more) + block
            cut = block.rfind(b"\n", 0, -1)
        yield start + cut + 1, block[cut + 1 :]
        block = block[: cut + 1]
