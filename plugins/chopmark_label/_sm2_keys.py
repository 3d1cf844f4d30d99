"""Keys of SM2 (GB/T 32918.5, the recommended curve) as they are written: points, DER and PEM.

A public key is 65 bytes here, 04 and both coordinates, and always a point of the curve. Its
fingerprint is the SHA-256 of its SubjectPublicKeyInfo, so that anyone can make one:

    openssl pkey -pubin -in public.pem -outform DER | sha256sum
"""

from __future__ import annotations

import base64
import hashlib
import re
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from chopmark import MarkError

if TYPE_CHECKING:
    from ecdsa.ellipticcurve import CurveFp, PointJacobi  # type: ignore[import-untyped]

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GENERATOR = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)

_EC_KEY = (1, 2, 840, 10045, 2, 1)
_SM2 = (1, 2, 156, 10197, 1, 301)
# All of a SubjectPublicKeyInfo but the coordinates: DER has one way to write it.
_SPKI_HEAD = bytes.fromhex("3059301306072A8648CE3D020106082A811CCF5501822D03420004")
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----")
_MAKE = "`openssl genpkey -algorithm SM2 -out key.pem` makes one"


class KeyPair(NamedTuple):
    """A secret of 32 bytes and the public key that goes with it."""

    secret: bytes
    public: bytes

    def __repr__(self) -> str:
        return f"KeyPair(secret=..., public={self.public.hex()!r})"


def public_keys(data: bytes) -> tuple[bytes, ...]:
    """Return the public keys that `data` can mean, as 65 bytes each; none where it is no key.

    It may be DER, 65 or 64 bytes of coordinates, 33 of a compressed point, or x alone, with a
    zero before it or without: then two keys have it, and only a signature tells which is meant.
    """
    if data.startswith(_SPKI_HEAD):
        data = data[len(_SPKI_HEAD) - 1 :]
    if len(data) == 64:
        data = b"\x04" + data
    if len(data) == 33 and data[0] == 0:
        data = data[1:]
    written = [b"\x02" + data, b"\x03" + data] if len(data) == 32 else [data]
    return tuple(key for one in written if (key := _on_curve(one)))


def public_key(data: bytes) -> bytes:
    """Return the one public key that `data` is, as 65 bytes.

    Raises:
        MarkError: it is none, or x alone, which two keys have.
    """
    keys = public_keys(data)
    if len(keys) != 1:
        raise MarkError(
            f"{data[:80].hex()!r} is {'x of two keys' if keys else 'no public key of SM2'}; give "
            "its SubjectPublicKeyInfo as DER, or 04 and both coordinates"
        )
    return keys[0]


def to_spki(public: bytes) -> bytes:
    """Return a public key as the DER of a SubjectPublicKeyInfo."""
    return _SPKI_HEAD + public_key(public)[1:]


def fingerprint(public: bytes) -> str:
    """Return the SHA-256 of the SubjectPublicKeyInfo, 64 hexadecimal characters."""
    return hashlib.sha256(to_spki(public)).hexdigest()


def read_public_key(pem: str) -> bytes:
    """Return the key in a PEM file that begins with `-----BEGIN PUBLIC KEY-----`.

    Raises:
        MarkError: there is none, or it is not of SM2.
    """
    for name, data in _blocks(pem):
        if name == "PUBLIC KEY":
            return public_key(data)
    raise MarkError(
        "there is no PUBLIC KEY in this PEM; `openssl pkey -in key.pem -pubout` makes one"
    )


def read_private_key(pem: str) -> KeyPair:
    """Return the key pair in a PEM file, PKCS #8 or SEC 1, not encrypted. Errors never show it.

    Raises:
        MarkError: there is no private key of SM2, it is encrypted, or lacks its public key.
    """
    for name, data in _blocks(pem):
        if name == "ENCRYPTED PRIVATE KEY":
            raise MarkError(
                "the private key is encrypted; decrypt it for the service that signs with "
                "`openssl pkey -in key.pem -out plain.pem`, or bring a Signer for your key store"
            )
        if name in ("PRIVATE KEY", "EC PRIVATE KEY", "SM2 PRIVATE KEY"):
            return _pkcs8(data) if name == "PRIVATE KEY" else _sec1(data)
    raise MarkError(f"there is no private key in this PEM; {_MAKE}")


