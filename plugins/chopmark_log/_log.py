"""The log as the SDK sees it: takes a record, and returns when it is as safe as the policy asks."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from chopmark import Content, LogError, Policy, PolicyError, Receipt, Record

from ._content import Sealed, record_id, seal
from ._folder import LogFolder, default_origin
from ._integrate import integrate, integrating, publish
from ._keyring import Keyring
from ._leaf import call_leaf, encode
from ._master import Subject
from ._spool import Spool
from ._store import Store

if TYPE_CHECKING:
    from ._witness_client import WitnessAddress
    from ._witnessing import Witnessing

Durability = Literal["os", "disk"]

NAME = "log"
DEFAULT_PATH = "chopmark-log"
INTERVAL = 0.2
"""Seconds after which, at the latest, the disk holds what was written, with `durability = "os"`."""
CHECKPOINT = 1.0
"""Seconds between two checkpoints while entries come."""
AT_END = 2.0
"""Seconds that closing the log waits for witnesses that were not asked yet; then it signs."""
AGAIN = 60.0
"""Seconds after which a fault that lasts is told again."""
_logger = logging.getLogger("chopmark")
_OPTIONS = ("path", "durability", "origin", "integrate", "contents", "retention_days", "witnesses")
_DAY = 86_400_000  # milliseconds


@dataclass(slots=True)
class _Own:
    """What belongs to one process: a child of a fork must use nothing of its parent's."""

    spool: Spool
    writer: str
    mutex: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)
    worker: threading.Thread | None = None
    witnessing: Witnessing | None = None
    replaced: str = ""


