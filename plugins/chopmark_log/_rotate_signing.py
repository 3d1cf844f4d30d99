"""Puts a new signing key in the place of the log's: see `_handover` for what that leaves behind.

Whatever is cut short is ended by doing it again: until then the log is signed by the old key, or,
once the entry about the new one is there, by both.
"""

from __future__ import annotations

from chopmark import LogError

from ._folder import LogFolder, overwrite, write_whole
from ._handover import handover_id, handover_leaf, handover_of, signers
from ._integrate import publish
from ._leaf import decode
from ._signing import SigningKey, read_signing_key, write_signing_key
from ._spool import sync_folder
from ._store import Store
from .verify import VerifyError, open_checkpoint, split_handovers


def rotate_signing(folder: LogFolder, store: Store) -> SigningKey:
    """Hand the log over to a new key, and return that. The caller holds the lock of the log.

    Raises:
        LogError: this machine does not sign, its key was handed over already, or a file cannot be
            written.
    """
    if not folder.signs:
        raise LogError(f"{str(folder.path)!r} has no log.key: rotate it on a machine that signs")
    former = signers(folder, store)[-1]  # the old one, also where both sign
    if folder.next_key.exists():
        new = read_signing_key(folder.next_key)
    else:
        new = SigningKey.new(former.public.name)
        write_signing_key(new, folder.next_key)
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
    write_whole(folder.public, f"{new.public}\n")
    store.say_key(str(new.public))
    overwrite(folder.key)
    folder.next_key.replace(folder.key)
    sync_folder(folder.path)
