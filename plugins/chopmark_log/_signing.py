"""Keys that sign notes: the log's own, and a witness's."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chopmark import LogError
from chopmark.private import read_private, write_private

from .verify import (
    ED25519,
    ED25519_COSIGNATURE,
    HANDOVER,
    ML_DSA_44_COSIGNATURE,
    Checkpoint,
    VerifierKey,
    VerifyError,
)
from .verify import cosigned_message as _cosigned

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

_PREFIX = "PRIVATE+KEY"
_PUBLIC = (
    "give the public one, which is in the file log.pub of the log, or witness.pub of a witness"
)
_NO_KEY = "is no key NAME+ID+KEY: it was cut short, or is of a type that is not known here"
_NAME_AND_ID = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+").match
_SEED_BYTES = 32
_MOST = 1 << 20  # bytes of a file with a key: a device may have no end
_KINDS = (ED25519, ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of Ed25519, or of ML-DSA-44. Its secret is in no `repr`.

    Args:
        public: the key that checks what this one signs.
        private: the key itself.
    """

    public: VerifierKey
    private: Ed25519PrivateKey | MLDSA44PrivateKey = field(repr=False)

    @classmethod
    def new(cls, name: str, kind: int = ED25519) -> SigningKey:
        """Return a new key; `name` is the log's origin, or that of a witness.

        Raises:
            LogError: `name` cannot be that of a key.
        """
        return cls.of_seed(name, os.urandom(_SEED_BYTES), kind)

    @classmethod
    def of_seed(cls, name: str, seed: bytes, kind: int = ED25519) -> SigningKey:
        """Return the key of 32 secret bytes (RFC 8032; FIPS 204, section 6.1)."""
        if not name or any(c.isspace() or c in "+\n" or not c.isprintable() for c in name):
            raise LogError(
                f"{name!r} cannot name a key: write an address without spaces and '+', for "
                "example example.com/chopmark/2026"
            )
        private = _ml_dsa(seed) if kind == ML_DSA_44_COSIGNATURE else _ed25519(seed)
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return cls(VerifierKey(name, kind, raw), private)

    def sign(self, checkpoint: Checkpoint, time: int = 0) -> str:
        """Return the signature line of the log under `checkpoint`.

        By ML-DSA-44 it is a cosignature, which says that at `time`, seconds since 1970, the log had
        no larger head; at 0 it says nothing of that.
        """
        if self.public.kind == ML_DSA_44_COSIGNATURE:
            return self.cosign(checkpoint.body, time)
        return self.sign_text(checkpoint.body)

    def sign_text(self, body: str) -> str:
        """Return the signature line of Ed25519 under the body of a note."""
        return self._line(self.private.sign(body.encode()))

    def sign_handover(self, body: str) -> str:
        """Return the signature line under the body of a note about keys (`verify.Handover`)."""
        if isinstance(self.private, Ed25519PrivateKey):
            return self.sign_text(body)
        # By its context it is no cosignature, whatever the body says (FIPS 204, section 5.2).
        signature = self.private.sign(body.encode(), HANDOVER.encode())
        return self._line(signature, self.public.handover_id)

    def cosign(self, body: str, time: int) -> str:
        """Return the signature line of a witness who saw the checkpoint `body` at `time`."""
        signature = self.private.sign(_cosigned(self.public, time, body))
        return self._line(time.to_bytes(8, "big") + signature)

    def _line(self, signature: bytes, key_id: bytes = b"") -> str:
        data = base64.b64encode((key_id or self.public.key_id) + signature).decode()
        return f"— {self.public.name} {data}\n"

    def to_text(self) -> str:
        """Return the secret key as a line: PRIVATE+KEY+NAME+ID+KEY."""
        seed = self.private.private_bytes_raw()
        data = base64.b64encode(bytes([self.public.kind]) + seed).decode()
        return f"{_PREFIX}+{self.public.name}+{self.public.key_id.hex()}+{data}"

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """Return the key that the line `text` is.

        Raises:
            LogError: it is none, or its id is not that of the key. The message does not show it.
        """
        line = text.strip()
        if not line.startswith(_PREFIX + "+"):
            raise LogError(f"no signing key: it begins with {_PREFIX}")
        name, _, rest = line[len(_PREFIX) + 1 :].partition("+")
        given, _, encoded = rest.partition("+")
        try:
            data = base64.b64decode(encoded, validate=True)
        except ValueError:
            data = b""
        if len(data) != _SEED_BYTES + 1 or data[0] not in _KINDS:
            raise LogError("no signing key: it was cut short, or is of a type that is not known")
        key = cls.of_seed(name, data[1:], data[0])
        if key.public.key_id.hex() != given:
            raise LogError(f"the signing key of {name!r} has the id of another; was it edited?")
        return key


