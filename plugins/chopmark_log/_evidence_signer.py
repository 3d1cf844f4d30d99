"""Signs the manifest of an evidence pack with the key of the log: a reader needs no other.

What is signed is a note (C2SP, signed-note) of two lines, never the message itself: no checkpoint
and no handover of keys, whatever it is that the message says.
"""

from __future__ import annotations

import hashlib

from chopmark import Policy

from ._folder import LogFolder
from ._handover import signers
from ._options import NAME, read_options
from ._signing import SigningKey

HEADER = "chopmark/evidence/manifest/1"
"""The first line of that note; the second has the SHA-256 of the manifest."""


class EvidenceSigner:
    """The key of a log, as it signs packs. It is made for one pack, and holds nothing open.

    `name` is the log's origin, `key_id` the id of the key, which is in the middle of `log.pub`.
    """

    def __init__(self, key: SigningKey) -> None:
        self.name, self.key_id = key.public.name, key.public.key_id.hex()
        self._key = key

    def sign(self, message: bytes) -> bytes:
        """Return a signed note of the digest of `message`."""
        body = f"{HEADER}\nsha256 {hashlib.sha256(message).hexdigest()}\n"
        return f"{body}\n{self._key.sign_text(body)}".encode()


def evidence_signer(policy: Policy) -> EvidenceSigner | None:
    """Return what signs packs; None where there is no log yet, or its key is on other machines.

    Raises:
        PolicyError: the policy's own options cannot be used.
        LogError: the key is here, and cannot be read, or was handed over to another one.
    """
    folder = read_options(policy.options(NAME), policy.folder).folder
    if not has_key(folder):
        return None
    store = folder.open()
    try:
        return EvidenceSigner(signers(folder, store)[0])
    finally:
        store.close()


def has_key(folder: LogFolder) -> bool:
    """Return whether there is a log, with its key on this machine."""
    return folder.is_log and (folder.key.exists() or folder.next_key.exists())
