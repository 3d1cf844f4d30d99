"""The log in tables: what SQLite and Postgres have in common, in the SQL that both know.

Entries stand in bundles of 256, the last ones in rows until their bundle is full. What is taken
from the spools, and how far they were read, is one transaction, so that no entry is lost and none
is there twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from chopmark import LogError

from ._sql_entries import append, bundles
from ._sql_tables import Tables
from ._store import NOWHERE, Head, Leaf, OvertakenError, Run, Store, start_of
from ._tree import WIDTH, grow
from .verify import (
    ED25519,
    HASH_BYTES,
    ML_DSA_44_COSIGNATURE,
    Checkpoint,
    VerifierKey,
    hash_leaves,
)

_NOTE = (
    "INSERT INTO spools (name, read) VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET read = excluded.read"
)
KEY_NAMES = {ED25519: "key", ML_DSA_44_COSIGNATURE: "key_ml_dsa"}
"""Under which names a store says the public keys of its log to other machines, by their types."""

FORMAT = 1
ARRIVING = 0
"""The format of a log that is being moved to its place: nobody else takes it for one."""
_AT_ONCE = 32  # bundles: a megabyte, or so, of what is pressed


class SqlStore(Store):
    """A log in `tables`.

    Raises:
        LogError: they are no log of chopmark, or cannot be reached.
    """

    format = FORMAT

    def __init__(self, name: str, folder: Path, tables: Tables) -> None:
        self.name, self.folder, self.tables = name, folder, tables
        try:
            self.origin = self._meta("origin")
            found = int(self._meta("format"))
        except (LogError, ValueError) as error:
            self.close()
            raise LogError(f"{self.name!r} is no log of chopmark: {error}") from error
        if found == self.format:
            return
        self.close()
        if found == ARRIVING:
            raise LogError(f"{self.name!r} has a log that is being moved there; end `log migrate`")
        raise LogError(f"{self.name!r} has format {found}, and {self.format} is known here")

    def close(self) -> None:
        """Close the tables, and what is beside them; they are opened again where needed."""
        self.tables.close()
        for one in self.beside or ():
            one.close()

    @property
    def size(self) -> int:
        """How many entries the log has."""
        return int(self._meta("size"))

    @property
    def minimum(self) -> int:
        """The first entry that was not pruned."""
        rows = self.tables.rows("SELECT value FROM meta WHERE name = 'minimum'")
        return int(rows[0][0]) if rows else 0

    def runs(self, start: int, end: int) -> Iterator[Run]:
        """Return the entries from `start` to `end` in runs, in order; a missing one ends a run."""
        start, behind = max(start, 0), -(-end // WIDTH)
        for first in range(start // WIDTH, behind, _AT_ONCE):
            upto = min(first + _AT_ONCE, behind)
            for at, leaves in bundles(self.tables, self.name, first, upto):
                if start <= at and at + len(leaves) <= end:
                    yield Run(at, leaves)
                elif found := leaves[max(start - at, 0) : max(end - at, 0)]:
                    yield Run(max(start, at), found)

    def places(self, start: int) -> Sequence[int]:
        """Return the indices of all entries whose ids begin as `start_of` says."""
        rows = self.tables.rows("SELECT at FROM ids WHERE start = ? ORDER BY at", (start,))
        return [at for (at,) in rows]

    def ids(self) -> Iterator[tuple[int, int]]:
        """Return `start_of` each id, and the index of its entry."""
        last: tuple[int, int] = (-(1 << 63), -1)
        while rows := self.tables.rows(
            "SELECT start, at FROM ids WHERE (start, at) > (?, ?) ORDER BY start, at LIMIT 4096",
            last,
        ):
            yield from rows
            last = rows[-1]

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile, at most 256, side by side; nothing where there is none."""
        query = "SELECT hashes FROM tiles WHERE level = ? AND number = ?"
        for (hashes,) in self.tables.rows(query, (level, number)):
            return bytes(hashes)
        return b""

    def hashes(self, level: int, start: int, end: int) -> bytes:
        """Return the hashes from `start` to `end` of a tile level, side by side."""
        first, last = start // WIDTH, (end - 1) // WIDTH
        rows = self.tables.rows(
            "SELECT hashes FROM tiles WHERE level = ? AND number BETWEEN ? AND ? ORDER BY number",
            (level, first, last),
        )
        shift = start - first * WIDTH
        whole = b"".join(bytes(row[0]) for row in rows)
        found = whole[shift * HASH_BYTES : (shift + end - start) * HASH_BYTES]
        if len(found) != (end - start) * HASH_BYTES:
            raise LogError(f"log {self.name!r} lacks a tile of level {level}; run `log fsck`")
        return found

    def checkpoint(self, size: int | None = None) -> Head | None:
        """Return the checkpoint of `size` entries, by default the last one, if there is one."""
        query = "SELECT size, time, note FROM checkpoints"
        if size is None:
            found = self.tables.rows(f"{query} ORDER BY size DESC LIMIT 1")
        else:
            found = self.tables.rows(f"{query} WHERE size = ?", (size,))
        return Head(*found[0]) if found else None

    def checkpoints(self) -> list[Head]:
        """Return every checkpoint, the oldest first."""
        rows = self.tables.rows("SELECT size, time, note FROM checkpoints ORDER BY size")
        return [Head(*row) for row in rows]

    def read(self) -> Mapping[str, int]:
        """Return how many bytes of each spool were taken, by its name."""
        rows = self.tables.rows("SELECT name, read FROM spools")
        return {name: read if read >= 0 else -1 - read for name, read in rows}

    def over(self) -> set[str]:
        """Return the names of the spools that were noted as over."""
        return {name for (name,) in self.tables.rows("SELECT name FROM spools WHERE read < 0")}

    def note_spool(self, name: str, read: int, *, over: bool = False) -> None:
        """Note how far a spool was read; `over`, that all of it was, and it is taken away now."""
        with self.tables.transaction():
            self.tables.many(_NOTE, [(name, -1 - read if over else read)])

    def take(
        self, leaves: Sequence[Leaf], read: Mapping[str, int], behind: Mapping[str, int] = NOWHERE
    ) -> int:
        """Do as `Store.take` says, in one change of the database: all of it or nothing."""
        hashes = hash_leaves(leaf for _, leaf in leaves)
        with self.tables.transaction():
            if behind:
                self._check_behind(behind)
            size = self.size
            append(self.tables, self.name, size, [leaf for _, leaf in leaves])
            self._index([(start_of(id), size + n) for n, (id, _) in enumerate(leaves) if id])
            for level, (start, data) in grow(size, hashes, self.hashes).items():
                self._extend(level, start, data)
            self.tables.many(_NOTE, list(read.items()))
            size += len(leaves)
            self.tables.rows("UPDATE meta SET value = ? WHERE name = 'size'", (str(size),))
        return size

    def prune(self, minimum: int) -> None:
        """Take the entries before `minimum` away, a multiple of 256; their hashes stay."""
        with self.tables.transaction():
            self.tables.rows("DELETE FROM bundles WHERE number < ?", (minimum // WIDTH,))
            self.tables.rows("DELETE FROM ids WHERE at < ?", (minimum,))
            self.tables.rows(
                "INSERT INTO meta VALUES ('minimum', ?) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (str(minimum),),
            )

    def forget_spool(self, name: str) -> None:
        """Forget a spool that is read whole and taken away."""
        self.tables.rows("DELETE FROM spools WHERE name = ?", (name,))

    def say_key(self, key: VerifierKey) -> None:
        """Have the store say that the log's key of its type is `key`, where it says that at all."""
        name = KEY_NAMES[key.kind]
        self.tables.rows("UPDATE meta SET value = ? WHERE name = ?", (str(key), name))

    def publish(self, head: Checkpoint, time: int, note: str, after: int) -> None:
        """Keep a signed checkpoint, in the place of that of `after` entries as the last one.

        Raises:
            OvertakenError: the last one is another now, so that the two might differ.
        """
        with self.tables.transaction():
            last = self.checkpoint()
            if (last.size if last else 0) != after:
                raise OvertakenError(
                    f"log {self.name!r}: a checkpoint of {last.size if last else 0} entries is "
                    f"signed already; one of {head.size} could contradict it"
                )
            self.tables.rows("INSERT INTO checkpoints VALUES (?, ?, ?)", (head.size, time, note))

    def _check_behind(self, behind: Mapping[str, int]) -> None:
        # A server may do a COMMIT long after who sent it gave it up, and reads all of it again.
        now = self.read()
        for name, start in behind.items():
            if now.get(name, 0) != start:
                raise OvertakenError(
                    f"log {self.name!r} has {name!r} up to byte {now.get(name, 0)} by now, and not "
                    f"to {start}: it is read anew"
                )

    def _index(self, ids: Sequence[tuple[int, int]]) -> None:
        self.tables.many("INSERT INTO ids VALUES (?, ?)", ids)

    def _extend(self, level: int, start: int, data: bytes) -> None:
        at = 0
        while at < len(data):
            number, used = divmod(start + at // HASH_BYTES, WIDTH)
            part = data[at : at + (WIDTH - used) * HASH_BYTES]
            at += len(part)
            if used:  # `||` would make a text of it
                part = self.hashes(level, number * WIDTH, number * WIDTH + used) + part
            self.tables.rows(
                "INSERT INTO tiles VALUES (?, ?, ?) "
                "ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes",
                (level, number, part),
            )

    def _meta(self, name: str) -> str:
        ((value,),) = self.tables.rows("SELECT value FROM meta WHERE name = ?", (name,))
        return str(value)
