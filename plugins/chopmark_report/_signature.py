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
from typing import TYPE_CHECKING

from chopmark import ChopmarkError

if TYPE_CHECKING:
    from types import ModuleType

    from chopmark_log.verify import VerifierKey

HEADER = "chopmark/evidence/manifest/1"
"""The first line of that note; the second has the SHA-256 of the manifest."""

_KEY = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+\S+").fullmatch
_SECRET = re.compile(r".*\+.*|[A-Za-z0-9/=\s]{24,}", re.DOTALL).fullmatch  # a key, or a part of one
_PRIVATE = ("PRIVATE+KEY", "PRIVATE KEY")
_GIVE = "give the public key of the log that signed, NAME+ID+KEY, or its file, log.pub"
_MOST = 1 << 16
"""The bytes of a file that is looked at for a key."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The Ed25519 key of a log."""

    checks: VerifierKey

    @property
    def name(self) -> str:
        """The log's."""
        return self.checks.name

    @property
    def id(self) -> bytes:
        """Its id, as C2SP's signed-note has it: what a signature names its key by."""
        return self.checks.key_id

    def __str__(self) -> str:
        return f"key {self.id.hex()} of {self.name}"


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
        due = body_of(manifest)
        if key is None:
            said = self.data.rpartition(b"\n\n")[0] + b"\n"
            changed = said.startswith(f"{HEADER}\n".encode()) and said != due.encode()
            return "manifest.json was changed since it was signed" if changed else ""
        notes = _notes()
        try:
            body, signatures = notes.split_note(self.data.decode())
        except ValueError:  # no note, or no text
            body, signatures = "", []
        own = [one for one in signatures if (one.name, one.key_id) == (key.name, key.id)]
        if not own:
            return (
                f"manifest.sig has no signature by {key}; it says that key {self.key} of "
                f"{self.signer} signed"
            )
        try:
            for one in own:
                key.checks.check(body, one.data)
        except notes.VerifyError:
            return f"the signature by {key} does not hold"
        return "" if body == due else f"manifest.json was changed since {key} signed it"


def body_of(manifest: bytes) -> str:
    """Return what a log signs of a manifest."""
    return f"{HEADER}\nsha256 {hashlib.sha256(manifest).hexdigest()}\n"


def _notes() -> ModuleType:
    """Return what reads notes and keys: the program that an auditor checks a log with.

    Raises:
        ChopmarkError: a package is missing.
    """
    try:
        from chopmark_log import verify
    except ImportError as error:
        raise ChopmarkError(
            "a signature is checked by cryptography; install with: pip install 'chopmark[log]'"
        ) from error
    return verify


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
    notes = _notes()
    try:
        key: VerifierKey = notes.VerifierKey.parse(text)
    except notes.VerifyError:  # its words show all of the text
        raise ChopmarkError(
            f"{name} is no key NAME+ID+KEY, or has the id of another: it was cut short, or edited; "
            f"{_GIVE}"
        ) from None
    if key.kind != notes.ED25519:
        raise ChopmarkError(f"{name} signs no packs: it is a witness's, or ML-DSA-44; {_GIVE}")
    return PublicKey(key)
