"""The contents of calls, sealed: a file beside the log, from which they can be taken out again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from chopmark import LogError

from ._content import Payload
from ._folder import LogFolder
from ._tables import tables_of

_NAME = "side"
_EVER = (1 << 63) - 1
_LAST = b"\xff" * 17  # behind every id
_AT_ONCE = 2048  # parts of records that one transaction looks for, and deletes
_UNDER = "FROM payloads WHERE key = ? AND until <= ? AND record < ?"
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE payloads (
    record BLOB, part INTEGER, parts INTEGER, key BLOB NOT NULL, until INTEGER NOT NULL,
    data BLOB NOT NULL, PRIMARY KEY (record, part)
);
CREATE INDEX of_key ON payloads (key, until);
CREATE TABLE gone (record BLOB PRIMARY KEY) WITHOUT ROWID;
"""


class Kept(NamedTuple):
    """The sealed content of a record, the name of its key, and until when the law wants it kept."""

    key: bytes
    until: int
    cipher: bytes


class Side:
    """`side.db` of a log. Shared by threads; it is written by who holds the log's lock."""

    def __init__(self, folder: LogFolder, *, writing: bool = False) -> None:
        self._tables = tables_of(folder, _NAME, writing=writing)
        self.scrub, self.close = self._tables.scrub, self._tables.close

    @classmethod
    def create(cls, folder: LogFolder) -> None:
        """Make the file, unless it is there."""
        tables_of(folder, _NAME).make(_TABLES, [("format", b"1")])

    @classmethod
    def is_kept(cls, folder: LogFolder) -> bool:
        """Return whether the log has contents."""
        return tables_of(folder, _NAME).exists()

    def check(self) -> None:
        """Raise unless these are the tables that `create` makes.

        Raises:
            LogError: they are others, or damaged.
        """
        try:
            form = self._tables.rows("SELECT value FROM meta WHERE name = 'format'")
            self._tables.rows("SELECT record, part, parts, key, until, data FROM payloads LIMIT 1")
            self._tables.rows("SELECT record FROM gone LIMIT 1")
        except LogError as error:
            raise LogError(f"what is in the place of the texts is not theirs: {error}") from error
        if [bytes(value) for (value,) in form] != [b"1"]:
            raise LogError("what is in the place of the texts is not theirs, or of another form")

    def put(self, payloads: Sequence[Payload]) -> None:
        """Keep payloads: none twice, and none of a record that is gone."""
        with self._tables.transaction():
            self._tables.many(
                "INSERT INTO payloads SELECT ?, ?, ?, ?, ?, ? "
                "WHERE NOT EXISTS (SELECT 1 FROM gone WHERE record = ?) "
                "ON CONFLICT (record, part) DO UPDATE SET parts = excluded.parts, "
                "key = excluded.key, until = excluded.until, data = excluded.data",
                [(p.record, p.part, p.parts, p.key, p.until, p.data, p.record) for p in payloads],
            )

    def get(self, record: bytes) -> Kept | None:
        """Return what is kept of a record.

        Raises:
            LogError: a part of it is missing.
        """
        rows = self._tables.rows(
            "SELECT key, until, parts, data FROM payloads WHERE record = ? ORDER BY part", (record,)
        )
        if not rows:
            return None
        key, until, parts, _ = rows[0]
        if len(rows) != parts:
            raise LogError(f"the content of a record has {len(rows)} of {parts} parts")
        return Kept(key, until, b"".join(bytes(data) for *_, data in rows))

    def is_gone(self, record: bytes) -> bool:
        """Return whether the content of a record was kept, and was erased."""
        return bool(self._tables.rows("SELECT 1 FROM gone WHERE record = ?", (record,)))

    def gone(self) -> Iterator[bytes]:
        """Return the records whose content was kept, and was erased."""
        for (record,) in self._tables.rows("SELECT record FROM gone"):
            yield record

    def records(self, key: bytes, older: bytes = _LAST) -> Iterator[bytes]:
        """Return the records under a key whose ids are below `older`."""
        query = "SELECT record FROM payloads WHERE key = ? AND record < ? AND part = 0"
        for (record,) in self._tables.rows(query, (key, older)):
            yield record

    def records_kept(self) -> int:
        """Return how many records have a content."""
        return int(self._tables.rows("SELECT count(*) FROM payloads WHERE part = 0")[0][0])

    def count(self, key: bytes, before: int = _EVER, older: bytes = _LAST) -> int:
        """Return of how many records `remove` would delete what is kept."""
        query = f"SELECT count(*) {_UNDER} AND part = 0"
        return int(self._tables.rows(query, (key, before, older))[0][0])

    def until(self, key: bytes) -> int:
        """Return the time, ms since 1970, until which the law wants the last of a key kept."""
        query = "SELECT max(until) FROM payloads WHERE key = ?"
        return int(self._tables.rows(query, (key,))[0][0] or 0)

    def oldest(self) -> bytes | None:
        """Return the least id of a record of which something is kept."""
        for (record,) in self._tables.rows("SELECT record FROM payloads ORDER BY record LIMIT 1"):
            return bytes(record)
        return None

    def keys(self, older: bytes = _LAST) -> list[bytes]:
        """Return the names of all keys under which records with ids below `older` are kept."""
        query = "SELECT DISTINCT key FROM payloads WHERE record < ?"
        return [key for (key,) in self._tables.rows(query, (older,))]

    def remove(
        self, key: bytes, before: int = _EVER, older: bytes = _LAST,
        progress: Callable[[int], object] = lambda n: None,
    ) -> int:  # fmt: skip
        """Delete what is under a key, and is to be kept until `before` at the most; say how many.

        Records with ids from `older` on stay. That a record is gone stays, too: its number alone,
        which leads to nobody. It is done in steps, each of them whole, and `progress` is told how
        many records more are gone.
        """
        find = f"SELECT record {_UNDER} LIMIT {_AT_ONCE}"  # once for each of its parts
        count, more = 0, True
        while more:
            rows = self._tables.rows(find, (key, before, older))
            found, more = list({bytes(one) for (one,) in rows}), len(rows) == _AT_ONCE
            gone, every = ", ".join(["(?)"] * len(found)), ", ".join("?" * len(found))
            if found:
                with self._tables.transaction():
                    into = f"INSERT INTO gone VALUES {gone} ON CONFLICT DO NOTHING"
                    self._tables.rows(into, found)
                    self._tables.rows(f"DELETE FROM payloads WHERE record IN ({every})", found)
            count += len(found)
            progress(len(found))
        return count

    def forget(self, records: Iterable[bytes]) -> None:
        """Note that contents are gone that were never kept here."""
        self._tables.many(
            "INSERT INTO gone VALUES (?) ON CONFLICT DO NOTHING", [(one,) for one in records]
        )
