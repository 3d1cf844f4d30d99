"""Files of JSON Lines that are only ever appended to, and survive whatever ends the writer."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from ._errors import AssessError


def read_journal(path: Path) -> list[dict[str, Any]]:
    """Return the lines of the file at `path`, none where it is not there.

    A last line without its end was being written when the writer died, and is left out.

    Raises:
        AssessError: a line before the last is damaged; the message names it.
    """
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return []
    lines = []
    for number, line in enumerate(written.split(b"\n")[:-1], 1):
        try:
            data = json.loads(line)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise AssessError(
                f"{path}:{number}: damaged; take the file from a backup, or delete the line"
            )
        lines.append(data)
    return lines


class Journal:
    """An open file: what `append` was given is on the disk when it returns.

    Raises:
        AssessError: another process has it open, or a line is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise AssessError(f"{path} is in use by another process; wait until it ends") from None
        written = path.read_bytes()
        if not written.endswith(b"\n"):
            os.ftruncate(self._fd, written.rfind(b"\n") + 1)

    def append(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Append `lines`, and sync them together.

        Raises:
            AssessError: they could not be written; the disk may be full.
        """
        data = b"".join(
            json.dumps(line, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
            for line in lines
        )
        if not data:
            return
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]
            os.fsync(self._fd)
        except OSError as error:
            raise AssessError(
                f"{self._path} cannot be written ({error.strerror}); what is in it is kept, and "
                "the run goes on from there"
            ) from error

    def close(self) -> None:
        """Close the file, and let other processes have it."""
        os.close(self._fd)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()
