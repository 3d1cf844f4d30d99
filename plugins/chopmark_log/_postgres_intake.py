"""Puts what a process records into the database: into its spool, a table without an order.

A record and its sealed content are one statement, so that the one is never there without the other,
and threads that wait share one. No process waits for another: what gives entries their order is who
takes the spool into the log, later (`_postgres_store`). Where the connection broke, nobody knows
whether the last statement was done: it is sent again, under the same numbers, and what is there
twice is taken once.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from chopmark import LogError

from ._content import Payload, payload_frame
from ._postgres import Address, cut, told
from ._postgres_put import Put, is_there, put

if TYPE_CHECKING:
    from ._postgres_buffer import Buffer

PATIENCE = 10.0
"""Seconds for which a call waits for a server that is gone, and may come back."""
MOST = 512
"""How many records one statement puts in."""
MOST_BYTES = 1 << 23
"""How many bytes of content a statement puts in, if it has more than one record."""
MOST_PAUSE = 0.002
"""Seconds that a statement waits for more records, at the most: an eighth of what one takes."""


class AwayError(LogError):
    """The database is away, and a record was not sent to it: something else may keep it."""


class ErasedKeyError(Exception):
    """The key under which a content is sealed was erased meanwhile; it wants another one."""


@dataclass(eq=False, slots=True)
class _Waiting:
    """A record that a thread waits for: `make` returns its leaf, for a number."""

    make: Callable[[int], bytes]
    payloads: Sequence[Payload]
    leaf: bytes = b""
    number: int = -1
    error: Exception | None = field(default=None, repr=False)

    @property
    def is_done(self) -> bool:
        return self.number >= 0 or self.error is not None

    @property
    def bytes(self) -> int:
        return sum(len(one.data) for one in self.payloads)


class Intake:
    """What one process puts in. Shared by its threads, which send what waits together.

    Args:
        address: the database.
        writer: the name of this process's records, new with each process.
        lazily: whether a record is taken before the server's disk holds it.
        buffer: what keeps records while the database is away, where there is such a one: then
            nobody waits for the server, and `append` raises `AwayError` at once.

    Raises:
        LogError: the database cannot be reached, and there is no buffer.
    """

    def __init__(
        self, address: Address, writer: str, *, lazily: bool = False, buffer: Buffer | None = None
    ) -> None:
        self._address, self._writer, self._lazily = address, writer, lazily
        self._buffer = buffer
        self._pid = os.getpid()
        self._turn = threading.Condition()
        self._queue: list[_Waiting] = []
        self._busy = False
        self._pause = 0.0
        self._closed = False
        self._broken = ""
        self.count = 0
        self._base: psycopg.Connection[Any] | None = None
        if buffer is None:
            try:
                self._base = self._connect()
            except psycopg.Error as error:
                raise self._refused(error) from error

    @property
    def usable(self) -> bool:
        """Whether it takes more."""
        return not self._broken and not self._closed

    def append(self, make: Callable[[int], bytes], payloads: Sequence[Payload] = ()) -> int:
        """Return the number of a record when the database has it.

        Args:
            make: returns its leaf, for a number.
            payloads: the sealed content that belongs to it.

        Raises:
            AwayError: the database is away, and there is a buffer; nothing was taken.
            ErasedKeyError: the key of the content is gone; nothing was taken.
            LogError: it was not taken, or nobody can say.
        """
        mine = _Waiting(make, payloads)
        with self._turn:
            self._queue.append(mine)
        while not mine.is_done:
            with self._turn:
                while self._busy and not mine.is_done:
                    self._turn.wait()
                if mine.is_done:
                    break
                self._busy = True
            batch: list[_Waiting] = []
            try:
                if self._pause:  # those that the last statement was for come again at once
                    time.sleep(self._pause)
                with self._turn:
                    batch = self._next()
                start = time.monotonic()
                self._send(batch)
                took = time.monotonic() - start
                self._pause = min(took / 8, MOST_PAUSE) if len(batch) > 1 else 0.0
            except BaseException as error:
                # Such as an interrupt: what is under way is in doubt, and may be there.
                self._fail(batch, LogError(f"the record is in doubt: {error!r}"), done_with=True)
                raise
            finally:
                with self._turn:
                    self._busy = False
                    self._turn.notify_all()
        if mine.error is not None:
            raise mine.error
        return mine.number

    @property
    def dirty(self) -> bool:
        """Nothing is: what was taken is as safe as it was promised to be."""
        return False

    @property
    def written(self) -> int:
        """Up to where `sync` has to go."""
        return 0

    def sync(self, end: int) -> None:
        """Do nothing; see `dirty`."""

    def close(self) -> None:
        """Close the connection, when what is under way is done; a fork's child, its copy."""
        if os.getpid() != self._pid:
            self._leave()
            return
        with self._turn:
            while self._busy:
                self._turn.wait()
            self._closed = True
            self._drop()

    def _leave(self) -> None:
        self._closed = True
        base, self._base = self._base, None
        if base is not None:
            cut(base)

    def _next(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._queue and len(batch) < MOST:
            size += self._queue[0].bytes
            if batch and size > MOST_BYTES:
                break
            batch.append(self._queue.pop(0))
        return batch

    def _send(self, batch: list[_Waiting]) -> None:
        if not self.usable:
            why = self._broken or "the log is closed"
            self._fail(batch, LogError(why) if self._buffer is None else AwayError(why))
            return
        end, pause = time.monotonic() + PATIENCE, 0.02
        left, doubt = self._numbered(batch), False
        while left:
            try:
                base = self._connected()
                if doubt and is_there(base, self._writer, self.count):
                    break
                records = [Put(one.leaf, one.payloads) for one in left]
                gone = put(base, self._writer, self.count, records)
                if not gone:
                    break
                if doubt:
                    self._fail(left, LogError("nobody knows what was taken"), done_with=True)
                    return
                self._fail([one for one in left if _key(one) in gone], ErasedKeyError())
                left = self._numbered([one for one in left if not one.is_done])
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if self._base is not None and not self._base.closed:  # it said no, and lives
                    self._fail(left, self._refused(error))
                    return
                sent = doubt or self._base is not None
                self._drop()
                if self._buffer is not None and not sent:
                    self._fail(left, AwayError(str(self._refused(error))))
                    return
                if self._buffer is not None and doubt:
                    self._keep(self._buffer, left)
                    break
                doubt = True
                if self._buffer is not None:
                    continue  # it may be there again already
                if time.monotonic() > end:
                    self._fail(left, self._refused(error), done_with=True)
                    return
                time.sleep(pause)
                pause = min(2 * pause, 1.0)
            except psycopg.Error as error:
                self._fail(left, self._refused(error))
                return
        left = [one for one in left if not one.is_done]
        self.count += len(left)
        for number, one in enumerate(left, self.count - len(left)):
            one.number = number

    def _keep(self, buffer: Buffer, left: Sequence[_Waiting]) -> None:
        """Have `buffer` keep what nobody knows of; what comes later is another writer's."""
        self._broken = "what it sent last is in doubt"
        try:
            buffer.keep_doubtful(
                [(one.leaf, [payload_frame(part) for part in one.payloads]) for one in left]
            )
        except LogError as error:
            self._fail(left, error)

    def _numbered(self, batch: Sequence[_Waiting]) -> list[_Waiting]:
        found: list[_Waiting] = []
        for one in batch:
            try:
                one.leaf = one.make(self.count + len(found))
                found.append(one)
            except LogError as error:
                one.error = error
        return found

    def _fail(
        self, batch: Sequence[_Waiting], error: Exception, *, done_with: bool = False
    ) -> None:
        if done_with:
            self._broken = str(error)
        for one in batch:
            if not one.is_done:
                one.error = error

    def _connected(self) -> psycopg.Connection[Any]:
        if self._base is None:
            self._base = self._connect()
        return self._base

    def _connect(self) -> psycopg.Connection[Any]:
        base = self._address.connect("chopmark_log", lazily=self._lazily)
        weakref.finalize(self, base.close).atexit = False  # threads may be using it then
        return base

    def _drop(self) -> None:
        base, self._base = self._base, None
        if base is not None:
            base.close()

    def _refused(self, error: psycopg.Error) -> LogError:
        return LogError(f"store {self._address.text!r} cannot take a record: {told(error)}")


def _key(one: _Waiting) -> bytes:
    return one.payloads[0].key if one.payloads else b""
