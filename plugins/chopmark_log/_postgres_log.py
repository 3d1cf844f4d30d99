"""The log as the SDK sees it, where several machines share one in Postgres."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count

from chopmark import Content, LogError, PolicyError, Receipt, Record

from ._content import read_payload
from ._errors import AwayError
from ._keyring import changed
from ._log import TransparencyLog
from ._options import NAME
from ._postgres import Address
from ._postgres_buffer import Buffer
from ._postgres_folder import join, meta_of
from ._postgres_intake import ErasedKeyError, Intake
from ._renew import Stamp
from ._work import Make, Own

TRIES = 8
"""How often a content is sealed under a new key, where its subject is erased at that moment."""


class SharedLog(TransparencyLog):
    """Appends records to a log in Postgres. Shared by threads, forks, and machines.

    Options as `TransparencyLog` has them, and `store`, the address of the database; `path` is the
    folder of this machine. With `durability = "disk"`, the default here, a record that was taken
    survives whatever the server's disk survives; with `os` it survives the end of this process and
    of this machine, and a crash of the server after some 0.6 seconds (three times its
    `wal_writer_delay`). `buffer_mb` (0): how many MiB this machine may keep on its own disk while
    the database is away; with 0, calls are refused then. `store_seconds` (10): for how long a call
    waits for a database that is gone, or says nothing, before it counts as away.
    """

    def __init__(self, options: Mapping[str, object], folder: str = "") -> None:
        """Read `options`; a relative path in them starts from `folder`.

        Raises:
            PolicyError: an option is unknown or has a value that it cannot have.
        """
        self._buffers: dict[int, Buffer] = {}  # of processes; each outlives what stops taking
        self._numbers = count()  # of the records of this process, whatever took them
        super().__init__(options, folder)
        try:
            self.address = Address.of(self._options.store, self._options.patience / 2)
        except LogError as error:
            raise PolicyError(f"option store of {NAME}: {error}") from None

    def append_with(self, record: Record, content: Content) -> Receipt:
        """Do as `TransparencyLog` does, under a new key where its subject is erased meanwhile.

        Raises:
            LogError: one of the two is not taken.
        """
        for _ in range(TRIES):
            try:
                return super().append_with(record, content)
            except ErasedKeyError:
                changed(self.folder)  # whoever erased it may have done so on another machine
        raise LogError(f"log {self.address.text!r} took no record in {TRIES} tries")

    def _write(self, id: str, make: Make, frames: Sequence[bytes] = ()) -> Receipt:
        payloads = [read_payload(frame) for frame in frames]
        for _ in range(TRIES):
            own = self._begin()
            intake, buffer = own.spool, own.buffer
            assert isinstance(intake, Intake)
            if buffer is not None and buffer.away:
                buffer.append(make, frames)
                return self._taken(id)
            if not intake.usable:
                self._abandon(own)
                continue
            try:
                intake.append(partial(own.leaf, make), payloads)
            except AwayError as error:
                if buffer is None:
                    raise
                buffer.append(make, frames, str(error))
            return self._taken(id)
        raise LogError(f"log {self.address.text!r} took no record in {TRIES} tries")

    def _taken(self, id: str) -> Receipt:
        return Receipt(log=NAME, record=id, position=next(self._numbers))

    def _after_fork(self) -> None:
        super()._after_fork()
        self._numbers = count()
        for pid in list(self._buffers):
            self._buffers.pop(pid).let_go()

    def warm_up(self) -> None:
        """Do as `TransparencyLog` does, and raise where the database is wanted, and away."""
        super().warm_up()
        if not (self._options.buffer and self.folder.is_log):
            meta_of(self.address)

    def _make_folder(self) -> None:
        join(self.folder, self.address, self._options.origin, ml_dsa=self._options.ml_dsa)

    def _make_own(self, writer: str, asked: Stamp) -> Own:
        lazily, most = not self._options.to_disk, self._options.buffer
        buffer = self._buffers.get(os.getpid())
        if buffer is None and most:
            self._buffers[os.getpid()] = buffer = Buffer(self.folder, self.address, most)
        intake = Intake(self.address, writer, lazily=lazily, buffer=buffer)
        return Own(intake, writer, asked, buffer=buffer)
