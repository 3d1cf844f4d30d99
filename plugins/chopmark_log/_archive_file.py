"""One file of an archive: leaves as they are, and what they say in columns, written by DuckDB."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from chopmark import LogError

from ._archive_table import described, differing, typed
from ._files import sync_folder
from ._store import Store
from .verify import HASH_BYTES, hash_leaf

try:
    import duckdb
except ImportError as error:
    raise LogError("an archive needs duckdb: pip install 'chopmark[archive]'") from error

_AT_ONCE = 1 << 14
"""Entries that are handed to DuckDB, or by it, at a time."""
_UNFIT = (b"\n", b"\0")  # no leaf has them: JSON writes them as escapes
Progress = Callable[[int], object]
Base = duckdb.DuckDBPyConnection


def reading() -> Base:
    """Return what the functions here take: a database in memory, to be closed after use."""
    return duckdb.connect()


def write_leaves(
    base: Base, store: Store, path: Path, first: int, end: int, progress: Progress
) -> tuple[int, str]:
    """Write the entries from `first` to before `end` of a log into the file `path`, whole or not.

    It is read again before it gets its name. Return its size and its SHA-256.

    Raises:
        LogError: an entry is missing or not the one that was taken, or DuckDB cannot write.
        OSError: the file cannot be written.
    """
    making = path.with_name(f"{path.name}.part")
    try:
        base.execute("CREATE OR REPLACE TABLE fresh (entry BIGINT, leaf VARCHAR)")
        for at in range(first, end, _AT_ONCE):
            behind = min(at + _AT_ONCE, end)
            base.register(
                "rows", {"entry": np.arange(at, behind), "leaf": _leaves(store, at, behind)}
            )
            base.execute("INSERT INTO fresh SELECT * FROM rows")
            progress(behind - at)
        base.execute(
            f"COPY ({typed('fresh')}) TO {_quoted(making)} (FORMAT parquet, COMPRESSION zstd)"
        )
        base.execute("DROP TABLE fresh")
    except duckdb.Error as error:
        raise LogError(f"{str(path)!r} cannot be written: {_told(error)}") from error
    read = b"".join(
        hash_leaf(leaf) for some in leaves_of(base, making, first, end) for leaf in some
    )
    if read != store.hashes(0, first, end):
        raise LogError(f"{str(path)!r}: what was written is not what is read again")
    file = os.open(making, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
    found = digest_of(making)
    making.replace(path)
    sync_folder(path.parent)
    return found


def digest_of(path: Path) -> tuple[int, str]:
    """Return the size of a file and its SHA-256.

    Raises:
        LogError: it cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise LogError(f"file {path.name!r}: {error.strerror}") from error
    return size, digest.hexdigest()


def leaves_of(base: Base, path: Path, first: int, end: int) -> Iterator[list[bytes]]:
    """Yield all leaves of a file, some at a time.

    Raises:
        LogError: it has not the entries from `first` to before `end`, or DuckDB cannot read it.
    """
    at = first
    for entries, leaves in _rows(base, path):
        if entries != list(range(at, at + len(entries))):
            raise LogError(f"file {path.name!r} has not the entries from {at} on")
        at += len(entries)
        yield leaves
    if at != end:
        raise LogError(f"file {path.name!r} ends with entry {at - 1}, not with {end - 1}")


def check_columns(base: Base, path: Path) -> None:
    """Raise unless the columns of a file say what its leaves do.

    Raises:
        LogError: they do not, or DuckDB cannot read it.
    """
    try:
        ((count,),) = base.execute(differing(_file(path))).fetchall()
        found, made = (base.execute(one).fetchall() for one in described(_file(path)))
    except duckdb.Error as error:
        raise LogError(f"file {path.name!r}: {_told(error)}") from error
    if count:
        raise LogError(f"file {path.name!r} has {count} rows whose columns are not their leaf's")
    others = [name for name, type in found if (name, type) not in made]
    if others:
        raise LogError(f"file {path.name!r} has columns that no leaf makes: {', '.join(others)}")


def entries_of(base: Base, path: Path, record: str) -> list[int]:
    """Return the entries of a file that are of the record with that id."""
    try:
        query = f"SELECT entry FROM {_file(path)} WHERE record = TRY_CAST(? AS UUID)"
        return [entry for (entry,) in base.execute(query, [record]).fetchall()]
    except duckdb.Error as error:
        raise LogError(f"file {path.name!r}: {_told(error)}") from error


def _rows(base: Base, path: Path) -> Iterator[tuple[list[int], list[bytes]]]:
    try:
        found = base.execute(f"SELECT entry, leaf FROM {_file(path)} ORDER BY entry")
        while rows := found.fetchmany(_AT_ONCE):
            yield [entry for entry, _ in rows], [bytes(leaf) for _, leaf in rows]
    except duckdb.Error as error:
        raise LogError(f"file {path.name!r}: {_told(error)}") from error


def _leaves(store: Store, first: int, end: int) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return the leaves as texts, each compared with what was taken."""
    leaves = [entry.leaf for entry in store.entries(first, end)]
    if len(leaves) != end - first:
        raise LogError(f"log {store.name!r} lacks entries from {first} on; see `log fsck`")
    hashes = store.hashes(0, first, end)
    for n, leaf in enumerate(leaves):
        if hash_leaf(leaf) != hashes[n * HASH_BYTES : (n + 1) * HASH_BYTES]:
            raise LogError(f"entry {first + n} is not the one that was taken; see `log fsck`")
        if any(one in leaf for one in _UNFIT):
            raise LogError(f"entry {first + n} is no leaf; see `log fsck`")
    try:
        return np.array([leaf.decode() for leaf in leaves], object)
    except UnicodeDecodeError as error:
        raise LogError(f"an entry from {first} on is no leaf: {error}") from error


def _file(path: Path) -> str:
    # Else a folder above it that is named `kind=log` would be taken for its column `kind`.
    return f"read_parquet({_quoted(path)}, hive_partitioning = false)"


def _quoted(path: Path) -> str:
    text = str(path.absolute())
    if any(one in text for one in "*?[{"):
        raise LogError(f"{text!r}: DuckDB takes a sign in it for a pattern; choose another folder")
    return "'" + text.replace("'", "''") + "'"


def _told(error: duckdb.Error) -> str:
    return str(error).strip().split("\n")[0]