class TransparencyLog:
    """Appends records to a transparency log. Shared by threads, and by forks.

    Options of the policy, all with a default: `path`, a folder, which is made where it is not
    there; `durability`: `os` (what was taken survives the end of the process at once, and a loss of
    power after 0.2 seconds), or `disk` (it survives that, too, before the call returns); `origin`,
    the log's name where it is made, such as `example.com/chopmark/2026`; `integrate` (true):
    whether this process also takes what all processes wrote into the log; `contents` (true):
    whether the texts of the calls are kept beside it, sealed under a key of each user, so that they
    can be shown, and erased; `retention_days` (0): how long the law wants them kept at the least;
    `witnesses` (none): tables of `url` and `key`, who are asked to cosign what the log signs.
    """

    name = NAME
    blocking = True

    def __init__(
        self, options: Mapping[str, object], where: str = "settings.log", folder: str = ""
    ) -> None:
        """Read `options`; `where` is how an error names them, `folder` where paths start.

        Raises:
            PolicyError: an option is unknown or has a value that it cannot have.
        """
        unknown = sorted(key for key in options if key not in _OPTIONS)
        if unknown:
            raise PolicyError(
                f"{where} has {', '.join(unknown)}; the options of log are {', '.join(_OPTIONS)}"
            )
        path = options.get("path", DEFAULT_PATH)
        if not isinstance(path, str | os.PathLike) or not os.fspath(path):
            raise PolicyError(f"{where}.path is {path!r}; give it the path of a folder")
        self.folder = LogFolder(Path(os.path.abspath(os.path.join(folder, os.fspath(path)))))
        durability = options.get("durability", "os")
        if durability not in get_args(Durability):
            raise PolicyError(
                f"{where}.durability is {durability!r}; it may be {', '.join(get_args(Durability))}"
            )
        self._to_disk = durability == "disk"
        origin = options.get("origin", "")
        if not isinstance(origin, str):
            raise PolicyError(f"{where}.origin is {origin!r}; write a text in quotes")
        self._origin = origin
        integrates = options.get("integrate", True)
        if not isinstance(integrates, bool):
            raise PolicyError(f"{where}.integrate is {integrates!r}; write true or false")
        self._integrates = integrates
        contents = options.get("contents", True)
        if not isinstance(contents, bool):
            raise PolicyError(f"{where}.contents is {contents!r}; write true or false")
        self.takes_content = contents
        days = options.get("retention_days", 0)
        if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= 36_525:
            raise PolicyError(
                f"{where}.retention_days is {days!r}; write a whole number of days, such as 183"
            )
        self._retention = days * _DAY
        self._witnesses: tuple[WitnessAddress, ...] = ()
        if "witnesses" in options:
            from ._witness_client import read_witnesses

            self._witnesses = read_witnesses(options["witnesses"], f"{where}.witnesses")
        self._owns: dict[int, _Own] = {}
        self._keyrings: dict[int, Keyring] = {}
        self._starting = threading.Lock()
        _LOGS[id(self)] = weakref.ref(self)
        weakref.finalize(self, _LOGS.pop, id(self), None)
        weakref.finalize(self, _leave, self._owns, self.folder, self._integrates)

    def append(self, record: Record) -> Receipt:
        """Take `record`; `chopmark log prove` proves by its id, a second later, that it is there.

        The receipt's position counts the records of this process.

        Raises:
            LogError: it is not taken, or the disk may not hold it.
        """
        return self._append(record, None)

    def append_with(self, record: Record, content: Content) -> Receipt:
        """Do the same, and keep `content`, sealed: `chopmark log show --open` shows it.

        The receipt has no salt: the log's own follow from the key of the user, and only who has
        that key opens what it committed to.

        Raises:
            LogError: one of the two is not taken, or the disk may not hold them.
        """
        return self._append(record, content)

    def _append(self, record: Record, content: Content | None) -> Receipt:
        sealed: Sealed | None = None
        frames: tuple[bytes, ...] = ()
        payload = ""
        commitments: Mapping[str, str] = {
            "request": record.request.digest,
            "answer": record.answer.digest,
            "user": record.user.digest,
        }
        try:
            while True:
                own = self._owns.get(os.getpid()) or self._begin()
                if content is not None and sealed is None:
                    sealed = self._seal(record, content)
                    frames, payload, commitments = sealed
                with own.mutex:
                    if own.spool.usable:
                        number = own.spool.count
                        leaf = encode(call_leaf(record, own.writer, number, commitments, payload))
                        end = own.spool.append(leaf, frames)
                        break
                self._abandon(own)
            if self._to_disk:
                own.spool.sync(end)
        except OSError as error:
            raise LogError(
                f"log {str(self.folder.path)!r} cannot take a record: {error.strerror or error}; "
                "free some space, or let this process write there"
            ) from error
        return Receipt(log=NAME, record=record.id, position=number)

    def _seal(self, record: Record, content: Content) -> Sealed:
        pid = os.getpid()
        keyring = self._keyrings.get(pid)
        if keyring is None:
            with self._starting:
                keyring = self._keyrings.get(pid) or Keyring(self.folder)
                self._keyrings[pid] = keyring
        day = time.strftime("%Y-%m-%d", time.gmtime(record.time // 1000))
        key = keyring.key(Subject.of(content.user, day))
        return seal(key, record_id(record.id), content, record.time + self._retention)

    def close(self) -> None:
        """Take all that was written into the log; a later append begins anew.

        Raises:
            LogError: the disk may not hold the last records, or the log is damaged.
        """
        try:
            _end(self._owns, self.folder, self._integrates)
        finally:
            for keyring in list(self._keyrings.values()):
                keyring.rest()

    def _abandon(self, own: _Own) -> None:
        """Leave a spool that takes no more; what is in it is read by who takes the spools in."""
        with self._starting:
            if self._owns.get(os.getpid()) is own:
                del self._owns[os.getpid()]
        own.stop.set()
        with own.mutex:
            own.spool.close()

    def _after_fork(self) -> None:
        """Forget, in a child, what belongs to its parent."""
        self._starting = threading.Lock()
        for pid in list(self._owns):
            self._owns.pop(pid).spool.close()
        self._keyrings.clear()

    def _begin(self) -> _Own:
        """Return what belongs to this process, after a start or a fork."""
        with self._starting:
            known = self._owns.get(os.getpid())
            if known is not None:
                return known
            if not self.folder.is_log:
                self.folder.create(self._origin or default_origin())
            writer = f"{time.time_ns() // 1_000_000:x}-{os.getpid()}-{secrets.token_hex(4)}"
            try:
                own = _Own(Spool(self.folder.spools, writer), writer)
            except OSError as error:
                raise LogError(
                    f"log {str(self.folder.path)!r} cannot be written: {error.strerror}; free some "
                    "space, or let this process write there"
                ) from error
            if self._witnesses and self._integrates:
                from ._witnessing import Witnessing

                own.witnessing = Witnessing(self.folder, self._witnesses)
            work = _Work(own, self.folder, self._to_disk, self._integrates)
            own.worker = threading.Thread(target=work.run, name="chopmark-log", daemon=True)
            own.worker.start()
            self._owns[os.getpid()] = own
            return own


class _Work:
    """What a process does for the log beside its calls: syncs its spool, takes all spools in."""

    def __init__(self, own: _Own, folder: LogFolder, to_disk: bool, integrates: bool) -> None:
        self._own, self._folder = own, folder
        self._to_disk, self._integrates = to_disk, integrates
        self._store: Store | None = None
        self._published = 0.0

    def run(self) -> None:
        told, at = "", 0.0
        while not self._own.stop.wait(INTERVAL):
            try:
                self._turn()
                told = ""
            except (LogError, OSError) as error:
                if not self._own.replaced:
                    self._close()  # the next turn begins with what the folder holds then
                if str(error) != told or time.monotonic() - at > AGAIN:
                    told, at = str(error), time.monotonic()
                    _logger.error("the log is behind: %s", error)
        self._close()

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _turn(self) -> None:
        spool = self._own.spool
        if not self._to_disk and spool.dirty and spool.usable:
            spool.sync(spool.written)
        if not self._integrates:
            return
        with integrating(self._folder) as mine:
            if not mine:
                return
            if self._store is not None and self._store.replaced:
                # Opened anew it would be mixed with what SQLite wrote beside the former one.
                self._own.replaced = (
                    f"{self._store.name!r} was replaced while processes write it: stop them, "
                    "take away its -wal and -shm, and see `chopmark log fsck`"
                )
                raise LogError(self._own.replaced)
            if self._store is None:
                self._store = self._folder.open(writing=True)
            try:
                integrate(self._folder, self._store)
            finally:
                witnessing = self._own.witnessing
                asked = witnessing is None or witnessing.asked()
                if asked and time.monotonic() - self._published >= CHECKPOINT:
                    publish(self._folder, self._store)
                    self._published = time.monotonic()


_LOGS: dict[int, weakref.ref[TransparencyLog]] = {}


def _after_fork() -> None:
    for log in [found for one in list(_LOGS.values()) if (found := one()) is not None]:
        log._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def make_log(policy: Policy) -> TransparencyLog:
    """Return the log that `policy` asks for."""
    where = f"policy {policy.name!r}: settings.{NAME}"
    return TransparencyLog(policy.options(NAME), where, policy.folder)


def _leave(owns: dict[int, _Own], folder: LogFolder, integrates: bool) -> None:
    """End where nobody waits for an answer: at the end of the process."""
    try:
        _end(owns, folder, integrates)
    except (LogError, OSError) as error:
        _logger.error("the log is behind: %s", error)


def _end(owns: dict[int, _Own], folder: LogFolder, integrates: bool) -> None:
    own = owns.pop(os.getpid(), None)
    if own is None:
        return
    own.stop.set()
    if own.worker is not None and own.worker is not threading.current_thread():
        own.worker.join(timeout=5)
    with own.mutex:
        try:
            if own.spool.dirty and own.spool.usable:
                own.spool.sync(own.spool.written)
        except OSError as error:
            raise LogError(
                f"log {str(folder.path)!r}: the disk may not hold the last records: "
                f"{error.strerror}"
            ) from error
        finally:
            own.spool.close()
    if own.witnessing is not None and not own.replaced:
        own.witnessing.asked(AT_END)
    try:
        if own.replaced:
            raise LogError(own.replaced)
        if integrates:
            _settle(folder)
    finally:
        if own.witnessing is not None:
            own.witnessing.close()


def _settle(folder: LogFolder) -> None:
    """Take all that was written into the log, if no other process does."""
    with integrating(folder) as mine:
        if mine:  # else another process takes it
            store = folder.open(writing=True)
            try:
                integrate(folder, store)
            finally:
                publish(folder, store)
                store.close()
