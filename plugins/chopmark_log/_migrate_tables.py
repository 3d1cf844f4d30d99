"""Copies a log, and what it has beside it, row by row, from files of SQLite into Postgres."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from chopmark import LogError

from ._sql_tables import Tables


class Table(NamedTuple):
    """A table: its columns, the first `key` of which name a row.

    `ordered` is whether both databases put rows in the same order: they do not put texts so. Rows
    that are `small` are handed over many at a time.
    """

    name: str
    columns: tuple[str, ...]
    key: int = 1
    ordered: bool = True
    small: bool = False


LOG = (
    Table("bundles", ("number", "leaves")),
    Table("entries", ("at", "leaf")),
    Table("ids", ("start", "at"), 2, small=True),
    Table("tiles", ("level", "number", "hashes"), 2),
    Table("checkpoints", ("size", "time", "note"), small=True),
)
"""The log itself, but for what it says of itself and how far it read spools."""
TABLES: dict[str, tuple[Table, ...]] = {
    "keys": (
        Table("meta", ("name", "value"), ordered=False),
        Table("keys", ("id", "tag", "wrapped", "basis", "until", "told")),
        Table("erased", ("key",)),
        Table("outbox", ("id", "leaf")),
        Table("holds", ("id", "since", "reason"), ordered=False),
        Table("held", ("hold", "what"), 2, ordered=False),
    ),
    "side": (
        Table("meta", ("name", "value"), ordered=False),
        Table("payloads", ("record", "part", "parts", "key", "until", "data"), 2),
        Table("gone", ("record",)),
    ),
}
"""What is beside a log, by the names of `tables_of`."""
_AT_ONCE = 64  # rows; of a payload each may have a MiB
_SMALL = 2048
Progress = Callable[[int], object]


def copy(table: Table, source: Tables, target: Tables, progress: Progress) -> None:
    """Copy the rows that `target` has not. What is copied does not change meanwhile.

    Raises:
        LogError: a row cannot be read or kept.
    """
    last = _last(table, target) if table.ordered else None
    places = ", ".join("?" for _ in table.columns)
    names = ", ".join(table.columns[: table.key])
    values = ", ".join(f"{one} = excluded.{one}" for one in table.columns[table.key :])
    done = f"DO UPDATE SET {values}" if values else "DO NOTHING"
    query = (
        f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places}) "
        f"ON CONFLICT ({names}) {done}"
    )
    for rows in _pages(table, source, last):
        with target.transaction():
            target.many(query, rows)
        progress(len(rows))


def compare(table: Table, source: Tables, target: Tables) -> None:
    """Raise unless both have the same rows.

    Raises:
        LogError: they have not.
    """
    here, there = (_sum(table, one) for one in (source, target))
    if here != there:
        raise LogError(
            f"table {table.name} has {here[0]} rows here and {there[0]} there, or others; nothing "
            "is moved"
        )


def count(table: Table, source: Tables) -> int:
    """Return how many rows there are."""
    return int(source.rows(f"SELECT count(*) FROM {table.name}")[0][0])


def _last(table: Table, target: Tables) -> Sequence[object] | None:
    names = table.columns[: table.key]
    order = ", ".join(f"{name} DESC" for name in names)
    rows = target.rows(f"SELECT {', '.join(names)} FROM {table.name} ORDER BY {order} LIMIT 1")
    return _plain(rows[0]) if rows else None


def _pages(
    table: Table, source: Tables, last: Sequence[object] | None = None
) -> Iterator[list[tuple[object, ...]]]:
    names = ", ".join(table.columns[: table.key])
    places = ", ".join("?" for _ in range(table.key))
    select = f"SELECT {', '.join(table.columns)} FROM {table.name}"
    order = f"ORDER BY {names} LIMIT {_SMALL if table.small else _AT_ONCE}"
    while True:
        where = "" if last is None else f"WHERE ({names}) > ({places})"
        rows = [_plain(row) for row in source.rows(f"{select} {where} {order}", last or ())]
        if not rows:
            return
        yield rows
        last = rows[-1][: table.key]


def _sum(table: Table, source: Tables) -> tuple[int, int]:
    """Return how many rows there are, and a digest of them, whatever their order."""
    found, digest = 0, 0
    for rows in _pages(table, source):
        found += len(rows)
        digest += sum(
            int.from_bytes(hashlib.sha256(repr(row).encode()).digest(), "big") for row in rows
        )
    return found, digest % (1 << 256)


def _plain(row: Sequence[Any]) -> tuple[object, ...]:
    return tuple(bytes(one) if isinstance(one, memoryview) else one for one in row)
