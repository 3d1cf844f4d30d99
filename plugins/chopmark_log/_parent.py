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
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from chopmark import LogError

from ._audit import prove
from ._contents import leaf_of
from ._folder import LogFolder
from ._integrate import check_head, integrating, publish
from ._leaf import decode
from ._signing import read_signing_key
from ._store import Store
from ._witness import Refusal, Request
from ._witness_client import Reply, WitnessAddress, submit
from ._witness_state import Watched, Witness, WitnessFolder
from .verify import Proof, VerifierKey, VerifyError, open_checkpoint, split_note

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

    def answer(self, data: bytes) -> str | Refusal:
        """Return the cosignature for the body of `add-checkpoint`, or why there is none.

        What was cosigned is an entry under a signed head of the parent by then. A crash between
        leaves a head that is known and not written; it is written when its log asks again, which it
        does, for it has no cosignature.

        Raises:
            LogError: the parent cannot keep it.
        """
        with self._writing() as store:
            found = super().answer(data)
            if isinstance(found, str):
                note = Request.parse(data).note
                key = _signer(note, self._known(Request.parse(data).checkpoint.origin))
                self._write(store, note, key)
        return found

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

    def _known(self, origin: str) -> Sequence[VerifierKey]:
        with self._opened() as base:
            return self._keys(base, origin) or ()

    def _write(self, store: Store, note: str, key: VerifierKey) -> None:
        head = Request.parse(f"old 0\n\n{note}".encode())
        id = entry_id(head.body)
        if store.find(id) is None:
            said = {"log": head.checkpoint.origin, "size": head.checkpoint.size}
            _, leaf = leaf_of(
                KIND, {**said, "id": str(UUID(bytes=id)), "key": str(key), "note": note}
            )
            store.take([(id, leaf)], {})
        publish(self.folder, store)

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


class Gathered(NamedTuple):
    """What was gathered of a child: `size` entries of log `origin` are under the parent now."""

    origin: str
    size: int


def gather(parent: Parent, child: LogFolder) -> Gathered:
    """Have the last head of a log that can be read from here written into the parent.

    Raises:
        LogError: the child has no checkpoint, is not known, or cannot be read.
        WitnessRefusalError: it does not begin with what the parent knows of it.
        WitnessTroubleError: the parent does not know the log or its key.
    """
    store = child.open()
    try:
        here = WitnessAddress("", parent.key.public)
        sizes = {one.origin: one.size for one in parent.logs()}

        def ask(address: WitnessAddress, body: bytes, timeout: float) -> Reply:
            found = parent.answer(body)
            if isinstance(found, Refusal):
                return Reply(found.status, found.body)
            return Reply(200, found)

        found = submit(store, here, sizes.get(store.origin, 0), 0, ask=ask)
        if found is None:
            raise LogError(f"log {store.origin!r} has no checkpoint yet; ask again in a second")
        return Gathered(store.origin, found.size)
    finally:
        store.close()


def entry_id(body: str) -> bytes:
    """Return the id of the entry for a child's checkpoint: 16 bytes of the hash of its body."""
    return hashlib.sha256(f"chopmark/log/child\n{body}".encode()).digest()[:16]


@dataclass(frozen=True, slots=True)
class Above:
    """That a child's head is in the parent: the entry that holds it, and the proof of that."""

    leaf: bytes
    proof: Proof


def prove_head(parent: Parent, origin: str) -> Above:
    """Return the proof that the last known head of the child `origin` is in the parent's log.

    Raises:
        LogError: it is no child, or has shown no head yet.
    """
    known = parent.child(origin)
    store = parent.folder.open()
    try:
        entry = store.find(entry_id(split_note(known.note)[0]))
        if entry is None:
            raise LogError(f"the last head of log {origin!r} is not written yet; let it ask again")
        return Above(entry.leaf, prove(store, entry.index))
    finally:
        store.close()


def prove_under(store: Store, index: int, leaf: bytes) -> Proof:
    """Return the proof that entry `index` is under the head that `leaf`, one of the parent, holds.

    Raises:
        LogError: the leaf holds no head of this log, or one from before the entry.
    """
    head = _child_of(leaf)
    if head.log != store.origin:
        raise LogError(f"that is a head of log {head.log!r}, and this is {store.origin!r}")
    if index >= head.size:
        raise LogError(
            f"the parent knows {head.size} entries, and this is entry {index}; ask it again "
            "when it has seen more of the log"
        )
    store.entry(index)
    return Proof(index, tuple(store.tree(head.size).inclusion(index)), head.note)


class Both(NamedTuple):
    """What two proofs show: `entry` of log `child` is under the head of log `parent`.

    `known` says whether the child's key is one that the reader knew, or only the parent's word.
    """

    parent: str
    child: str
    entry: int
    known: bool


def check_both(
    leaf: bytes, proof: Proof, head: bytes, above: Proof, keys: Sequence[VerifierKey]
) -> Both:
    """Check that `leaf` is in a child's log whose head, the entry `head`, is in the parent's.

    Args:
        leaf: what was recorded.
        proof: that it is in its log.
        head: the parent's entry.
        above: that this is in the parent's log.
        keys: the parent's key, and the child's where the reader knows it. Else the key is taken
            that the parent took the head by.

    Raises:
        VerifyError: something of it does not hold.
    """
    signed = above.check(head, keys)
    try:
        said = _child_of(head)
        own = VerifierKey.parse(said.key)
    except LogError as error:
        raise VerifyError(str(error)) from error
    if split_note(said.note)[0] != split_note(proof.note)[0]:
        raise VerifyError("the proof ends in another head than the one that the parent has")
    theirs = [key for key in keys if key.name == said.log]
    if theirs and own not in theirs:
        raise VerifyError(f"the parent knows log {said.log!r} by another key: {own}")
    child = proof.check(leaf, [own])
    return Both(signed.checkpoint.origin, child.checkpoint.origin, proof.index, known=bool(theirs))


def _children(folder: LogFolder) -> WitnessFolder:
    return WitnessFolder(folder.path / "children")


class _Child(NamedTuple):
    log: str
    size: int
    key: str
    note: str


def _child_of(leaf: bytes) -> _Child:
    data = decode(leaf)
    try:
        if data["k"] == KIND:
            return _Child(str(data["log"]), int(data["size"]), str(data["key"]), str(data["note"]))
    except (KeyError, ValueError) as error:
        raise LogError(f"that entry is no head of a log: {error}") from error
    raise LogError(f"that entry is of kind {data['k']!r}, and no head of a log")


def _signer(note: str, keys: Sequence[VerifierKey]) -> VerifierKey:
    """Return the key, one of `keys`, that signed a child's checkpoint."""
    for key in keys:
        with contextlib.suppress(VerifyError):
            open_checkpoint(note, [key])
            return key
    raise LogError("a head was cosigned that no known key signed")
