"""How entries stand in the tables of a log: in bundles of 256, the last ones in rows alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chopmark import LogError

from ._bundles import pack, unpack
from ._sql_tables import Tables
from ._store import Run
from ._tree import WIDTH


def bundles(tables: Tables, name: str, first: int, behind: int) -> Iterator[Run]:
    """Return bundles, and what is to become one, in order; a missing entry ends a run."""
    rows = tables.rows(  # in one statement: between two, rows may become a bundle
        "SELECT 1, number, leaves FROM bundles WHERE number >= ? AND number < ? UNION ALL "
        "SELECT 0, at, leaf FROM entries WHERE at >= ? AND at < ?",
        (first, behind, first * WIDTH, behind * WIDTH),
    )
    pressed = {number: data for whole, number, data in rows if whole}
    single = {at: leaf for whole, at, leaf in rows if not whole}
    for number in range(first, behind):
        start, data = number * WIDTH, pressed.get(number)
        if data is not None:
            try:
                yield Run(start, unpack(_bytes(data)))
            except LogError as error:
                raise LogError(f"log {name!r}, from entry {start} on: {error}") from error
        elif single:
            yield from _runs(single, start)


def append(tables: Tables, name: str, size: int, leaves: Sequence[bytes]) -> None:
    """Put `leaves` behind the `size` entries that there are.

    Raises:
        LogError: those before them in their bundle are not there.
    """
    first = size // WIDTH
    full = (size + len(leaves)) // WIDTH
    if full > first:
        older = bundles(tables, name, first, first + 1) if size % WIDTH else ()
        whole = [leaf for run in older for leaf in run.leaves]
        if len(whole) != size % WIDTH:
            raise LogError(f"log {name!r} lacks entries before {size}; run `log fsck`")
        whole += leaves
        tables.many(
            "INSERT INTO bundles VALUES (?, ?)",
            [(first + n, pack(whole[n * WIDTH : (n + 1) * WIDTH])) for n in range(full - first)],
        )
        tables.rows("DELETE FROM entries")
        size, leaves = full * WIDTH, whole[(full - first) * WIDTH :]
    tables.many("INSERT INTO entries VALUES (?, ?)", list(enumerate(leaves, size)))


def _runs(single: Mapping[int, bytes | str], start: int) -> Iterator[Run]:
    """Return the runs of a bundle from `start` on whose entries stand by themselves."""
    leaves: list[bytes] = []
    for at in range(start, start + WIDTH):
        leaf = single.get(at)
        if leaf is not None:
            leaves.append(_bytes(leaf))
        if leaves and (leaf is None or at + 1 == start + WIDTH):
            yield Run(at - len(leaves) + (leaf is not None), leaves)
            leaves = []


def _bytes(value: bytes | str) -> bytes:
    # Whoever changes a leaf by hand may leave a text there, and the hash tells of it.
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)
