"""A parent log: its entries are the signed heads of other logs, one log for each machine.

Each machine keeps a log of its own, with a key of its own, and no machine waits for another. The
parent is a witness (C2SP tlog-witness) that writes down what it cosigns: before a child gets its
cosignature, its head is an entry of the parent's own log. So one head, the parent's, stands for all
that all machines recorded, and a record is proved by two inclusion proofs: the record in its log,
and that log's head in the parent's.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from chopmark import LogError

from ._contents import leaf_of
from ._folder import LogFolder
from ._integrate import check_head, integrating, publish
from ._signing import read_signing_key
from ._store import Store
from ._witness import ADD_CHECKPOINT, Refusal, Request
from ._witness_client import Reply, WitnessAddress, submit
from ._witness_server import WitnessServer
from ._witness_state import Watched, Witness, WitnessFolder
from ._work import CHECKPOINT
from .verify import ED25519, VerifierKey, VerifyError, open_checkpoint

_logger = logging.getLogger("chopmark")
KIND = "child"
PATIENCE = 10.0
"""Seconds that an answer waits for the lock of the parent's log."""


def make_parent(folder: LogFolder, origin: str) -> VerifierKey:
    """Make a log named `origin` for the heads of others; return the key that cosigns them.

    Raises:
        LogError: there is one already, or the folder cannot be made.
    """
    folder.create(origin)
    return _children(folder).create(f"{origin}/parent").public


class Parent(Witness):
    """Cosigns heads of logs, and writes each into a log of its own first.

    Shared by threads and processes, which take turns.

    Raises:
        LogError: the folder has no parent log.
    """

    def __init__(self, folder: LogFolder) -> None:
        beside = _children(folder)
        if not folder.is_log or not beside.base.exists():
            raise LogError(
                f"{str(folder.path)!r} is no parent log; make one with `chopmark log parent init`"
            )
        super().__init__(beside.base, read_signing_key(beside.key))
        self.folder = folder
        self._signed = 0.0

    def answer(self, data: bytes) -> str | Refusal:
        """Return the cosignature for the body of `add-checkpoint`, or why there is none.

        What was cosigned is an entry of the parent by then; the parent signs its own head once a
        second while heads come, and else by `sign`. A crash between leaves a head that is known and
        not written; it is written when its log asks again, which it does, for it has no
        cosignature.

        Raises:
            LogError: the parent cannot keep it.
        """
        with self._writing() as store:
            found = super().answer(data)
            if isinstance(found, str):
                self._write(store, Request.parse(data))
                if self._is_due():
                    self._sign(store)
        return found

    def hand_over(self, data: bytes) -> Refusal | None:
        """Do as a witness does; between a head and its entry the child's key does not change.

        Raises:
            LogError: the parent cannot keep it.
        """
        with self._writing():
            return super().hand_over(data)

    def sign(self, *, now: bool = True) -> None:
        """Sign the head of the parent's log; not `now`: where that was not done for a second.

        Raises:
            LogError: it is an older copy than the one that was signed last.
        """
        if now or self._is_due():
            with self._writing() as store:
                self._sign(store)

    def _is_due(self) -> bool:
        return time.monotonic() - self._signed >= CHECKPOINT

    def _sign(self, store: Store) -> None:
        publish(self.folder, store)
        self._signed = time.monotonic()

    def child(self, origin: str) -> Watched:
        """Return what is known of the log `origin`.

        Raises:
            LogError: it is no child of this log, or has shown no head yet.
        """
        for one in self.logs():
            if one.origin == origin and one.note:
                return one
            if one.origin == origin:
                raise LogError(f"log {origin!r} has shown no head yet; let it ask, or gather it")
        raise LogError(f"log {origin!r} is no child; add its key by `chopmark log parent add`")

    def _write(self, store: Store, shown: Request) -> None:
        head, id = shown.checkpoint, entry_id(shown.body)
        if store.find(id) is None:
            with self._opened() as base:
                key = _signer(shown.note, self._keys(base, head.origin) or ())
            said = {"log": head.origin, "size": head.size, "key": str(key), "note": shown.note}
            _, leaf = leaf_of(KIND, {"id": str(UUID(bytes=id)), **said})
            store.take([(id, leaf)], {})

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Store]:
        """Hold the lock of the log: heads of a child are entries in the order of their sizes."""
        end = time.monotonic() + PATIENCE
        while True:
            with integrating(self.folder) as mine:
                if mine:
                    store = self.folder.open(writing=True)
                    try:
                        check_head(self.folder, store)
                        yield store
                    finally:
                        store.close()
                    return
            if time.monotonic() > end:
                raise LogError(f"parent log {str(self.folder.path)!r} is busy; try again")
            time.sleep(0.005)


class ParentServer(WitnessServer):
    """Answers for a parent, and signs its head while no head comes."""

    def __init__(self, parent: Parent, address: tuple[str, int]) -> None:
        self._parent = parent
        super().__init__(parent, address)

    def service_actions(self) -> None:
        """Sign, twice a second at the most: the server calls it between two questions."""
        try:
            self._parent.sign(now=False)
        except LogError as error:
            _logger.error("parent: %s", error)

    def server_close(self) -> None:
        """Close it, and sign what came last."""
        super().server_close()
        self._parent.sign()


class Gathered(NamedTuple):
    """What was gathered of a child: `size` entries of log `origin` are under the parent now."""

    origin: str
    size: int


def gather(parent: Parent, child: LogFolder) -> Gathered:
    """Have the last head of a log that can be read from here written into the parent.

    It is under the parent's head when that was signed (`Parent.sign`).

    Raises:
        LogError: the child has no checkpoint, is not known, or cannot be read.
        WitnessRefusalError: it does not begin with what the parent knows of it.
        WitnessTroubleError: the parent does not know the log or its key.
    """
    store = child.open()
    try:
        here = WitnessAddress("", parent.key.public)
        sizes = {one.origin: one.size for one in parent.logs()}

        def ask(address: WitnessAddress, body: bytes, timeout: float, what: str) -> Reply:
            found = parent.answer(body) if what == ADD_CHECKPOINT else parent.hand_over(body)
            if isinstance(found, Refusal):
                return Reply(found.status, found.body)
            return Reply(200, found or "")

        found = submit(store, here, sizes.get(store.origin, 0), 0, ask=ask)
        if found is None:
            raise LogError(f"log {store.origin!r} has no checkpoint yet; ask again in a second")
        return Gathered(store.origin, found.size)
    finally:
        store.close()


def entry_id(body: str) -> bytes:
    """Return the id of the entry for a child's checkpoint: 16 bytes of the hash of its body."""
    return hashlib.sha256(f"chopmark/log/child\n{body}".encode()).digest()[:16]


def _children(folder: LogFolder) -> WitnessFolder:
    return WitnessFolder(folder.path / "children")


def _signer(note: str, keys: Sequence[VerifierKey]) -> VerifierKey:
    """Return the key of Ed25519, one of `keys`, that signed a child's checkpoint."""
    for key in [one for one in keys if one.kind == ED25519]:
        with contextlib.suppress(VerifyError):
            open_checkpoint(note, [key])
            return key
    raise LogError("a head was cosigned that no known key signed")
