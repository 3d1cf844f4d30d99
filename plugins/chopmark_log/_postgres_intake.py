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
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from psycopg import errors

from chopmark import LogError
from chopmark.interrupted import INTERRUPTED

from ._content import Payload, payload_frame
from ._errors import AwayError
from ._postgres import Address, cut, drop, is_read_only
from ._postgres_put import Put, is_there, put
from ._postgres_queue import Waiting, next_of
from ._postgres_wait import Patient

if TYPE_CHECKING:
    from ._postgres_buffer import Buffer

LEAST = 0.1
"""Seconds for which an answer is waited for at the least, also where the time is over."""
MOST_PAUSE = 0.002
"""Seconds that a statement waits for more records, at the most: an eighth of what one takes."""
_NOT_NOW = (errors.QueryCanceled, errors.LockNotAvailable, errors.ReadOnlySqlTransaction)
"""What a server says that did nothing of a statement, and may do it later."""
_BROKE = (psycopg.OperationalError, psycopg.InterfaceError)


class ErasedKeyError(Exception):
    """The key under which a content is sealed was erased meanwhile; it wants another one."""


class _Trouble(NamedTuple):
    """What an error of the database leaves behind.

    `is_final` is whether asking again would not help, `in_doubt` whether the database may have
    done what it was asked for, `told` what a caller is told.
    """

    is_final: bool
    in_doubt: bool
    told: LogError


class Intake:
    """What one process puts in. Shared by its threads, which send what waits together.

    A call waits for a server that is gone, or says nothing, for twice the `patience` of `address`:
    when it said nothing for so long, it is asked once more, by a new connection.

    Args:
        address: the database.
        writer: the name of this process's records, new with each process.
        lazily: whether a record is taken before the server's disk holds it.
        buffer: what keeps records while the database is away, where there is such a one: then
            nobody waits for one that is gone, and `append` raises `AwayError` at once.

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
        self._queue: list[Waiting] = []
        self._busy = 0  # the thread that sends
        self._pause = 0.0
        self._closed = False
        self._broken = ""
        self.count = 0
        self._base: Patient | None = None
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
            AwayError: the database is away; where there is a buffer, nothing was taken.
            ErasedKeyError: the key of the content is gone; nothing was taken.
            LogError: it was not taken, or nobody can say.
        """
        mine = Waiting(make, payloads)
        with self._turn:
            self.check_free()
            self._queue.append(mine)
        while not mine.is_done:
            with self._turn:
                while self._busy and not mine.is_done:
                    self._turn.wait()
                if mine.is_done:
                    break
                self._busy = threading.get_ident()
            batch: list[Waiting] = []
            try:
                if self._pause:  # those that the last statement was for come again at once
                    time.sleep(self._pause)
                with self._turn:
                    batch = next_of(self._queue)
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
                    self._busy = 0
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

    def check_free(self) -> None:
        """Raise where the handler of a signal that came amid this asks, and would wait for it."""
        if self._busy == threading.get_ident():
            raise LogError(INTERRUPTED)

    def close(self) -> None:
        """Close the connection, when what is under way is done; a fork's child, its copy."""
        if os.getpid() != self._pid:
            self._leave()
            return
        with self._turn:
            self.check_free()
            while self._busy:
                self._turn.wait()
            self._closed = True
            self._drop()

    def _leave(self) -> None:
        self._closed = True
        base, self._base = self._base, None
        if base is not None:
            cut(base)

    def _send(self, batch: list[Waiting]) -> None:
        if not self.usable:
            why = self._broken or "the log is closed"
            self._fail(batch, LogError(why) if self._buffer is None else AwayError(why))
            return
        end, pause = time.monotonic() + 2 * self._address.patience, 0.02
        left, doubt = self._numbered(batch), False
        while left:
            try:
                base = self._connected(end)
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
            except psycopg.Error as error:
                trouble = self._look_at(error)
                if trouble.is_final:
                    self._fail(left, trouble.told, done_with=doubt)
                    return
                if self._buffer is not None and doubt:
                    self._keep(self._buffer, left, trouble.told)
                    break
                doubt = doubt or trouble.in_doubt
                if self._buffer is not None and doubt:
                    continue  # it may be there again already
                late = time.monotonic() > end or (is_read_only(error) and not doubt)
                if self._buffer is not None or late:
                    self._give_up(left, trouble.told, done_with=doubt)
                    return
                time.sleep(pause)
                pause = min(2 * pause, 1.0)
        left = [one for one in left if not one.is_done]
        self.count += len(left)
        for number, one in enumerate(left, self.count - len(left)):
            one.number = number

    def _look_at(self, error: psycopg.Error) -> _Trouble:
        """Return what `error` leaves behind; let go of a connection that is of no use any more."""
        lives = self._base is not None and not self._base.closed
        not_now = isinstance(error, _NOT_NOW)
        found = _Trouble(
            is_final=not not_now and (lives or not isinstance(error, _BROKE)),
            in_doubt=not not_now and self._base is not None,
            told=self._refused(error),
        )
        if not found.is_final:
            found = found._replace(told=AwayError(str(found.told)))
        if not lives or is_read_only(error):
            self._drop()  # anew, the address may lead to another server
        return found

    def _give_up(self, left: Sequence[Waiting], error: LogError, *, done_with: bool) -> None:
        """Refuse what was tried, and what waited meanwhile: it need not wait as long again."""
        with self._turn:
            waited, self._queue = self._queue, []
        self._fail([*left, *waited], error, done_with=done_with)

    def _keep(self, buffer: Buffer, left: Sequence[Waiting], why: LogError) -> None:
        """Have `buffer` keep what nobody knows of; what comes later is another writer's."""
        self._broken = f"what it sent last is in doubt: {why}"
        try:
            buffer.keep_doubtful(
                [(one.leaf, [payload_frame(part) for part in one.payloads]) for one in left]
            )
        except LogError as error:
            self._fail(left, error)

    def _numbered(self, batch: Sequence[Waiting]) -> list[Waiting]:
        found: list[Waiting] = []
        for one in batch:
            try:
                one.leaf = one.make(self.count + len(found))
                found.append(one)
            except LogError as error:
                one.error = error
        return found

    def _fail(self, batch: Sequence[Waiting], error: Exception, *, done_with: bool = False) -> None:
        if done_with:
            self._broken = str(error)
        for one in batch:
            if not one.is_done:
                one.error = error

    def _connected(self, end: float) -> Patient:
        """Return a connection on which nobody waits for much longer than until `end`."""
        if self._base is None:
            self._base = self._connect()
        left = end - time.monotonic()
        self._base.patience = min(max(left, LEAST), self._address.patience)
        return self._base

    def _connect(self) -> Patient:
        base = self._address.connect("chopmark_log", lazily=self._lazily, quickly=True)
        weakref.finalize(self, drop, base, self._pid).atexit = False  # threads may use it then
        return base

    def _drop(self) -> None:
        base, self._base = self._base, None
        if base is not None:
            base.close()

    def _refused(self, error: psycopg.Error) -> LogError:
        return self._address.refused(error, "cannot take a record")


def _key(one: Waiting) -> bytes:
    return one.payloads[0].key if one.payloads else b""
