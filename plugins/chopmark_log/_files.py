"""Files of which a crash leaves the old one or the new one, and what the disk holds of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, data: str | bytes) -> None:
    """Write the file `path`, so that a crash leaves the old one or the new one.

    Raises:
        OSError: it cannot be written; the old one is there then.
    """
    write_all([(path, data)])


def write_all(files: Iterable[tuple[Path, str | bytes]]) -> int:
    """Write each of `files` so; folders that are missing are made. Return how many there are.

    The disk is waited for when all are written, and not at each, and for these files alone.

    Raises:
        OSError: one cannot be written; whatever is there then is whole.
    """
    written: list[tuple[Path, Path]] = []
    changed: dict[Path, None] = {}
    for path, data in files:
        changed.update(dict.fromkeys(_make(path.parent)))
        making = path.with_name(f".{path.name}.part")
        _write(making, data.encode() if isinstance(data, str) else data)
        written.append((making, path))
    for making, _ in written:
        _sync(making)
    for making, path in written:
        making.replace(path)
        changed[path.parent] = None
    for folder in changed:
        sync_folder(folder)
    return len(written)


def sync_folder(folder: Path) -> None:
    """Return when the disk holds the names in `folder`."""
    _sync(folder)


def overwrite(path: Path) -> None:
    """Write zeros over a file where it stands: what was in it is not there any more.

    What a disk keeps for itself, such as blocks that an SSD put aside, is not in reach.

    Raises:
        OSError: it cannot be written.
    """
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.pwrite(file, bytes(os.fstat(file).st_size), 0)
        os.fsync(file)
    finally:
        os.close(file)


def _make(folder: Path) -> list[Path]:
    """Make a folder and those above it; return those in which one was made."""
    missing = [folder] if not folder.exists() else []
    while missing and not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    folder.mkdir(parents=True, exist_ok=True)
    return [one.parent for one in missing]


def _write(path: Path, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        while data:
            data = data[os.write(file, data) :]
    finally:
        os.close(file)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
