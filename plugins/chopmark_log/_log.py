"""The log as the SDK sees it: takes a record, and returns when it is as safe as the policy asks."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from chopmark import Content, Event, LogError, Policy, Receipt, Record
from chopmark.forking import WHOLE
from chopmark.interrupted import uninterrupted

from ._content import Sealed, record_id, seal
from ._keyring import Keyring
from ._leaf import commitments_of, encode_event
from ._log_process import LogProcess
from ._log_reading import LogReading
from ._master import Subject
from ._options import NAME, check_required, read_options
from ._recipient import apart
from ._refused import Refused
from ._reserve import BYTES, give_up
from ._spool import Spool
from ._usual import encode_call
from ._work import Make
from ._work import end as end_work

_logger = logging.getLogger("chopmark")


class TransparencyLog(LogProcess, LogReading):
    """Appends records to a transparency log. Shared by threads, and by forks.

    Options of the policy, all with a default: `path`, a folder, which is made where it is not
    there; `durability`: `os` (what was taken survives the end of the process at once, and a loss of
    power after 0.2 seconds), or `disk` (it survives that, too, before the call returns); `profile`:
    `regulated` wants `disk`, and a policy that blocks calls that cannot be recorded; `origin`,
    the log's name where it is made, such as `example.com/chopmark/2026`; `ml_dsa` (false): whether
    it then gets a key of ML-DSA-44, which signs beside that of Ed25519; `integrate` (true):
    whether this process also takes what all processes wrote into the log; `contents` (true):
    whether the texts of the calls are kept beside it, sealed under a key of each user, so that they
    can be shown, and erased; `retention_days` (0): how long the law wants them kept at the least;
    `witnesses` (none): tables of `url` and `key`, who are asked to cosign what the log signs, each
    `witness_seconds` (0.5).
    """

    name = NAME
    blocking = True

    def __init__(self, options: Mapping[str, object], folder: str = "") -> None:
        """Read `options`; a relative path in them starts from `folder`.

        Raises:
            PolicyError: an option is unknown or has a value that it cannot have.
        """
        self._keyrings: dict[int, Keyring] = {}
        self._refused = Refused()
        super().__init__(read_options(options, folder))
        self.takes_content = self._options.contents
        self._waiting = replace(self.folder, patience=self._options.patience)  # as calls see it

    def append(self, record: Record) -> Receipt:
        """Take `record`; `chopmark log prove` proves by its id, a second later, that it is there.

        The receipt's position counts the records of this process.

        Raises:
            LogError: it is not taken, or the disk may not hold it.
        """
        commitments = commitments_of(record)
        return self._put(record.id, partial(encode_call, record, commitments))

    def append_with(self, record: Record, content: Content) -> Receipt:
        """Do the same, and keep `content`, sealed: `chopmark log show --open` shows it.

        The receipt has no salt: the log's own follow from the key of the user, and only who has
        that key opens what it committed to.

        Raises:
            LogError: one of the two is not taken, or the disk may not hold them.
        """
        self._begin()  # a key wants the folder
        record, recipient = apart(record)
        frames, payload, commitments = self._seal(record, content, recipient)
        make = partial(encode_call, record, commitments, payload=payload)
        return self._put(record.id, make, frames)

    def append_event(self, event: Event) -> Receipt:
        """Take `event` as a leaf of its own, like a record.

        Raises:
            LogError: it is not taken, or the disk may not hold it.
        """
        return self._put(event.id, partial(encode_event, event))

    def _put(self, id: str, make: Make, frames: Sequence[bytes] = ()) -> Receipt:
        """Take the leaf of what has that id, and `frames` before it; say what could not be."""
        try:
            receipt = self._write(id, make, frames)
        except LogError as error:
            self._refused.note(str(error), id)
            raise
        gap = self._refused.pop()
        if gap is not None:
            try:
                self._write("", gap.leaf)
            except LogError:
                self._refused.put_back(gap)
        return receipt

    def _write(self, id: str, make: Make, frames: Sequence[bytes] = ()) -> Receipt:
        spool, number, upto = self._into_spool(make, frames)
        if self._options.to_disk:
            try:
                spool.sync(upto)
            except OSError as error:
                raise self._unwritable(error) from error
        return Receipt(log=NAME, record=id, position=number)

    def _into_spool(self, make: Make, frames: Sequence[bytes]) -> tuple[Spool, int, int]:
        """Return where the leaf is: the spool, its number in the process, the byte behind it."""
        while True:
            own = self._begin()
            try:
                with uninterrupted(own.mutex):
                    spool = own.spool  # in here: another may take its place at any moment
                    assert isinstance(spool, Spool)
                    if spool.usable:
                        number = spool.count
                        upto = spool.append(own.leaf(make, number), frames)
                        if own.after is not None:
                            own.after = None
                        return spool, own.before + number, upto
            except OSError as error:
                if not give_up(self.folder, error):
                    raise self._unwritable(error) from error
                self._refused.note("the disk was full, and the reserve of the log is in use")
                _logger.error(
                    "the disk of log %r is full, and its reserve of %d KiB is in use; free some "
                    "space", str(self.folder.path), BYTES >> 10,
                )  # fmt: skip
                continue
            self._abandon(own)

    def _unwritable(self, error: OSError) -> LogError:
        return LogError(
            f"log {str(self.folder.path)!r} cannot take a record: {error.strerror or error}; free "
            "some space, or let this process write there"
        )

    def _seal(self, record: Record, content: Content, recipient: str = "") -> Sealed:
        pid = os.getpid()
        keyring = self._keyrings.get(pid)
        if keyring is None:
            with self._starting:
                keyring = self._keyrings.get(pid) or Keyring(self._waiting)
                self._keyrings[pid] = keyring
        day = time.strftime("%Y-%m-%d", time.gmtime(record.time // 1000))
        key = keyring.key(Subject.of(content.user, day))
        until = record.time + self._options.retention
        return seal(key, record_id(record.id), content, until, recipient)

    def close(self) -> None:
        """Take all that was written into the log; a later append begins anew.

        Raises:
            LogError: the disk may not hold the last records, or the log is damaged.
        """
        try:
            end_work(self._owns, self._options)
        finally:
            for keyring in list(self._keyrings.values()):
                keyring.rest()

    def _after_fork(self) -> None:
        super()._after_fork()
        self._refused = Refused()
        self._keyrings.clear()

    def warm_up(self) -> None:
        """Raise where the first record could not be taken; nothing is made or begun.

        Raises:
            LogError: it could not.
        """
        with WHOLE.lock:  # a fork amid an import leaves a child that waits for it for ever
            from ._trial import try_folder, try_keys

        try_folder(self.folder, self._options.store)
        if self.takes_content:
            try_keys(self._waiting)

    def too_short(self, days: int) -> str:
        """Return which option ends what is kept before `days` are over, with the cure, or ""."""
        return self._options.too_short(days)


def make_log(policy: Policy) -> TransparencyLog:
    """Return the log that `policy` asks for."""
    options = policy.options(NAME)
    check_required(read_options(options, policy.folder), policy)
    if "store" in options:
        from ._postgres_log import SharedLog

        return SharedLog(options, policy.folder)
    return TransparencyLog(options, policy.folder)
