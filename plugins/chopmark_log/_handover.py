"""How a log's signing key gives way to the next one: an entry that both signed, and who signs then.

The entry is found by the key that it takes out of force, so that whoever has that key still, on
whichever machine, finds that it must not sign any more. The next checkpoint is signed by both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from chopmark import LogError

from ._contents import leaf_of
from ._folder import LogFolder
from ._leaf import decode
from ._signing import SigningKey, read_signing_key, read_verifier_key
from ._store import Leaf, Store
from .verify import (
    Checkpoint,
    Handover,
    VerifierKey,
    VerifyError,
    open_checkpoint,
    split_handovers,
    with_successors,
)


def handover_id(old: VerifierKey) -> bytes:
    """Return the id, 16 bytes, of the entry by which `old` is handed over."""
    return hashlib.sha256(f"chopmark/log/key\n{old}".encode()).digest()[:16]


def handover_leaf(old: SigningKey, new: SigningKey) -> Leaf:
    """Return the entry that says that `new` takes the place of `old`."""
    return leaf_of("key", {"note": handover_note(old, new)}, handover_id(old.public))


def handover_note(old: SigningKey, new: SigningKey) -> str:
    """Return what that entry has: a note that both keys signed."""
    body = Handover(old.public, new.public).body
    return body + "\n" + old.sign_text(body) + new.sign_text(body)


def is_handover(leaf: bytes) -> bool:
    """Return whether a leaf may be such an entry: keys are in order, so that it looks so."""
    return b',"k":"key","note":"' in leaf


def handover_of(store: Store, old: VerifierKey) -> Handover | None:
    """Return what `old` was handed over to, if it was.

    Raises:
        LogError: the log says so in an entry that does not hold.
    """
    entry = store.find(handover_id(old))
    if entry is None:
        return None
    try:
        return Handover.open(decode(entry.leaf)["note"])
    except (VerifyError, KeyError, AttributeError) as error:
        raise LogError(f"entry {entry.index} of the log is no handover of keys: {error}") from error


def signers(folder: LogFolder, store: Store) -> list[SigningKey]:
    """Return the keys in the folder that sign the log's next checkpoint, the one in force first.

    Raises:
        LogError: there is none, or it was handed over to one that is not here.
    """
    following = read_signing_key(folder.next_key) if folder.next_key.exists() else None
    try:
        own = folder.signing_key()
    except LogError:
        if following is None:
            raise
        return [following]  # a crash came between the end of the one and the name of the other
    found = handover_of(store, own.public)
    if found is None:
        return [own]
    if following is not None and following.public == found.new:
        return [following, own]
    raise LogError(
        f"nothing is signed: {str(folder.key)!r} was handed over to key {found.new}; bring that "
        "one here from the machine where it is, or take this one away, and only write"
    )


def known_keys(folder: LogFolder, keys: Sequence[VerifierKey]) -> list[VerifierKey]:
    """Return `keys`, and those that came before and after them by handovers in the folder.

    Those before are good for what is compared with the log itself, and for nothing else.

    Raises:
        LogError: a handover does not hold, or the file cannot be read.
    """
    handovers = handovers_in(folder)
    found = with_successors(keys, handovers)
    for one in reversed(handovers):
        if one.new in found and one.old not in found:
            found.append(one.old)
    return found


def handovers_in(folder: LogFolder) -> list[Handover]:
    """Return the handovers in the folder of a log, the first one first.

    Raises:
        LogError: one does not hold, or the file cannot be read.
    """
    try:
        return [Handover.open(one) for one in notes_in(folder)]
    except VerifyError as error:
        raise LogError(f"{str(folder.handovers)!r}: {error}") from error


def notes_in(folder: LogFolder) -> list[str]:
    """Return the same as notes, signed by both keys, which nobody has checked.

    Raises:
        LogError: the file cannot be read.
    """
    try:
        return split_handovers(folder.handovers.read_text("utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeError) as error:
        raise LogError(f"{str(folder.handovers)!r}: {error}") from error


def keys_under(folder: LogFolder, public: VerifierKey, note: str) -> list[VerifierKey]:
    """Return the keys of the log in `folder` that signed `note`, by default `public`, its last one.

    A checkpoint from before the log was handed over is under the key of that time.

    Raises:
        LogError: a file cannot be read.
    """
    found = [key for key in known_keys(folder, [public]) if _opens(note, key)]
    return found or [public]


def own_keys(folder: LogFolder) -> list[VerifierKey]:
    """Return the key of the log in `folder`, and those before it.

    Raises:
        LogError: a file cannot be read.
    """
    return known_keys(folder, [read_verifier_key(str(folder.public))])


class History:
    """Which key was in force at which size, by the entries of the log itself.

    Args:
        keys: those that are known from elsewhere. One of them must be among those of the history.
        entries: the entries that hand over keys: their indices, and their leaves.
        pruned: how many entries are gone.
        before: the handovers that may have been among those.
    """

    def __init__(
        self, keys: Sequence[VerifierKey], entries: Iterable[tuple[int, bytes]],
        pruned: int = 0, before: Sequence[Handover] = (),
    ) -> None:  # fmt: skip
        self._keys, self._pruned = keys, pruned
        self._turns: list[tuple[int, Handover]] = []
        self.faults: list[str] = []
        for index, leaf in entries:
            try:
                found = Handover.open(decode(leaf)["note"])
            except (LogError, VerifyError, KeyError, AttributeError) as error:
                self.faults.append(f"entry {index} is no handover of keys: {error}")
                continue
            if self._turns and self._turns[-1][1].new != found.old:
                self.faults.append(
                    f"entry {index} hands over key {found.old.key_id.hex()}, which was not in force"
                )
            self._turns.append((index, found))
        known = {one for _, one in self._turns}
        gone = [one for one in before if one not in known]
        self._former = [gone[0].old, *(one.new for one in gone)] if gone else []

    def open(self, note: str, size: int) -> Checkpoint:
        """Return the checkpoint of `size` entries in a note that the key in force signed.

        Raises:
            VerifyError: it did not, or it is not known.
        """
        chain = self._former[-1:]
        if self._turns:
            chain = [self._turns[0][1].old, *(one.new for _, one in self._turns)]
        if not {*chain, *self._former} & set(self._keys):
            return open_checkpoint(note, self._keys).checkpoint
        if self._former and size <= self._pruned:  # which of them it was is in no entry any more
            return open_checkpoint(note, self._former).checkpoint
        now = sum(index < size for index, _ in self._turns)
        try:
            return open_checkpoint(note, [chain[now]]).checkpoint
        except VerifyError:
            for (index, _), stale in zip(self._turns[:now], chain, strict=False):
                if _opens(note, stale):
                    raise VerifyError(
                        f"it is signed by key {stale.key_id.hex()}, which was given up at entry "
                        f"{index}"
                    ) from None
            raise


def _opens(note: str, key: VerifierKey) -> bool:
    try:
        open_checkpoint(note, [key])
    except VerifyError:
        return False
    return True
