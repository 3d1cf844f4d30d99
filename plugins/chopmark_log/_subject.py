"""The keys of data subjects: what is deleted when a person is to be forgotten.

`keys.db` has a random key for each subject, wrapped by the log's master key, under a keyed hash of
who it is. A key whose subject asked to be forgotten loses that hash at once, so that nothing leads
from the person to the records any more; it is deleted when nothing keeps it (`_erase`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ._folder import LogFolder
from ._tables import tables_of

_NAME = "keys"
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE keys (
    id BLOB PRIMARY KEY, tag BLOB UNIQUE, wrapped BLOB NOT NULL, basis TEXT, until INTEGER,
    told INTEGER
) WITHOUT ROWID;
CREATE TABLE erased (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE outbox (id BLOB PRIMARY KEY, leaf BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE holds (id TEXT PRIMARY KEY, since INTEGER, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE held (hold TEXT, what BLOB, PRIMARY KEY (hold, what)) WITHOUT ROWID;
"""


class Leaving(NamedTuple):
    """A key that is to be deleted: on which basis, not before when, and whether that was told."""

    id: bytes
    basis: str
    until: int
    told: bool


class Keys:
    """`keys.db` of a log. Shared by threads."""

    def __init__(self, folder: LogFolder, *, writing: bool = True) -> None:
        self._tables = tables_of(folder, _NAME, writing=writing)
        self.transaction, self.scrub = self._tables.transaction, self._tables.scrub
        self.close = self._tables.close

    @classmethod
    def create(cls, folder: LogFolder, check: bytes) -> None:
        """Make the file for the master key whose `check` it is, unless it is there."""
        tables_of(folder, _NAME).make(_TABLES, [("format", b"1"), ("check", check)])

    @classmethod
    def are_kept(cls, folder: LogFolder) -> bool:
        """Return whether the log has keys, which it has with the first content."""
        return tables_of(folder, _NAME).exists()

    @property
    def check(self) -> bytes:
        """`Master.check` of the master key that belongs to it."""
        return self._meta("check")

    @property
    def earlier(self) -> bytes:
        """`Master.wrap_earlier` of that key, where there were others before it."""
        return self._meta("earlier")

    @property
    def retired(self) -> bytes:
        """The checks of those, side by side, the first one first."""
        return self._meta("retired")

    def find(self, tag: bytes) -> tuple[bytes, bytes] | None:
        """Return id and wrapped key of the subject with `tag`."""
        found = self._tables.rows("SELECT id, wrapped FROM keys WHERE tag = ?", (tag,))
        return found[0] if found else None

    def wrapped(self, id: bytes) -> tuple[bytes, bool] | None:
        """Return a wrapped key, and whether it is restricted."""
        query = "SELECT wrapped, basis IS NOT NULL FROM keys WHERE id = ?"
        for wrapped, restricted in self._tables.rows(query, (id,)):
            return wrapped, bool(restricted)
        return None

    def add(
        self, tag: bytes, id: bytes, wrapped: bytes, check: bytes
    ) -> tuple[bytes, bytes] | None:
        """Add a key, unless another process was first; return id and wrapped key of the subject.

        Return None, and add nothing, where the master key is not that of `check` any more.
        """
        with self.transaction():
            if self.check != check:
                return None
            found = self.find(tag)
            if found is None:
                query = "INSERT INTO keys (id, tag, wrapped) VALUES (?, ?, ?)"
                self._tables.rows(query, (id, tag, wrapped))
        return found or (id, wrapped)

    def count(self) -> int:
        """Return how many keys there are."""
        return int(self._tables.rows("SELECT count(*) FROM keys")[0][0])

    def rewrap(
        self, wrap: Callable[[bytes, bytes], bytes], retag: Callable[[bytes], bytes],
        progress: Callable[[int], object],
    ) -> int:  # fmt: skip
        """Put what `wrap` makes of id and wrapped key in the place of each, and new tags.

        The caller holds the transaction, and puts the new master key's `meta` into it.
        """
        done, last = 0, b""
        while rows := self._tables.rows(
            "SELECT id, tag, wrapped FROM keys WHERE id > ? ORDER BY id LIMIT 1024", (last,)
        ):
            self._tables.many(
                "UPDATE keys SET tag = ?, wrapped = ? WHERE id = ?",
                [
                    (None if tag is None else retag(bytes(tag)), wrap(bytes(id), bytes(key)), id)
                    for id, tag, key in rows
                ],
            )
            done, last = done + len(rows), rows[-1][0]
            progress(done)
        held = self._tables.rows("SELECT hold, what FROM held WHERE length(what) = 32")  # by tag
        self._tables.many(
            "UPDATE held SET what = ? WHERE hold = ? AND what = ?",
            [(retag(bytes(what)), hold, what) for hold, what in held],
        )
        return done

    def note(self, **meta: bytes) -> None:
        """Keep what is said of the master key: `check`, `earlier`, `retired`."""
        self._tables.many(
            "INSERT INTO meta VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            list(meta.items()),
        )

    def states(self, ids: Iterable[bytes]) -> Mapping[bytes, str]:
        """Return of each key whether it is `there`, `erased`, or `lost`."""
        states = {}
        for id in set(ids):
            if self._tables.rows("SELECT 1 FROM keys WHERE id = ?", (id,)):
                states[id] = "there"
            elif self._tables.rows("SELECT 1 FROM erased WHERE key = ?", (id,)):
                states[id] = "erased"
            else:
                states[id] = "lost"
        return states

    def detach(self, tag: bytes, basis: str, until: int) -> bytes | None:
        """Take the subject off its key, which is kept until `until` at the least."""
        with self.transaction():
            found = self.find(tag)
            if found is None:
                return None
            self._tables.rows(
                "UPDATE keys SET tag = NULL, basis = ?, until = ?, told = 0 WHERE id = ?",
                (basis, until, found[0]),
            )
            self._tables.rows(
                "INSERT INTO held SELECT hold, ? FROM held WHERE what = ? ON CONFLICT DO NOTHING",
                (found[0], tag),
            )
        return found[0]

    def leaving(self) -> list[Leaving]:
        """Return the keys that are to be deleted."""
        query = "SELECT id, basis, until, told FROM keys WHERE basis IS NOT NULL"
        return [Leaving(id, basis, until, bool(told)) for id, basis, until, told in
                self._tables.rows(query)]  # fmt: skip

    def told(self, id: bytes) -> None:
        """Note that the log says that a key is restricted."""
        self._tables.rows("UPDATE keys SET told = 1 WHERE id = ?", (id,))

    def erase(self, id: bytes) -> None:
        """Delete a key, and note that it is; what is still under it shall not be kept."""
        self._tables.rows("DELETE FROM keys WHERE id = ?", (id,))
        self._tables.rows("DELETE FROM held WHERE what = ?", (id,))
        self._tables.rows("INSERT INTO erased VALUES (?) ON CONFLICT DO NOTHING", (id,))

    def erased(self) -> list[bytes]:
        """Return the names of all keys that were deleted."""
        return [id for (id,) in self._tables.rows("SELECT key FROM erased")]

    def send(self, id: bytes, leaf: bytes) -> None:
        """Have the log take `leaf`, when it next can."""
        self._tables.rows("INSERT INTO outbox VALUES (?, ?)", (id, leaf))

    def outbox(self) -> list[tuple[bytes, bytes]]:
        """Return the leaves that the log is to take, each behind its id."""
        return self._tables.rows("SELECT id, leaf FROM outbox")

    def sent(self, id: bytes) -> None:
        """Forget a leaf that the log took."""
        self._tables.rows("DELETE FROM outbox WHERE id = ?", (id,))

    def hold(self, name: str, since: int, reason: str, whats: Iterable[bytes]) -> None:
        """Add a hold on subjects (by tag) and on keys (by id)."""
        self._tables.rows("INSERT INTO holds VALUES (?, ?, ?)", (name, since, reason))
        self._tables.many("INSERT INTO held VALUES (?, ?)", [(name, what) for what in set(whats)])

    def release(self, name: str) -> bool:
        """Take a hold away; return whether there was one."""
        found = bool(self._tables.rows("SELECT 1 FROM holds WHERE id = ?", (name,)))
        self._tables.rows("DELETE FROM holds WHERE id = ?", (name,))
        self._tables.rows("DELETE FROM held WHERE hold = ?", (name,))
        return found

    def holds(self) -> list[tuple[str, int, str]]:
        """Return name, start (ms since 1970) and reason of all holds."""
        return self._tables.rows("SELECT id, since, reason FROM holds ORDER BY since, id")

    def is_held(self, id: bytes) -> bool:
        """Return whether a hold keeps a key, or the subject that it is of."""
        query = "SELECT 1 FROM held WHERE what = ? OR what = (SELECT tag FROM keys WHERE id = ?)"
        return bool(self._tables.rows(query, (id, id)))

    def _meta(self, name: str) -> bytes:
        for (value,) in self._tables.rows("SELECT value FROM meta WHERE name = ?", (name,)):
            return bytes(value)
        return b""
