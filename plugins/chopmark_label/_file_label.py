"""Puts an implicit label into a file, and reads those that are in one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ._block import Aigc
from ._files._errors import FileError
from ._files._format import FileFormat
from ._files._formats import format_of, suffixes
from ._read_block import Reading, read_block


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBlock:
    """A block that stands in a file: where, its text, and what it says."""

    where: str
    text: str
    reading: Reading


def read_labels(path: Path) -> tuple[str, Sequence[FoundBlock]]:
    """Return the name of the file's format, empty where it is of none, and the blocks in it.

    More than one block does not conform to GB 45438-2025, 6.1 c), even where they are the same.

    Raises:
        FileError: the file cannot be read as what it is.
    """
    form = format_of(path)
    if form is None:
        return "", ()
    return form.name, _read(form, path)


def label_file(source: Path, target: Path, block: Aigc, *, replace: bool = False) -> str:
    """Write `source` with `block` to `target`, which may be the same file; return where it stands.

    The new file is read back before it takes the place of `target`; until then nothing changes.

    Args:
        source: the file.
        target: where the labelled file goes.
        block: what is written.
        replace: whether a block that is there gives way.

    Raises:
        FileError: the file cannot carry a block, has one, or did not give it back.
    """
    form = format_of(source)
    if form is None:
        raise FileError(
            source, f"is of no format that can carry an implicit label: {', '.join(suffixes())}"
        )
    if not replace and (there := _read(form, source)):
        raise FileError(
            source,
            f"has a block already (in {there[0].where}); look at it with `chopmark inspect`, and "
            "replace it only if it is yours (Labelling Measures, Art. 10)",
        )
    if target.exists() and not os.access(target, os.W_OK):
        raise FileError(target, "may not be written; give another --out")
    handle, name = tempfile.mkstemp(
        prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent
    )
    os.close(handle)
    made = Path(name)
    try:
        where = form.write(source, made, block.to_bare())
        _check(form, made, block)
        made.chmod((target if target.exists() else source).stat().st_mode & 0o7777)
        with made.open("rb") as file:
            os.fsync(file.fileno())
        made.replace(target)
    finally:
        with suppress(FileNotFoundError):
            made.unlink()
    return where


def _check(form: FileFormat, made: Path, block: Aigc) -> None:
    found = _read(form, made)
    if len(found) != 1 or found[0].reading.fields != block.fields():
        raise FileError(
            made, f"does not give back the block that was written ({len(found)} found); not kept"
        )


def _read(form: FileFormat, path: Path) -> list[FoundBlock]:
    return [
        FoundBlock(where=place.where, text=place.text, reading=read_block(place.text))
        for place in form.read(path)
    ]
