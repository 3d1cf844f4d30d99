"""How a signing key of a log gives way to the next: an entry that both signed, and who signs then.

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
    ED25519,
    LOG_KEYS,
    ML_DSA_44_COSIGNATURE,
    Checkpoint,
    Handover,
    UnknownError,
    VerifierKey,
    VerifyError,
    open_checkpoint,
    split_handovers,
    split_note,
    with_successors,
)

_LONG = 2048
"""Bytes of a signature: those of ML-DSA-44 alone have more, 2,428 with their time."""


def handover_id(old: VerifierKey) -> bytes:
    """Return the id, 16 bytes, of the entry by which `old` is handed over."""
    return hashlib.sha256(f"chopmark/log/key\n{old}".encode()).digest()[:16]


def handover_leaf(old: SigningKey, new: SigningKey) -> Leaf:
    """Return the entry that says that `new` takes the place of `old`."""
    return leaf_of("key", {"note": handover_note(old, new)}, handover_id(old.public))


def handover_note(old: SigningKey, new: SigningKey) -> str:
    """Return what that entry has: a note that both keys signed."""
    body = Handover(old.public, new.public).body
    return body + "\n" + old.sign_handover(body) + new.sign_handover(body)


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


def all_signers(folder: LogFolder, store: Store) -> list[SigningKey]:
    """Return all keys in the folder that sign the log's next checkpoint, of one type or of both.

    Raises:
        LogError: one is missing, or was handed over to one that is not here.
    """
    found = signers(folder, store)
    if any(path.exists() for path in folder.second):
        return [*found, *signers(folder, store, ML_DSA_44_COSIGNATURE)]
    last = store.checkpoint()
    if last is not None and _is_of_both(last.note, store.origin):
        raise LogError(
            f"nothing is signed: the log has a key of ML-DSA-44, too, and {folder.second.key.name} "
            f"is not in {str(folder.path)!r}; bring it here from the machine where it is"
        )
    return found


def _is_of_both(note: str, origin: str) -> bool:
    """Return whether a checkpoint has a signature of its log's that is as long as ML-DSA-44's."""
    return any(s.name == origin and len(s.data) > _LONG for s in split_note(note)[1])


def signers(folder: LogFolder, store: Store, kind: int = ED25519) -> list[SigningKey]:
    """Return the keys of type `kind` in the folder that sign, the one in force first.

    Raises:
        LogError: there is none, or it was handed over to one that is not here.
    """
    files = folder.keys_of(kind)
    following = read_signing_key(files.next) if files.next.exists() else None
    try:
        own = read_signing_key(files.key)
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
        f"nothing is signed: {str(files.key)!r} was handed over to key {_told(found.new)}; bring "
        "that one here from the machine where it is, or take this one away, and only write"
    )


def _told(key: VerifierKey) -> str:
    return str(key) if key.kind == ED25519 else f"{key.name}+{key.key_id.hex()}"  # else 1,755 chars


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
        return [Handover.open(one) for one in _notes_in(folder)]
    except VerifyError as error:
        raise LogError(f"{str(folder.handovers)!r}: {error}") from error


def notes_for_witnesses(folder: LogFolder) -> list[str]:
    """Return those of keys of Ed25519, by which witnesses know a log, as notes nobody has checked.

    Raises:
        LogError: the file cannot be read, or has something else in it.
    """
    try:
        bodies = {note: split_note(note)[0] for note in _notes_in(folder)}
        return [n for n, body in bodies.items() if Handover.parse_body(body).old.kind == ED25519]
    except VerifyError as error:
        raise LogError(f"{str(folder.handovers)!r}: {error}") from error


def _notes_in(folder: LogFolder) -> list[str]:
    try:
        return split_handovers(folder.handovers.read_text("utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeError) as error:
        raise LogError(f"{str(folder.handovers)!r}: {error}") from error


def public_keys(folder: LogFolder) -> list[VerifierKey]:
    """Return the keys that check the log's checkpoints now: of Ed25519, and of ML-DSA-44 if it has.

    Raises:
        LogError: a file cannot be read.
    """
    return [read_verifier_key(file) for file in folder.publics]


def keys_under(folder: LogFolder, public: VerifierKey, note: str) -> list[VerifierKey]:
    """Return the keys of the log in `folder` that signed `note`, by default `public`, its last one.

    A checkpoint from before the log was handed over is under the key of that time.

    Raises:
        LogError: a file cannot be read.
    """
    second = [read_verifier_key(file) for file in folder.publics[1:]]
    found = [key for key in known_keys(folder, [public, *second]) if _opens(note, key)]
    return found or [public]


def own_keys(folder: LogFolder) -> list[VerifierKey]:
    """Return the keys of the log in `folder`, and those before them.

    Raises:
        LogError: a file cannot be read.
    """
    return known_keys(folder, public_keys(folder))


class History:
    """Which keys were in force at which size, by the entries of the log itself.

    Args:
        keys: those that are known from elsewhere. One of them must be among those of the history;
            of a type of which none is known, nothing is asked.
        entries: the entries that hand over keys: their indices, and their leaves.
        pruned: how many entries are gone.
        before: the handovers that may have been among those.
    """

    def __init__(
        self, keys: Sequence[VerifierKey], entries: Iterable[tuple[int, bytes]],
        pruned: int = 0, before: Sequence[Handover] = (),
    ) -> None:  # fmt: skip
        self.faults: list[str] = []
        self._others = [key for key in keys if key.kind not in LOG_KEYS]
        turns: dict[int, list[tuple[int, Handover]]] = {kind: [] for kind in LOG_KEYS}
        for index, leaf in entries:
            try:
                found = Handover.open(decode(leaf)["note"])
            except UnknownError:
                continue  # none of its type can be known, either
            except (LogError, VerifyError, KeyError, AttributeError) as error:
                self.faults.append(f"entry {index} is no handover of keys: {error}")
                continue
            earlier = turns[found.old.kind]
            if earlier and earlier[-1][1].new != found.old:
                self.faults.append(
                    f"entry {index} hands over key {found.old.key_id.hex()}, which was not in force"
                )
            earlier.append((index, found))
        self._lines = [
            _Line(
                [key for key in keys if key.kind == kind], turns[kind], pruned,
                [one for one in before if one.old.kind == kind],
            )
            for kind in LOG_KEYS
        ]  # fmt: skip

    def open(self, note: str, size: int) -> Checkpoint:
        """Return the checkpoint of `size` entries in a note that the keys in force signed.

        Raises:
            VerifyError: one of them did not, or it is not known.
        """
        known = [key for line in self._lines for key in line.at(size)]
        try:
            return open_checkpoint(note, [*known, *self._others]).checkpoint
        except VerifyError:
            for index, stale in [one for line in self._lines for one in line.stale(size)]:
                if _opens(note, stale):
                    raise VerifyError(
                        f"it is signed by key {stale.key_id.hex()}, which was given up at entry "
                        f"{index}"
                    ) from None
            raise


class _Line:
    """The keys of one type, one after the other; the arguments are as for `History`."""

    def __init__(
        self, keys: Sequence[VerifierKey], turns: Sequence[tuple[int, Handover]], pruned: int,
        before: Sequence[Handover],
    ) -> None:  # fmt: skip
        self._keys, self._turns, self._pruned = keys, turns, pruned
        known = {one for _, one in turns}
        gone = [one for one in before if one not in known]
        self._former = [gone[0].old, *(one.new for one in gone)] if gone else []
        self._chain = self._former[-1:]
        if turns:
            self._chain = [turns[0][1].old, *(one.new for _, one in turns)]
        self._is_known = bool({*self._chain, *self._former} & set(keys))

    def at(self, size: int) -> Sequence[VerifierKey]:
        """Return the keys of which one must have signed a checkpoint of `size` entries."""
        if not self._is_known:
            return self._keys
        if self._former and size <= self._pruned:  # which of them it was is in no entry any more
            return self._former
        return [self._chain[self._given_up(size)]]

    def stale(self, size: int) -> list[tuple[int, VerifierKey]]:
        """Return the keys that were given up before, and by which entry."""
        if not self._is_known or (self._former and size <= self._pruned):
            return []
        over = self._turns[: self._given_up(size)]
        return [(index, key) for (index, _), key in zip(over, self._chain, strict=False)]

    def _given_up(self, size: int) -> int:
        return sum(index < size for index, _ in self._turns)


def _opens(note: str, key: VerifierKey) -> bool:
    try:
        open_checkpoint(note, [key])
    except VerifyError:
        return False
    return True
