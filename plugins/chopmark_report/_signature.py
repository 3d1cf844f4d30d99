"""The signature of a pack's manifest, and the public key that checks it.

A log signs a note (C2SP, signed-note) of the manifest's digest, which its public key, NAME+ID+KEY,
checks. Of a signer of any other kind no more is read here than whose it says that it is.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from chopmark import ChopmarkError

HEADER = "chopmark/evidence/manifest/1"
"""The first line of that note; the second has the SHA-256 of the manifest."""

_KEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})").fullmatch
_LINE = re.compile(r"— (\S+) ([A-Za-z0-9+/]+={0,2})").fullmatch
_SECRET = re.compile(r".*\+.*|[A-Za-z0-9/=\s]{24,}", re.DOTALL).fullmatch  # a key, or a part of one
_PRIVATE = ("PRIVATE+KEY", "PRIVATE KEY")
_GIVE = "give the public key of the log that signed, NAME+ID+KEY, or its file, log.pub"
_ED25519, _ID_BYTES, _KEY_BYTES = 1, 4, 32
_MOST = 1 << 16
"""The bytes of a file that is looked at for a key."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The Ed25519 key of the log `name`."""

    name: str
    raw: bytes

    @property
    def id(self) -> bytes:
        """Its id, as C2SP's signed-note has it: what a signature names its key by."""
        named = f"{self.name}\n".encode() + bytes([_ED25519]) + self.raw
        return hashlib.sha256(named).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"key {self.id.hex()} of {self.name}"

    def signed(self, body: str, signature: bytes) -> bool:
        """Return whether `signature` is one of `body` by this key.

        Raises:
            ChopmarkError: a package is missing.
        """
        try:
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        except ImportError as error:
            raise ChopmarkError(
                "a signature is checked by cryptography; install with: pip install 'chopmark[log]'"
            ) from error
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, body.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


class Note(NamedTuple):
    """A signed note: what was signed, and by the names of keys their ids with the signatures."""

    body: str
    signatures: list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Signature:
    """What `manifest.sig` holds; `signer` and `key` are what it says itself, and prove nothing."""

    signer: str
    key: str
    data: bytes

    @classmethod
    def parse(cls, text: bytes) -> Signature:
        """Return the signature in the bytes of the file.

        Raises:
            ValueError: it is none.
        """
        try:
            found = json.loads(text)
            told = [found[name] for name in ("signer", "key", "signature")]
            signer, key, data = (one for one in told if isinstance(one, str))
            return cls(signer, key, base64.b64decode(data, validate=True))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError("it has no texts signer, key and signature (base64)") from None

    def fault(self, manifest: bytes, key: PublicKey | None) -> str:
        """Return, as a sentence, why this is no signature of `manifest` by `key`, or "".

        Without a key it is looked at whether it is of this manifest, whoever signed.
        """
        note, due = _note(self.data), body_of(manifest)
        if key is None:
            changed = note is not None and note.body != due
            return "manifest.json was changed since it was signed" if changed else ""
        own = [
            data[_ID_BYTES:] for name, data in (note.signatures if note else ())
            if (name, data[:_ID_BYTES]) == (key.name, key.id)
        ]  # fmt: skip
        if note is None or not own:
            return (
                f"manifest.sig has no signature by {key}; it says that key {self.key} of "
                f"{self.signer} signed"
            )
        if not all(key.signed(note.body, one) for one in own):
            return f"the signature by {key} does not hold"
        return "" if note.body == due else f"manifest.json was changed since {key} signed it"


def body_of(manifest: bytes) -> str:
    """Return what a log signs of a manifest."""
    return f"{HEADER}\nsha256 {hashlib.sha256(manifest).hexdigest()}\n"


def _note(data: bytes) -> Note | None:
    """Return the note that `data` is, None where it is none of a manifest."""
    try:
        head, _, tail = data.decode().rpartition("\n\n")
    except UnicodeError:
        return None
    lines = [_LINE(line) for line in tail.removesuffix("\n").split("\n")]
    if not head.startswith(f"{HEADER}\n") or not tail.endswith("\n"):
        return None
    try:
        signed = [(one[1], base64.b64decode(one[2], validate=True)) for one in lines if one]
    except ValueError:
        return None
    return Note(f"{head}\n", signed) if len(signed) == len(lines) else None


def read_key(given: str) -> PublicKey:
    """Return the public key that `given` is, or that the file of that name holds.

    Raises:
        ChopmarkError: it is none. What may be a secret, such as a private key, is not shown.
    """
    if any(word in given for word in _PRIVATE):
        raise ChopmarkError(f"that is a private key, which signs: {_GIVE}")
    if _KEY(given.strip()):
        return _parse(given, "the key that was given")
    file, name = Path(given), "what was given" if _SECRET(given) else repr(given)
    try:
        with file.open("rb") as stream:
            held = stream.read(_MOST).decode("utf-8-sig", "replace")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no path"
        raise ChopmarkError(f"{name} is no key, and no file with one ({why}); {_GIVE}") from None
    name = repr(given)  # it is a file, so it is no key
    if any(word in held for word in _PRIVATE):
        beside = file.with_suffix(".pub")
        cure = f"give the public one, {str(beside)!r}" if beside.exists() else _GIVE
        raise ChopmarkError(f"key {name} is a private key, which signs: {cure}")
    return _parse(held, f"key {name}")


def _parse(text: str, name: str) -> PublicKey:
    found = _KEY(text.strip())
    try:
        data = base64.b64decode(found[3], validate=True) if found else b""
    except ValueError:
        data = b""
    if not found or not data:
        raise ChopmarkError(f"{name} is no key NAME+ID+KEY; {_GIVE}")
    if len(data) != 1 + _KEY_BYTES or data[0] != _ED25519:
        raise ChopmarkError(
            f"{name} is that of no log: it was cut short, or is a witness's; {_GIVE}"
        )
    key = PublicKey(found[1], data[1:])
    if key.id.hex() != found[2]:
        raise ChopmarkError(f"{name} has the id of another; was it cut short, or edited?")
    return key
