"""The operator's certificate chain, and the key behind it that signs.

C2PA 2.4, 13.2.1 and 14.5: ES256, ES384, ES512, PS256 or Ed25519; the leaf first, no CA, with an
extended key usage. SM2 is not among them: a label signed by TC260-PG-202511A and a C2PA manifest
are two signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from chopmark import PolicyError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

Algorithm = Literal["es256", "es384", "es512", "ps256", "ed25519"]
_CURVES: dict[str, tuple[Algorithm, int, str]] = {
    "secp256r1": ("es256", 32, "SHA256"),
    "secp384r1": ("es384", 48, "SHA384"),
    "secp521r1": ("es512", 66, "SHA512"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Who signs. `sign` must be safe to call from several threads.

    `chain` is PEM, the leaf first. `sign` returns the raw signature that COSE asks for, of
    `length` bytes: for an ECDSA key r and s one after the other, not DER.
    """

    chain: str
    algorithm: Algorithm
    length: int
    sign: Callable[[bytes], bytes] = field(repr=False)
    not_before: datetime
    not_after: datetime


def make_credential(chain: str, sign: Callable[[bytes], bytes], name: str = "chain") -> Credential:
    """Return the credential of a key that is kept elsewhere, in a KMS for example.

    Args:
        chain: certificates in PEM, the leaf first.
        sign: signs bytes with the leaf's key; for ES256 it hashes them with SHA-256 itself.
        name: how an error names the chain.

    Raises:
        PolicyError: the leaf cannot sign a claim.
    """
    from cryptography.x509 import load_pem_x509_certificates

    try:
        leaf = load_pem_x509_certificates(chain.encode())[0]
        algorithm, length = _algorithm(leaf, name)
        _check_leaf(leaf, name)
    except PolicyError:
        raise
    except Exception as error:  # of many kinds, all from its bytes
        raise PolicyError(
            f"{name} is no certificate chain ({error}); give PEM certificates, the one that signs"
            " first"
        ) from error
    return Credential(
        chain=chain,
        algorithm=algorithm,
        length=length,
        sign=sign,
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
    )


def load_credential(certificate: Path, key: Path) -> Credential:
    """Return the credential of two PEM files, `certificate` (the chain) and `key`.

    Raises:
        PolicyError: a file cannot be read, the two do not belong together, or they cannot sign.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_pem_x509_certificates

    chain = _read(certificate, "certificate").decode("utf-8", "replace")
    private = _private_key(key)
    credential = make_credential(chain, _signing(private), str(certificate))
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    leaf = load_pem_x509_certificates(chain.encode())[0]
    if leaf.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
        raise PolicyError(
            f"the key {key} does not belong to the first certificate of {certificate}; the chain"
            " begins with the certificate that signs"
        )
    return credential


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyError(
            f"the {what} {path} cannot be read: {error.strerror}; name a PEM file that can"
        ) from error


def _private_key(path: Path) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(_read(path, "key"), password=None)
    except TypeError as error:
        raise PolicyError(
            f"the key {path} is encrypted; a policy holds no password, so keep the key in a KMS and"
            " give `Credentials(credential=make_credential(chain, sign))`"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PolicyError(f"the key {path} is no private key in PEM ({error})") from error


def _algorithm(leaf: Certificate, name: str) -> tuple[Algorithm, int]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    try:
        key: object = leaf.public_key()
    except UnsupportedAlgorithm:
        key = None
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        algorithm, size, _ = _CURVES[key.curve.name]
        return algorithm, 2 * size
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519", 64
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        return "ps256", key.key_size // 8
    raise PolicyError(
        f"{name}: C2PA (2.4, 13.2.1) signs with P-256, P-384, P-521, Ed25519 or RSA of 2048 bits or"
        f" more; the certificate of {leaf.subject.rfc4514_string()} has another key. For SM2, sign"
        " the AIGC label instead"
    )


def _check_leaf(leaf: Certificate, name: str) -> None:
    from cryptography import x509

    try:
        if leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise PolicyError(
                f"{name} begins with a CA ({leaf.subject.rfc4514_string()}); put the certificate"
                " that signs first"
            )
    except x509.ExtensionNotFound:
        pass
    try:
        leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise PolicyError(
            f"{name}: the certificate of {leaf.subject.rfc4514_string()} has no extended key usage;"
            " C2PA (2.4, 14.5.1) asks for one, best c2pa-kp-claimSigning 1.3.6.1.4.1.62558.2.1"
        ) from None


def _signing(key: Any) -> Callable[[bytes], bytes]:
    """Return what signs with `key` as COSE asks for; by RFC 6979 where the key is ECDSA."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    if isinstance(key, ec.EllipticCurvePrivateKey):
        _, size, name = _CURVES.get(key.curve.name, ("es256", 0, "SHA256"))
        ecdsa = ec.ECDSA(getattr(hashes, name)(), deterministic_signing=True)

        def sign_ecdsa(message: bytes) -> bytes:
            r, s = decode_dss_signature(key.sign(message, ecdsa))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")

        return sign_ecdsa
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        return lambda message: key.sign(message, pss, hashes.SHA256())
    sign: Callable[[bytes], bytes] = key.sign
    return sign