def curve() -> CurveFp:
    """Return the recommended curve.

    Raises:
        MarkError: the package ecdsa is not installed.
    """
    return _ellipticcurve().CurveFp(P, A, B, 1)


def generator() -> PointJacobi:
    """Return its base point."""
    return _ellipticcurve().PointJacobi(curve(), *GENERATOR, 1, ORDER)


def point(public: bytes) -> PointJacobi:
    """Return a public key as a point that can be calculated with."""
    return _ellipticcurve().PointJacobi.from_bytes(curve(), public, order=ORDER)


def missing(package: str) -> MarkError:
    """Return the error that a package for SM2 is not installed."""
    return MarkError(f"SM2 needs the package {package}, not there; pip install 'chopmark[sm2]'")


def _ellipticcurve() -> ModuleType:
    try:
        from ecdsa import ellipticcurve  # type: ignore[import-untyped]
    except ImportError as error:
        raise missing("ecdsa") from error
    return ellipticcurve  # type: ignore[no-any-return]


def _on_curve(data: bytes) -> bytes:
    """Return a point of the curve as 65 bytes, or nothing where `data` is none."""
    if not (len(data) == 65 and data[0] == 4) and not (len(data) == 33 and data[0] in (2, 3)):
        return b""
    from_bytes = _ellipticcurve().PointJacobi.from_bytes
    from ecdsa.errors import MalformedPointError  # type: ignore[import-untyped]

    try:
        written = bytes(from_bytes(curve(), data, order=ORDER).to_bytes("uncompressed"))
    except MalformedPointError:
        return b""
    x, y = int.from_bytes(written[1:33], "big"), int.from_bytes(written[33:], "big")
    fits = x < P and y < P and (y * y - (x * x * x + A * x + B)) % P == 0
    return written if fits else b""


def _blocks(pem: str) -> list[tuple[str, bytes]]:
    try:
        return [
            (found[1], base64.b64decode("".join(found[2].split()), validate=True))
            for found in _PEM.finditer(pem)
        ]
    except ValueError as error:
        raise MarkError("the PEM is broken: its lines are no Base64; copy the file anew") from error


def _pkcs8(data: bytes) -> KeyPair:
    """RFC 5958: version, algorithm, and the key of SEC 1 in an octet string."""
    der = _der()
    try:
        body, _ = der.remove_sequence(data)
        _, body = der.remove_integer(body)
        algorithm, body = der.remove_sequence(body)
        kind, parameters = der.remove_object(algorithm)
        named = kind == _EC_KEY and der.remove_object(parameters)[0] == _SM2
        inner, _ = der.remove_octet_string(body)
    except (der.UnexpectedDER, ValueError, IndexError):
        named, inner = False, b""
    if not named:
        raise MarkError(f"the PRIVATE KEY in this PEM is not of the curve SM2; {_MAKE}")
    return _sec1(inner)


def _sec1(data: bytes) -> KeyPair:
    """RFC 5915: version, secret, and, each with a tag of its own, the curve and the public key."""
    der = _der()
    secret, public = b"", b""
    try:
        body, _ = der.remove_sequence(data)
        _, body = der.remove_integer(body)
        secret, body = der.remove_octet_string(body)
        while body:
            tag, part, body = der.remove_constructed(body)
            if tag == 1:
                public = der.remove_bitstring(part, 0)[0]
            elif tag == 0 and der.remove_object(part)[0] != _SM2:
                secret = b""
    except (der.UnexpectedDER, ValueError, IndexError):
        secret = b""
    if len(secret) != 32:
        raise MarkError(f"the private key in this PEM is not of the curve SM2; {_MAKE}")
    if not public:
        raise MarkError(
            "the private key in this PEM comes without its public key; "
            "`openssl pkey -in key.pem -out whole.pem` adds it"
        )
    return KeyPair(secret, public_key(public))


def _der() -> ModuleType:
    try:
        from ecdsa import der
    except ImportError as error:
        raise missing("ecdsa") from error
    return der  # type: ignore[no-any-return]
