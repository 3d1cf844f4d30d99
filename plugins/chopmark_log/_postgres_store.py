"""A log in Postgres, which processes on several machines write.

What they recorded waits in the spool, a table without an order. Each process tries to take it into
the log, and the one that gets hold of the log does; the others pass it over. What is taken
leaves the spool in the same transaction, so a process that dies within it has taken nothing. A head
is kept only in the place of the one that its signer saw, so no two are ever signed for one size.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from chopmark import LogError

from ._folder import PATIENCE
from ._integrate import BATCH
from ._postgres import LONG, Address, PostgresFile
from ._spool import SUFFIX
from ._sql_store import SqlStore
from ._store import Leaf, id_of

_BYTES = (
    "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = 'chopmark_log'::regnamespace"
)
_ALONE = "SELECT pg_try_advisory_lock(hashtext('chopmark_log'), 1)"
_NO_LONGER = "SELECT pg_advisory_unlock(hashtext('chopmark_log'), 1)"
_SETTINGS = (
    "SELECT name, setting FROM pg_settings WHERE name IN "
    "('fsync', 'full_page_writes', 'data_checksums') ORDER BY name"
)
_READ_ONLY = "SELECT current_setting('transaction_read_only') = 'on', pg_is_in_recovery()"
_LATE = "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)::float FROM spool"
_WAITS = "SELECT count(*) FROM spool"
_NEXT = "SELECT leaf FROM spool ORDER BY id LIMIT 1"
_TAKE = (
    "DELETE FROM spool WHERE id = ANY(ARRAY("
    "SELECT id FROM spool ORDER BY id LIMIT ? FOR UPDATE SKIP LOCKED)) "
    "RETURNING id, writer, number, leaf"
)
_INDEX = "INSERT INTO ids SELECT * FROM unnest(?::bigint[], ?::bigint[])"
# A file stays known for as long as it is there, or what of it was read would be read anew.
_FORGET = (
    "DELETE FROM spools WHERE at < now() - interval '1 day' "
    f"AND right(name, {len(SUFFIX)}) <> '{SUFFIX}'"
)


class PostgresStore(SqlStore):
    """The log in the database at `address`; what belongs to one machine of it is in `folder`.

    A server that says nothing for `patience` seconds is away.

    Raises:
        LogError: it has no log of chopmark, or cannot be reached.
    """

    def __init__(self, address: str, folder: Path, patience: float = PATIENCE) -> None:
        self._file = PostgresFile(Address.of(address, patience), "chopmark_log")
        self._file.rows("SELECT 1")  # that it cannot be reached does not make it no log
        super().__init__(address, folder, self._file)

    @property
    def room(self) -> int:
        """How much room the tables take, with their indices."""
        return int(self.tables.rows(_BYTES)[0][0])

    @property
    def waiting(self) -> int:
        """How many records wait in the spool."""
        return int(self.tables.rows(_WAITS)[0][0])

    def next(self) -> bytes | None:
        """Return the leaf that has waited longest in the spool, None where none does."""
        rows = self.tables.rows(_NEXT)
        return bytes(rows[0][0]) if rows else None

    @property
    def late(self) -> float:
        """For how many seconds the oldest of them has."""
        return float(self.tables.rows(_LATE)[0][0])

    @property
    def settings(self) -> dict[str, str]:
        """On what the server's word depends that it has something: its version, and settings."""
        ((version,),) = self.tables.rows("SHOW server_version")
        return {"version": version, **dict(self.tables.rows(_SETTINGS))}

    @property
    def read_only(self) -> str:
        """Why the server takes no records, if it takes none, else ""."""
        ((read_only, standby),) = self.tables.rows(_READ_ONLY)
        if not read_only:
            return ""
        return "a standby" if standby else "by default_transaction_read_only"

    def collect(self) -> int:
        """Take what waits in the spool into the log, unless another process does; say how much.

        Raises:
            LogError: the database cannot be reached, or did not take it.
        """
        taken = 0
        while True:
            found, more = self._collect()
            taken += found
            if not more:
                return taken

    def prune(self, minimum: int) -> None:
        """Take the entries before `minimum` away, a multiple of 256; their hashes stay."""
        with self._file.patient(LONG):
            super().prune(minimum)

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Hold what only one may at a time, also of those on other machines; yield whether.

        It is let go with the connection, so of a process that died, too.
        """
        if not self.tables.rows(_ALONE)[0][0]:
            yield False
            return
        try:
            yield True
        finally:
            with contextlib.suppress(LogError):
                self.tables.rows(_NO_LONGER)

    def damages(self) -> list[str]:
        """Return nothing: Postgres checks the sum of each page when it is read."""
        return []

    def _index(self, ids: Sequence[tuple[int, int]]) -> None:
        # In one statement, which takes a fraction of the time of as many.
        starts, places = [list(column) for column in zip(*ids, strict=True)] or [[], []]
        self.tables.rows(_INDEX, (starts, places))

    def _collect(self) -> tuple[int, bool]:
        """Take a batch; return how many entries it became, and whether there may be more."""
        with self._file.attempt() as mine:
            if not mine:
                return 0, False
            rows = sorted(self.tables.rows(_TAKE, (BATCH,)))
            if not rows:
                return 0, False
            leaves, read = _once([row[1:] for row in rows], dict(self.read()), self.holds)
            if leaves:
                self.take(leaves, read)
                self.tables.many(
                    "UPDATE spools SET at = now() WHERE name = ?", [(n,) for n in read]
                )
            self.tables.rows(_FORGET)
        return len(leaves), len(rows) == BATCH


def _once(
    rows: Iterable[tuple[str, int, bytes]],
    read: dict[str, int],
    holds: Callable[[bytes, bytes], bool],
) -> tuple[list[Leaf], dict[str, int]]:
    """Return the leaves that were not taken before, and how many of each writer are taken then.

    A process that does not know whether a statement was done sends it again: a number that is there
    twice is one record. A server that was stopped may do the first one days later, when the writer
    is not among `read` any more: then `holds` says whether the log has a leaf of that id.
    """
    leaves: list[Leaf] = []
    now: dict[str, int] = {}
    for writer, number, leaf in rows:
        if number < read.get(writer, 0):
            continue
        try:
            id = id_of(leaf)
        except LogError as error:
            raise LogError(f"the spool has of {writer} what is {error}") from error
        if writer in read or id is None or not holds(id, leaf):
            leaves.append((id, leaf))
            read[writer] = now[writer] = number + 1
    return leaves, now