def _ed25519(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def _ml_dsa(seed: bytes) -> MLDSA44PrivateKey:
    try:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

        return MLDSA44PrivateKey.from_seed_bytes(seed)
    except (ImportError, UnsupportedAlgorithm) as error:
        raise LogError(
            f"a key of ML-DSA-44 needs `cryptography` 48 or later, with an OpenSSL that has it: "
            f"{error}; update it, or take keys of Ed25519 alone"
        ) from error


def check_ml_dsa() -> None:
    """Raise where no key of ML-DSA-44 can be made or used.

    Raises:
        LogError: `cryptography` is too old; the message says what cures it.
    """
    _ml_dsa(bytes(_SEED_BYTES))


def sign_note(checkpoint: Checkpoint, keys: Sequence[SigningKey], time: int = 0) -> str:
    """Return `checkpoint` as a note that `keys` signed at `time`, seconds since 1970."""
    return checkpoint.body + "\n" + "".join(key.sign(checkpoint, time) for key in keys)


def read_signing_key(path: str | os.PathLike[str]) -> SigningKey:
    """Return the key in the file `path`.

    Raises:
        LogError: it cannot be read, is no key, or others than its owner can read it.
    """
    file = Path(path)
    try:
        content = read_private(file)
    except OSError as error:
        raise LogError(f"key {str(file)!r}: {error.strerror}") from error
    try:
        return SigningKey.parse(content.decode())
    except (LogError, UnicodeDecodeError) as error:
        raise LogError(f"key {str(file)!r}: {error}") from None


def write_signing_key(key: SigningKey, path: str | os.PathLike[str]) -> None:
    """Write the key to the new file `path`, readable by its owner alone.

    Raises:
        LogError: the file is there already, or cannot be written.
    """
    file = Path(path)
    try:
        write_private(file, f"{key.to_text()}\n".encode(), new=True)
    except FileExistsError:
        raise LogError(f"key {str(file)!r} is there already; nothing was changed") from None
    except OSError as error:
        raise LogError(f"key {str(file)!r} cannot be written: {error.strerror}") from error


def read_verifier_key(text: str) -> VerifierKey:
    """Return the public key that `text` is, or that the file of that name holds.

    Raises:
        LogError: it is none, or nothing here can check what it signs. What may be a secret, such as
            a private key, is not shown.
    """
    found = _read_verifier_key(text)
    if found.kind == ML_DSA_44_COSIGNATURE:
        check_ml_dsa()
    return found


def _read_verifier_key(text: str) -> VerifierKey:
    if "+" in text or is_private(text):
        try:
            return parse_verifier_key(text)
        except VerifyError as error:
            raise LogError(str(error)) from None
    file = Path(text)
    try:
        with file.open("rb") as opened:
            held = opened.read(_MOST).decode("utf-8")
    except OSError as error:
        raise LogError(f"key {text!r}: {error.strerror}") from error
    except UnicodeError:
        raise LogError(f"key {text!r}: {_NO_KEY}") from None
    if is_private(held):
        beside = file.with_suffix(".pub")
        public = f"give the public one, {str(beside)!r}" if beside.exists() else _PUBLIC
        raise LogError(f"key {text!r} is a private key, which signs: {public}")
    try:
        return parse_verifier_key(held)
    except VerifyError as error:
        raise LogError(f"key {text!r}: {error}") from None


def parse_verifier_key(text: str) -> VerifierKey:
    """Return the public key that `text` is; an error shows no more than its name and id.

    Raises:
        VerifyError: it is none.
    """
    if is_private(text):
        raise VerifyError(f"that is a private key, which signs: {_PUBLIC}")
    try:
        return VerifierKey.parse(text)
    except VerifyError:  # it shows all of the text, which may be a secret that was cut short
        begins = _NAME_AND_ID(text.strip())
        name = repr(f"{begins[0]}...") if begins is not None else "what was given"
    raise VerifyError(f"{name} {_NO_KEY}")


def is_private(text: str) -> bool:
    """Return whether `text` has a private key in it, one of a log or of any other kind."""
    return _PREFIX in text or "PRIVATE KEY" in text


def shown(value: object) -> str:
    """Return what was given, to be named in an error: all of it, but for a private key."""
    text = repr(value)
    return "a private key" if is_private(text) else text
