"""Reads a file of records, also one that is being written, or that a crash left torn."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from chopmark import LogError
from chopmark.reading import Outline, outline

from ._format import CALL, decode

_BLOCK = 65536


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file, at `position` bytes from its start.

    `record` is plain data; it is None where the line holds none, and `problem` then says why.
    """

    position: int
    record: Mapping[str, Any] | None
    problem: str = ""


def read(path: str | os.PathLike[str], start: int = 0) -> Iterator[Line]:
    """Return the lines of the file at `path`, oldest first, from the offset `start` on.

    A line that is torn, or is no record, comes as a `Line` with a `problem`: a reader that skips
    it has chosen to.

    Raises:
        LogError: the file cannot be read.
    """
    with opened(path) as file:
        file.seek(start)
        position = start
        for raw in file:
            if raw.strip():
                yield read_line(position, raw)
            position += len(raw)


def records(path: str | os.PathLike[str]) -> Iterator[Mapping[str, Any]]:
    """Return what the lines of the file at `path` hold, oldest first.

    Raises:
        LogError: the file cannot be read, or a line is torn or holds no record.
    """
    with opened(path) as file:
        for raw in file:
            if raw.strip():
                yield _record(path, file, raw)


def outlines(
    path: str | os.PathLike[str], since: int = 0, until: int | None = None
) -> Iterator[Outline | Mapping[str, Any]]:
    """Return the same from `since` to before `until` to be counted: of a call its outline alone.

    Raises:
        LogError: the file cannot be read, or a line is torn or holds no record.
    """
    brief = _outliner()
    with opened(path) as file:
        for raw in file:
            found = brief(raw)
            if found is not None:
                if found[0] >= since and (until is None or found[0] < until):
                    yield found
            elif raw.strip():
                record = _record(path, file, raw)
                if since <= record["time"] and (until is None or record["time"] < until):
                    yield outline(record) if record["k"] == CALL else record


def last_lines(path: str | os.PathLike[str], count: int) -> int:
    """Return the offset at which the last `count` lines begin; reads only those.

    Raises:
        LogError: the file cannot be read.
    """
    with opened(path) as file:
        at = size = file.seek(0, os.SEEK_END)
        wanted = count
        while at > 0:
            start = max(0, at - _BLOCK)
            file.seek(start)
            block = file.read(at - start)
            if at == size and block.endswith(b"\n"):
                wanted += 1  # the line end at the end of the file begins no line
            found = block.count(b"\n")
            if found >= wanted:
                for _ in range(wanted):
                    block = block[: block.rindex(b"\n")]
                return start + len(block) + 1
            wanted -= found
            at = start
        return 0


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file to read; raise `LogError` where that fails."""
    try:
        with open(path, "rb", buffering=_BLOCK) as file:
            yield file
    except OSError as error:
        raise LogError(
            f"cannot read {os.fspath(path)!r}: {error.strerror}; give the path of a file of records"
        ) from error


def read_line(position: int, raw: bytes) -> Line:
    """Return what `raw` holds, the bytes at `position`."""
    try:
        return Line(position, decode(raw))
    except LogError as error:
        whole = raw.endswith(b"\n")
        note = "" if whole else "; its end is missing, so it was cut short or is being written"
        return Line(position, None, f"{error}{note}")


def _record(path: str | os.PathLike[str], file: BinaryIO, raw: bytes) -> Mapping[str, Any]:
    """Return what `raw` holds, the line of `file` that was read last; say where it holds none."""
    try:
        return decode(raw)
    except LogError:
        position = file.tell() - len(raw)
        problem = read_line(position, raw).problem
        where = f"{os.fspath(path)!r}, byte {position}"
        raise LogError(f"{where}: {problem}") from None


def _outliner() -> Callable[[bytes], Outline | None]:
    """Return what makes the outlines of usual calls; without msgspec it makes none."""
    try:
        from ._outlines import line_outliner  # for who counts alone: records are written without it
    except ImportError:
        return lambda line: None
    return line_outliner()
