"""Proofs over two logs: a record in a machine's log, and that log's head in the parent's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chopmark import LogError

from ._export import prove_entry
from ._holding import Under
from ._leaf import decode
from ._parent import KIND, Parent, entry_id
from ._store import Entry, Store
from .verify import Proof, VerifierKey, VerifyError, split_note


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
        return Above(entry.leaf, prove_entry(store, entry))
    finally:
        store.close()


def prove_under(store: Store, entry: Entry, leaf: bytes) -> Proof:
    """Return the proof that `entry` is under the head that `leaf`, one of the parent, holds.

    Raises:
        UnsoundError: it is not.
        LogError: the leaf holds no head of this log, or one from before the entry.
    """
    head = _child_of(leaf)
    if head.log != store.origin:
        raise LogError(f"that is a head of log {head.log!r}, and this is {store.origin!r}")
    if entry.index >= head.size:
        raise LogError(
            f"the parent knows {head.size} entries, and this is entry {entry.index}; ask it again "
            "when it has seen more of the log"
        )
    return Proof(entry.index, Under(store, head.note).prove(entry), head.note)


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
    others = [key for key in theirs if key.kind != own.kind]
    if len(theirs) > len(others) and own not in theirs:
        raise VerifyError(f"the parent knows log {said.log!r} by another key: {own}")
    child = proof.check(leaf, [own, *others])
    return Both(signed.checkpoint.origin, child.checkpoint.origin, proof.index, known=bool(theirs))


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
