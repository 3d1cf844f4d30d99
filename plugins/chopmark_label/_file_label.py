"""Puts an implicit label into a file, and reads those that are in one."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ._block import Aigc
from ._files._errors import FileError
from ._files._format import MOST_BLOCKS, FileFormat
from ._files._formats import DOCUMENT, format_of, suffixes
from ._files._whole import unreadable, unwritable
from ._read_block import Reading, read_block

_WRITES = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


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
    if form.name == DOCUMENT:
        from ._files._pdf_objects import check_objects  # who guards calls need not load it

        check_objects(path)
    return form.name, _read(form, path)


def label_file(
    source: Path,
    target: Path,
    block: Aigc,
    *,
    replace: bool = False,
    then: Callable[[Path], None] | None = None,
) -> str:
    """Write `source` with `block` to `target`, which may be the same file; return where it stands.

    The new file is read back before it takes the place of `target`; until then nothing changes.
    Where `target` is a link, it stays one. Other names of a file that has several keep the old one.

    Args:
        source: the file.
        target: where the labelled file goes.
        block: what is written.
        replace: whether a block that is there gives way.
        then: changes the new file further, for example by a visible label, before it is read back.

    Raises:
        FileError: the file cannot carry a block, has one, did not give it back, or was changed
            meanwhile; or `target` cannot be written, or by its name would not be read.
    """
    form = format_of(source)
    if form is None:
        raise FileError(source, of_none(source))
    if (there := _read(form, source)) and not replace:
        raise FileError(
            source,
            f"has {_counted(there)} already (in {', '.join(found.where for found in there)}); look "
            "at it with `chopmark inspect`, and replace it only if it is yours (Labelling "
            "Measures, Art. 10)",
        )
    with replacing(source, target) as made:
        where = form.write(source, made, block.to_bare())
        if then is not None:
            then(made)
        _check(form, made, target, block)
    return where


@contextmanager
def replacing(source: Path, target: Path) -> Iterator[Path]:
    """Give the path of a new file, which takes the place of `target` when the body ends well.

    Raises:
        FileError: `target` cannot be written, or `source` was changed meanwhile.
    """
    before = _state(source)
    target, made = _beside(target)
    try:
        yield made
        if _state(source) != before:
            raise FileError(source, "was changed while it was labelled; label it again")
        _put(made, target, source)
    except FileError as error:
        if error.path != made:
            raise
        raise FileError(target, error.what) from error
    finally:
        with suppress(FileNotFoundError):
            made.unlink()


def of_none(path: Path) -> str:
    """Return why a file whose format is not known can carry no block."""
    suffix = path.suffix.lower()
    if suffix in suffixes():
        return f"does not begin as a file ending in {suffix} does; check what it is"
    return f"is of no format that can carry an implicit label: {', '.join(suffixes())}"


def _counted(found: Sequence[FoundBlock]) -> str:
    return "a block" if len(found) == 1 else f"{len(found)} blocks"


def _state(path: Path) -> tuple[int, int, int]:
    try:
        state = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    return state.st_ino, state.st_size, state.st_mtime_ns


def _beside(target: Path) -> tuple[Path, Path]:
    """Return the file that will be replaced, behind links, and a new one in its folder."""
    try:
        target = Path(os.path.realpath(target))
        if target.exists() and not target.is_file():
            raise FileError(target, "is no file that can be replaced; give another --out")
        effective = os.access in os.supports_effective_ids
        if target.exists() and not os.access(target, os.W_OK, effective_ids=effective):
            raise FileError(target, "may not be written; give another --out")
        if target.exists() and not target.stat().st_mode & _WRITES:  # which stops all but root
            raise FileError(target, "is read-only; make it writable, or give another --out")
        handle, name = tempfile.mkstemp(
            prefix=".chopmark-", suffix=target.suffix, dir=target.parent
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise unwritable(target, error) from error
    os.close(handle)
    return target, Path(name)


def _put(made: Path, target: Path, source: Path) -> None:
    """Move a file to its place, with the rights and the owner that were there, and on the disk."""
    try:
        was = (target if target.exists() else source).stat()
        with made.open("rb") as file:
            os.fsync(file.fileno())
        if target.exists() and hasattr(os, "chown"):
            with suppress(PermissionError):  # only root may give a file away
                os.chown(made, was.st_uid, was.st_gid)
        made.chmod(was.st_mode & 0o7777)
        made.replace(target)
    except OSError as error:
        raise unwritable(target, error) from error


def _check(form: FileFormat, made: Path, target: Path, block: Aigc) -> None:
    there = format_of(made)
    name, found = ("", []) if there is None else (there.name, _read(there, made))
    if name != form.name:
        raise FileError(
            target,
            f"would be read as {name or 'no file with a label'}, not as {form.name}, by its name; "
            f"give an --out that ends in {' or '.join(form.suffixes)}",
        )
    if len(found) != 1 or found[0].reading.fields != block.fields():
        raise FileError(
            target,
            f"does not give back the block that was written ({len(found)} found); not written",
        )


def _read(form: FileFormat, path: Path) -> list[FoundBlock]:
    places = form.read(path)
    if len(places) > MOST_BLOCKS:
        raise FileError(
            path,
            f"has {len(places):,} blocks or more, and {MOST_BLOCKS} are read at most; take out all "
            "but the one that may stand in it (GB 45438-2025, 6.1 c)",
        )
    return [
        FoundBlock(where=place.where, text=place.text, reading=read_block(place.text))
        for place in places
    ]
