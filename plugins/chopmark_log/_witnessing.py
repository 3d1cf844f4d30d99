"""Has the checkpoints of a log cosigned, beside the calls: in a thread that nothing waits for."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence

from chopmark import LogError

from ._contents import leaf_of
from ._cosignatures import Cosignatures
from ._folder import LogFolder
from ._integrate import integrating
from ._store import Store
from ._witness_client import WitnessAddress, WitnessRefusalError, WitnessTroubleError, submit

FIRST_TURN = 0.01
"""Seconds between two tries to be the one process that asks, while this one may not sign."""
TIMEOUT = 5.0
"""Seconds that a witness may take for each step of a connection."""
AT_END = 2.0
"""Seconds for the last cosignatures when the log is closed."""
FIRST_PAUSE, MOST_PAUSE = 1.0, 60.0
"""Seconds after which a witness that gave none is asked again; twice as many each time."""
AGAIN = 60.0
"""Seconds after which a trouble that lasts is told again."""
_logger = logging.getLogger("chopmark")


class Witnessing:
    """Asks the witnesses of the log in `folder` for a process.

    Before the process signs anything, each witness was asked once, with the checkpoint that is
    there: so a copy that was set back is refused before it signs a second story. A witness that is
    down stops nothing; what it did not cosign then, it cosigns with the next checkpoint.
    """

    def __init__(
        self, folder: LogFolder, addresses: Sequence[WitnessAddress], every: float
    ) -> None:
        """Look for a new checkpoint `every` so many seconds."""
        self._folder, self._every = folder, every
        self._kept = Cosignatures(folder.path)
        self._each = [_Asking(address) for address in addresses]
        self._asked = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chopmark-witness", daemon=True)
        self._thread.start()

    def asked(self, timeout: float = 0) -> bool:
        """Return whether each witness was asked, after at most `timeout` seconds."""
        return self._asked.wait(timeout)

    def close(self) -> None:
        """Have the last checkpoint cosigned, as far as that takes `AT_END` seconds."""
        self._ending.set()
        self._thread.join(AT_END)

    def _run(self) -> None:
        ended, done, told = False, False, ""
        until = 0.0
        while not ended or (not done and time.monotonic() < until):
            if ended:
                time.sleep(FIRST_TURN)  # another process asks, maybe about an older checkpoint
            elif self._ending.wait(self._every if self._asked.is_set() else FIRST_TURN):
                ended, until = True, time.monotonic() + AT_END
            try:
                done = self._turn(ended)
            except (LogError, OSError) as error:
                done = True
                if str(error) != told:
                    told = str(error)
                    _logger.error("the log is not cosigned: %s", error)
            if done:
                self._asked.set()

    def _turn(self, ended: bool) -> bool:
        """Ask the witnesses whose turn it is; return whether that was possible."""
        try:
            head = self._folder.head.read_text("utf-8")
        except FileNotFoundError:
            return True  # nothing is signed yet
        due = [one for one in self._each if one.is_due(head, ended)]
        if not due:
            return True
        with _asking(self._folder) as mine:
            if not mine:
                return False  # another process asks now
            store = self._folder.open()
            try:
                last = store.checkpoint()
                size = last.size if last else None  # one for all: a proof carries them together
                for one in due:
                    one.ask(store, self._kept, head, size, AT_END if ended else TIMEOUT)
            finally:
                store.close()
        return True


class _Asking:
    """How it stands with one witness."""

    def __init__(self, address: WitnessAddress) -> None:
        self._address = address
        self._done = ""
        self._pause, self._next = 0.0, 0.0
        self._told, self._told_at = "", 0.0

    def is_due(self, head: str, ended: bool) -> bool:
        if head == self._done:
            return False
        return time.monotonic() >= self._next and not (ended and self._pause)

    def ask(
        self, store: Store, kept: Cosignatures, head: str, size: int | None, timeout: float
    ) -> None:
        name = self._address.key.name
        try:
            ask_one(store, kept, self._address, size, timeout)
        except WitnessRefusalError as error:
            self._wait()
            self._tell(
                logging.CRITICAL, f"witness {name} refuses the log, and nothing is signed: {error}"
            )
        except WitnessTroubleError as error:
            self._wait()
            self._tell(logging.WARNING, f"witness {name} ({self._address.url}): {error}")
        else:
            if self._told:
                _logger.warning("witness %s cosigns the log again", name)
            self._done, self._pause, self._told = head, 0.0, ""

    def _wait(self) -> None:
        self._pause = min(max(2 * self._pause, FIRST_PAUSE), MOST_PAUSE)
        self._next = time.monotonic() + self._pause

    def _tell(self, level: int, text: str) -> None:
        if text != self._told or time.monotonic() - self._told_at > AGAIN:
            self._told, self._told_at = text, time.monotonic()
            _logger.log(level, "%s", text)


def ask_one(
    store: Store,
    kept: Cosignatures,
    address: WitnessAddress,
    size: int | None = None,
    timeout: float = TIMEOUT,
) -> int:
    """Have the checkpoint of `size` entries, by default the last, cosigned, and keep what is said.

    Return how many entries the cosigned one has, 0 where none is signed yet.

    Raises:
        WitnessTroubleError: it gave no cosignature, for a reason that says nothing about the log.
        WitnessRefusalError: it knows another story of the log; nothing is signed until it cosigns
            again.
        LogError: the log cannot be read, or what the witness said not be kept.
    """
    try:
        found = submit(store, address, kept.known(address, store.origin), timeout, size)
    except WitnessTroubleError as error:
        kept.tell(address, str(error))
        raise
    except WitnessRefusalError as error:
        kept.refuse(store.origin, address, str(error))
        kept.tell(address, f"refused: {error}")
        raise
    if found is None:
        return 0
    kept.add(address, found)
    if kept.drop(str(address.key)):
        _logger.warning("witness %s cosigns the log again; it is signed on", address.key.name)
    return found.size


def drop_refusal(folder: LogFolder, who: str, reason: str) -> list[str]:
    """Sign again though a witness refused the log; the log says so, and for what `reason`.

    Args:
        folder: that of the log.
        who: the witness, by its name or its key.
        reason: why what it said does not count.

    Raises:
        LogError: it did not refuse this log, or the log is not free.
    """
    if not reason.strip():
        raise LogError("the reason is empty; say why its refusal does not count")
    kept = Cosignatures(folder.path)
    with integrating(folder) as mine:
        if not mine:
            raise LogError(f"log {str(folder.path)!r} is busy; try again")
        store = folder.open(writing=True)
        try:
            found = kept.refusals(store.origin, who)
            if not found:
                raise LogError(f"no witness {who!r} refuses the log; nothing was changed")
            for key, said in found.items():
                why = "the refusal of a witness was dropped"
                told = {"why": why, "witness": key, "said": said, "reason": reason}
                store.take([leaf_of("gap", told)], {})
                kept.drop(key)
        finally:
            store.close()
    return sorted(found)


@contextlib.contextmanager
def _asking(folder: LogFolder) -> Iterator[bool]:
    """Hold, for this process, what lets it ask; yield whether it could be had."""
    file = os.open(folder.path / "witness.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of the process: no fork inherits it
        except OSError:
            yield False
            return
        yield True
    finally:
        os.close(file)
