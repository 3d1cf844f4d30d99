"""Whether entries are those that were signed: nothing is shown or proved of them before that."""

from __future__ import annotations

from ._errors import UnsoundError
from ._folder import LogFolder
from ._handover import own_keys
from ._store import Entry, Store
from .verify import Checkpoint, VerifyError, hash_leaf, open_checkpoint, root_by_inclusion


class Under:
    """The tree under a checkpoint that the log signed.

    Args:
        store: the log.
        note: the signed note of the checkpoint.

    Raises:
        UnsoundError: the log did not sign it.
        LogError: the log's keys cannot be read.
    """

    def __init__(self, store: Store, note: str) -> None:
        keys = own_keys(LogFolder(store.folder))
        try:
            self.head: Checkpoint = open_checkpoint(note, keys).checkpoint
        except VerifyError as error:
            raise UnsoundError(
                f"a checkpoint of log {store.name!r} does not hold: {error}"
            ) from error
        self._tree = store.tree(self.head.size)

    def prove(self, entry: Entry) -> tuple[bytes, ...]:
        """Return the hashes that prove that `entry` is under the checkpoint.

        Raises:
            UnsoundError: it is not.
            LogError: hashes are missing.
        """
        proof = tuple(self._tree.inclusion(entry.index))
        leaf = hash_leaf(entry.leaf)
        if root_by_inclusion(entry.index, self.head.size, leaf, proof) != self.head.root:
            raise UnsoundError(
                f"entry {entry.index} is not under the root that was signed: it, or a hash beside "
                "it, was changed in the store; `chopmark log verify` says what else was"
            )
        return proof


def check(store: Store, entry: Entry) -> bool | None:
    """Return True where `entry` is the one that was signed; None where none was signed yet.

    Raises:
        UnsoundError: it is another one than was signed, or taken.
        LogError: hashes are missing, or the log's keys.
    """
    last = store.checkpoint()
    if last is not None and entry.index < last.size:
        Under(store, last.note).prove(entry)
        return True
    if store.hashes(0, entry.index, entry.index + 1) != hash_leaf(entry.leaf):
        raise UnsoundError(f"entry {entry.index} is not the one that was taken, and is not signed")
    return None
