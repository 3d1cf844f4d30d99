"""How a signing key of a log gives way to the next: an entry that both signed, and who signs then.

The entry is found by the key that it takes out of force, so that whoever has that key still, on
whichever machine, finds that it must not sign any more. The next checkpoint is signed by both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from chopmark import LogError

from ._contents import leaf_of
from ._folder import LogFolder
from ._leaf import decode
from ._signing import SigningKey, read_signing_key, read_verifier_key
from ._store import Leaf, Store
from .verify import (
    ED25519,
    ML_DSA_44_COSIGNATURE,
    Handover,
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
    """Return those by which witnesses learn of new keys, as notes nobody has checked.

    Raises:
        LogError: the file cannot be read, or has something else in it.
    """
    notes = _notes_in(folder)
    try:
        for note in notes:
            Handover.parse_body(split_note(note)[0])
    except VerifyError as error:
        raise LogError(f"{str(folder.handovers)!r}: {error}") from error
    return notes


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
    found = [key for key in known_keys(folder, [public, *second]) if opens(note, key)]
    return found or [public]


def own_keys(folder: LogFolder) -> list[VerifierKey]:
    """Return the keys of the log in `folder`, and those before them.

    Raises:
        LogError: a file cannot be read.
    """
    return known_keys(folder, public_keys(folder))


def opens(note: str, key: VerifierKey) -> bool:
    try:
        open_checkpoint(note, [key])
    except VerifyError:
        return False
    return True
