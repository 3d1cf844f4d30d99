"""The log as the SDK sees it, where several machines share one in Postgres."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial

from chopmark import Content, LogError, PolicyError, Receipt, Record

from ._content import Payload, read_payload
from ._keyring import changed
from ._leaf import call_leaf, commitments_of, encode
from ._log import TransparencyLog
from ._options import NAME
from ._postgres import Address
from ._postgres_folder import join
from ._postgres_intake import ErasedKeyError, Intake

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

    def _append(self, record: Record, content: Content | None) -> Receipt:
        for _ in range(TRIES):
            own = self._owns.get(os.getpid()) or self._begin()
            intake = own.spool
            assert isinstance(intake, Intake)
            if not intake.usable:
                self._abandon(own)
                continue
            payloads: Sequence[Payload] = ()
            payload, commitments = "", commitments_of(record)
            if content is not None:
                frames, payload, commitments = self._seal(record, content)
                payloads = [read_payload(frame) for frame in frames]
            make = partial(_leaf, record, own.writer, commitments, payload)
            try:
                number = intake.append(make, payloads)
            except ErasedKeyError:
                changed(self.folder)  # whoever erased it may have done so on another machine
                continue
            return Receipt(log=NAME, record=record.id, position=number)
        raise LogError(f"log {self.address.text!r} took no record in {TRIES} tries")

    def _make_folder(self) -> None:
        join(self.folder, self.address, self._options.origin)

    def _make_spool(self, writer: str) -> Intake:
        return Intake(self.address, writer, lazily=not self._options.to_disk)


def _leaf(
    record: Record, writer: str, commitments: Mapping[str, str], payload: str, number: int
) -> bytes:
    return encode(call_leaf(record, writer, number, commitments, payload))
