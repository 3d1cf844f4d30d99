"""The log as the SDK sees it, where several machines share one in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from chopmark import Content, LogError, PolicyError, Receipt, Record

from ._content import read_payload
from ._keyring import changed
from ._log import TransparencyLog
from ._options import NAME
from ._postgres import Address
from ._postgres_folder import join, meta_of
from ._postgres_intake import ErasedKeyError, Intake
from ._work import Make

TRIES = 8
"""How often a content is sealed under a new key, where its subject is erased at that moment."""


class SharedLog(TransparencyLog):
    """Appends records to a log in Postgres. Shared by threads, forks, and machines.

    Options as `TransparencyLog` has them, and `store`, the address of the database; `path` is the
    folder of this machine. With `durability = "disk"`, the default here, a record that was taken
    survives whatever the server's disk survives; with `os` it survives the end of this process and
    of this machine, and a crash of the server after some 0.6 seconds (three times its
    `wal_writer_delay`).
    """

    def __init__(self, options: Mapping[str, object], folder: str = "") -> None:
        """Read `options`; a relative path in them starts from `folder`.

        Raises:
            PolicyError: an option is unknown or has a value that it cannot have.
        """
        super().__init__(options, folder)
        try:
            self.address = Address.of(self._options.store)
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
            intake = own.spool
            assert isinstance(intake, Intake)
            if intake.usable:
                number = intake.append(partial(own.leaf, make), payloads)
                return Receipt(log=NAME, record=id, position=number)
            self._abandon(own)
        raise LogError(f"log {self.address.text!r} took no record in {TRIES} tries")

    def warm_up(self) -> None:
        """Do as `TransparencyLog` does, and raise where the database cannot be reached, too."""
        super().warm_up()
        meta_of(self.address)

    def _make_folder(self) -> None:
        join(self.folder, self.address, self._options.origin, ml_dsa=self._options.ml_dsa)

    def _make_spool(self, writer: str) -> Intake:
        return Intake(self.address, writer, lazily=not self._options.to_disk)
