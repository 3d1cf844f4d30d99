"""Signatures of SM2 with SM3 (GB/T 32918.2, GB/T 32905), behind the role `Signer`.

Two libraries, since a secret and a stranger's file ask for different things:

- **Signing** is done by GmSSL, the reference code of the Chinese algorithms, through gmssl-pyx
  (Apache-2.0; a release in 2026-09; wheels for Linux and macOS on x86-64 and for Windows, CPython
  3.8 to 3.14). The nonce and all arithmetic with the secret are C of fixed width; constant time
  is not promised by GmSSL, nor was it measured here, so a key of weight belongs in a key store or
  HSM behind a `Signer` of your own. Not taken: tongsuopy (no release since 2023-02, so with an
  OpenSSL of that year), gmssl and snowland-smx (pure Python, which branches on each bit of the
  nonce; the latter accepts an r and s out of range), gmssl-fast (first release). pyca's
  cryptography has SM3 and no SM2.
- **Verifying** has no secrets and must run everywhere, so the arithmetic is that of ecdsa (pure
  Python, MIT, a release in 2026-03). GmSSL would also write to standard error for each signature
  that does not fit, and trying several messages is our trade.

`pip install 'chopmark[sm2]'` brings both; verifying needs ecdsa only.
"""

from __future__ import annotations

import hashlib

from chopmark import MarkError

from ._sm2_keys import (
    GENERATOR,
    ORDER,
    A,
    B,
    KeyPair,
    fingerprint,
    generator,
    missing,
    point,
    public_key,
    read_private_key,
)  # fmt: skip

IDENTITY = b"1234567812345678"
"""The identity of a signer where none is agreed on (GB/T 32918.5, used by TC260-PG-202511A)."""
_PROBE = b"chopmark: does the public key belong to the secret?"


class Sm2Signer:
    """A `Signer` with a key in memory. Immutable, shared by threads; it never shows its secret.

    `sign` returns the DER of r and s over the message as it is given. Python cannot wipe the
    secret from memory.

    Example:
        `Sm2Signer.from_pem(Path("key.pem").read_text())`, with a key that
        `openssl genpkey -algorithm SM2 -out key.pem` made.
    """

    __slots__ = ("_secret", "key_id", "name", "public_key")

    def __init__(self, keys: KeyPair, name: str = "sm2") -> None:
        """Take a key pair; `name` is how a log calls this signer.

        Raises:
            MarkError: the two keys do not belong together, or a package is missing.
        """
        self.name = name
        self.public_key = public_key(keys.public)
        self.key_id = fingerprint(self.public_key)
        self._secret = keys.secret
        if not verify(self.public_key, _PROBE, self.sign(_PROBE)):
            raise MarkError(
                f"the public key with the fingerprint {self.key_id} does not belong to the secret "
                "beside it; make the file anew from the secret: `openssl pkey -in key.pem -out "
                "whole.pem`"
            )

    @classmethod
    def from_pem(cls, pem: str, name: str = "sm2") -> Sm2Signer:
        """Return a signer with the key of a PEM file, PKCS #8 or SEC 1, not encrypted.

        Raises:
            MarkError: there is no such key in it, or a package is missing.
        """
        return cls(read_private_key(pem), name)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, made with a new nonce each time."""
        try:
            import gmssl_pyx  # type: ignore[import-untyped]
        except ImportError as error:
            raise missing("gmssl-pyx") from error
        try:
            # Not sm2_sign, which prepares 32 nonces for one signature and takes 5 times as long.
            signature = gmssl_pyx.sm2_sign_sm3_digest(
                self._secret, message_digest(self.public_key, message)
            )
        except gmssl_pyx.GmsslInnerError as error:
            raise MarkError(
                f"GmSSL cannot sign with the key {self.key_id}: {error}; the secret is 32 bytes, "
                "from 1 to the order of the curve less 2"
            ) from error
        return bytes(signature)

    def __repr__(self) -> str:
        return f"Sm2Signer(name={self.name!r}, key_id={self.key_id!r})"

    def __reduce__(self) -> str:
        raise TypeError("a signer holds a secret and is not pickled; make it where it signs")


def verify(public: bytes, message: bytes, signature: bytes, identity: bytes = IDENTITY) -> bool:
    """Return whether `signature`, the DER of r and s, is one of `message` by this key.

    GB/T 32918.2, 7.1. `public` is the point of 65 bytes that `public_keys` returns.

    Raises:
        MarkError: ecdsa or SM3 is missing, or `public` is no key of SM2.
    """
    public = public_key(public)
    r, s = _numbers(signature)
    if not (0 < r < ORDER and 0 < s < ORDER):
        return False
    t = (r + s) % ORDER
    if t == 0:
        return False
    e = int.from_bytes(message_digest(public, message, identity), "big")
    found = generator().mul_add(s, point(public), t).to_affine()
    x = found.x()  # None at infinity
    return x is not None and (e + int(x)) % ORDER == r


def message_digest(public: bytes, message: bytes, identity: bytes = IDENTITY) -> bytes:
    """Return e of GB/T 32918.2: SM3 of the signer's Z and the message."""
    numbers = b"".join(number.to_bytes(32, "big") for number in (A, B, *GENERATOR))
    z = sm3((len(identity) * 8).to_bytes(2, "big") + identity + numbers + public[1:])
    return sm3(z + message)


def sm3(data: bytes) -> bytes:
    """Return the SM3 of `data` (GB/T 32905), by the OpenSSL of Python or else by GmSSL.

    Raises:
        MarkError: neither has it.
    """
    try:
        return hashlib.new("sm3", data).digest()
    except ValueError:  # an OpenSSL that was built without SM3
        try:
            import gmssl_pyx
        except ImportError as error:
            raise missing("gmssl-pyx") from error
        return bytes(gmssl_pyx.sm3_hash(data))


def _numbers(signature: bytes) -> tuple[int, int]:
    """Return r and s, or zeros where `signature` is not their DER."""
    try:
        from ecdsa import der  # type: ignore[import-untyped]
    except ImportError as error:
        raise missing("ecdsa") from error
    try:
        body, behind = der.remove_sequence(signature)
        r, body = der.remove_integer(body)
        s, body = der.remove_integer(body)
    except (der.UnexpectedDER, ValueError, IndexError):
        return 0, 0
    return (0, 0) if body or behind else (int(r), int(s))
