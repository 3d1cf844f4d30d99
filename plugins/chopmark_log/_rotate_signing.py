"""Puts a new signing key in the place of the log's: see `_handover` for what that leaves behind.

Whatever is cut short is ended by doing it again: until then the log is signed by the old key, or,
once the entry about the new one is there, by both.
"""

from __future__ import annotations

from chopmark import LogError

from ._files import overwrite, sync_folder, write_whole
from ._folder import LogFolder
from ._handover import handover_id, handover_leaf, handover_of, signers
from ._integrate import publish
from ._leaf import decode
from ._signing import SigningKey, read_signing_key, write_signing_key
from ._store import Store
from .verify import ED25519, LOG_KEYS, VerifyError, open_checkpoint, split_handovers


def rotate_signing(folder: LogFolder, store: Store, kind: int = ED25519) -> SigningKey:
    """Hand the log over to a new key, and return that. The caller holds the lock of the log.

    Args:
        folder: that of the log.
        store: the log.
        kind: the type of the key that gives way: 0x01 Ed25519, 0x06 ML-DSA-44.

    Raises:
        LogError: the log has no key of that type, this machine does not sign, its key was handed
            over already, or a file cannot be written.
    """
    files = folder.keys_of(kind)
    if not folder.signs:
        raise LogError(f"{str(folder.path)!r} has no log.key: rotate it on a machine that signs")
    if kind != ED25519 and not any(path.exists() for path in files):
        raise LogError(
            f"{str(folder.path)!r} has no key of {LOG_KEYS[kind]}: a log gets one when it is made, "
            "by `ml_dsa = true` or `chopmark log init --ml-dsa`"
        )
    former = signers(folder, store, kind)[-1]  # the old one, also where both sign
    if files.next.exists():
        new = read_signing_key(files.next)
    else:
        new = SigningKey.new(former.public.name, kind)
        write_signing_key(new, files.next)
    if former.public != new.public and handover_of(store, former.public) is None:
        store.take([handover_leaf(former, new)], {})
    publish(folder, store)
    last = store.checkpoint()
    try:
        open_checkpoint(last.note if last else "", [new.public])
    except VerifyError as error:
        raise LogError(f"the new key signed nothing yet ({error}); do it again") from error
    _finish(folder, store, former, new)
    return new


def _finish(folder: LogFolder, store: Store, former: SigningKey, new: SigningKey) -> None:
    """Give the new key the place of the old one, whose bytes are destroyed."""
    entry = store.find(handover_id(former.public))
    if entry is not None:
        note = decode(entry.leaf)["note"]
        known = folder.handovers.read_text("utf-8") if folder.handovers.exists() else ""
        if note not in split_handovers(known):
            write_whole(folder.handovers, known + note)
    files = folder.keys_of(new.public.kind)
    write_whole(files.public, f"{new.public}\n")
    store.say_key(new.public)
    overwrite(files.key)
    files.next.replace(files.key)
    sync_folder(folder.path)
