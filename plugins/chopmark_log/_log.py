"""The log as the SDK sees it: takes a record, and returns when it is as safe as the policy asks."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from chopmark import Content, Event, LogError, Policy, Receipt, Record
from chopmark.hookspecs import Entry

from ._content import Sealed, record_id, seal
from ._folder import default_origin
from ._keyring import Keyring
from ._leaf import commitments_of, encode_event
from ._master import Subject
from ._options import NAME, check_required, read_options
from ._packages import check_finding
from ._read import backward, end, forward, get, outlines, read
from ._recipient import apart
from ._refused import Refused
from ._renew import stamp, writer_name
from ._reserve import BYTES, give_up
from ._spool import Spool
from ._usual import encode_call
from ._work import Intake, Make, Own, Work, leave
from ._work import end as end_work

if TYPE_CHECKING:
    from chopmark.reading import Outline

    from ._entries import Proven
    from ._find import Finding

_logger = logging.getLogger("chopmark")


class TransparencyLog:
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
        self._options = read_options(options, folder)
        self.folder, self.takes_content = self._options.folder, self._options.contents
        self._owns: dict[int, Own] = {}
        self._keyrings: dict[int, Keyring] = {}
        self._starting = threading.Lock()
        self._refused = Refused()
        _LOGS[id(self)] = weakref.ref(self)
        weakref.finalize(self, _LOGS.pop, id(self), None)
        weakref.finalize(self, leave, self._owns, self._options)

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

    def read(self, since: int = 0, until: int | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield what is in the log from `since` to before `until`, milliseconds since 1970.

        What was taken is there within a second, where some process takes records in.

        Raises:
            LogError: the log is damaged; what came before was yielded.
        """
        return read(self.folder, since, until)

    def outlines(
        self, since: int = 0, until: int | None = None
    ) -> Iterator[Outline | Mapping[str, Any]]:
        """Yield the same to be counted, calls as outlines: see `chopmark.reading.outlines`.

        Raises:
            LogError: the log is damaged; what came before was yielded.
        """
        return outlines(self.folder, since, until)

    def missing(self) -> str | None:
        """Return the path of the folder where no log is in it."""
        return None if self.folder.is_log else str(self.folder.path)

    def end(self) -> int:
        """Return how many entries the log has; the place of an entry is its index.

        Raises:
            LogError: the log cannot be read.
        """
        return end(self.folder)

    def forward(self, place: int = 0) -> Iterator[Entry]:
        """Yield the entries from index `place` on, of a bundle of 256 at a time.

        Raises:
            LogError: the log cannot be read.
        """
        return forward(self.folder, place)

    def backward(self, place: int | None = None) -> Iterator[Entry]:
        """Yield the entries before index `place`, by default all, the last first.

        Raises:
            LogError: the log cannot be read.
        """
        return backward(self.folder, place)

    def get(self, id: str) -> Entry | None:
        """Return the first entry of that id, which the index of ids has, None where there is none.

        Raises:
            LogError: the log cannot be read.
        """
        return get(self.folder, id)

    def find(self, text: str) -> Finding:
        """Return which answers of the log have `text`, or parts of it: see docs/find.md.

        Raises:
            LogError: the log cannot be read, keeps no contents, or `text` has nothing to compare.
        """
        check_finding()
        from ._find import find

        return find(self.folder, text)

    def proof(self, index: int) -> Proven:
        """Return the proof that entry `index` is in the log, and what checks it.

        Raises:
            LogError: there is no such entry, it is under no checkpoint yet, or the log is damaged.
        """
        from ._entries import proof_of  # who records need not load it

        return proof_of(self.folder, index)

    def content(self, id: str) -> Content:
        """Return the texts of record `id`, each compared with what the record commits to.

        Whoever shows them takes down first, as an event, that somebody looks at them.

        Raises:
            LogError: there is no such record; its texts were not kept, were erased, or are
                restricted; or what is kept is not what was recorded.
        """
        from ._entries import content_of

        return content_of(self.folder, id)

    def faults(self, told: Callable[[int], object] = lambda count: None) -> list[str]:
        """Hash all of the log again, and return where it does not hold, as sentences.

        Five seconds for a million entries, or so. The key that must have signed is that of the
        folder: who does not trust this machine verifies by a key of its own. `told` hears how many
        entries are done.

        Raises:
            LogError: it cannot be read.
        """
        from ._audit import audit  # who records need not load it
        from ._beside import faults_beside
        from ._handover import public_keys

        if not self.folder.is_log:
            return []
        store = self.folder.open()
        try:
            found = audit(store, public_keys(self.folder), told)
            return [*found.faults, *faults_beside(self.folder, store)]
        finally:
            store.close()

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
                with own.mutex:
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
                keyring = self._keyrings.get(pid) or Keyring(self.folder)
                self._keyrings[pid] = keyring
        day = time.strftime("%Y-%m-%d", time.gmtime(record.time // 1000))
        key = keyring.key(Subject.of(content.user, day))
        until = record.time + self._options.retention
        return seal(key, record_id(record.id), content, until, recipient)

    def behind(self) -> float:
        """Return for how many seconds the oldest record waits for the tree, 0.0 where none does.

        Raises:
            LogError: what it waits in, or the log, is damaged.
            OSError: it cannot be read.
        """
        from ._behind import behind

        return behind(self.folder)

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

    def _abandon(self, own: Own) -> None:
        """Leave a spool that takes no more; what is in it is read by who takes the spools in."""
        with self._starting:
            if self._owns.get(os.getpid()) is own:
                del self._owns[os.getpid()]
        own.stop.set()
        with own.mutex:
            own.spool.close()

    def _after_fork(self) -> None:
        """Forget, in a child, what belongs to its parent."""
        self._starting, self._refused = threading.Lock(), Refused()
        for pid in list(self._owns):
            for spool in self._owns.pop(pid).open:
                spool.close()
        self._keyrings.clear()

    def _begin(self) -> Own:
        """Return what belongs to this process; after a start or a fork that is new."""
        known = self._owns.get(os.getpid())
        if known is not None:
            return known
        with self._starting:
            known = self._owns.get(os.getpid())
            if known is not None:
                return known
            self._make_folder()
            if self._options.ml_dsa and not self.folder.second.public.exists():
                _logger.warning(
                    "log %r was made without a key of ML-DSA-44, and `ml_dsa = true` gives it "
                    "none: begin another log", str(self.folder.path),
                )  # fmt: skip
            writer, asked = writer_name(), stamp(self.folder)  # before the spool is there
            try:
                own = Own(self._make_spool(writer), writer, asked)
                self._check_stays(own)
            except OSError as error:
                raise LogError(
                    f"log {str(self.folder.path)!r} cannot be written: {error.strerror}; free some "
                    "space, or let this process write there"
                ) from error
            if self._options.witnesses and self._options.integrates:
                from ._witnessing import Witnessing

                own.witnessing = Witnessing(
                    self.folder, self._options.witnesses, self._options.witness_seconds
                )
            work = Work(own, self._options)
            own.worker = threading.Thread(target=work.run, name="chopmark-log", daemon=True)
            own.worker.start()
            self._owns[os.getpid()] = own
            return own

    def _check_stays(self, own: Own) -> None:
        # Again, now that who moves the log sees that there is a writer.
        try:
            self.folder.check_stays()
        except LogError:
            own.spool.close()
            raise

    def _make_folder(self) -> None:
        """Make the folder of the log, unless it is there."""
        self.folder.check_stays()
        if self.folder.address is not None:
            raise LogError(
                f"{str(self.folder.path)!r} belongs to the log in {self.folder.address!r}; write "
                "that as `store` into the policy"
            )
        if not self.folder.is_log:
            try:
                named = self._options.origin or default_origin()
                self.folder.create(named, ml_dsa=self._options.ml_dsa)
            except LogError:
                if not self.folder.is_log:  # else another process was first
                    raise

    def _make_spool(self, writer: str) -> Intake:
        """Return what the records of this process go into."""
        return Spool(self.folder.spools, writer)

    def warm_up(self) -> None:
        """Raise where the first record could not be taken; nothing is made or begun.

        Raises:
            LogError: it could not.
        """
        from ._trial import try_folder, try_keys

        try_folder(self.folder, self._options.store)
        if self.takes_content:
            try_keys(self.folder)

    def too_short(self, days: int) -> str:
        """Return which option ends what is kept before `days` are over, with the cure, or ""."""
        return self._options.too_short(days)


_LOGS: dict[int, weakref.ref[TransparencyLog]] = {}


def _after_fork() -> None:
    for log in [found for one in list(_LOGS.values()) if (found := one()) is not None]:
        log._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def make_log(policy: Policy) -> TransparencyLog:
    """Return the log that `policy` asks for."""
    options = policy.options(NAME)
    check_required(read_options(options, policy.folder), policy)
    if "store" in options:
        from ._postgres_log import SharedLog

        return SharedLog(options, policy.folder)
    return TransparencyLog(options, policy.folder)
