"""Passwords: what may be one, and what is kept of it (scrypt, RFC 7914)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass

from ._errors import DeskError

LEAST, MOST = 12, 256
"""Characters of a password (NIST SP 800-63B, 5.1.1.2, wants no rules beside a length)."""
_LENGTH = 32
"""Bytes of a hash."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a guess costs: 128 * `r` * 2**`n` bytes of memory, gone through `p` times.

    The default is one of those that OWASP's Password Storage Cheat Sheet names for scrypt.
    """

    n: int = 15
    r: int = 8
    p: int = 3


def checked(password: str, name: str = "") -> str:
    """Return `password`; raise `DeskError` where it may be none, or is the name of its user."""
    if not LEAST <= len(password) <= MOST:
        raise DeskError(
            f"a password has {LEAST} to {MOST} characters; choose another one",
            "password_length", least=LEAST, most=MOST,
        )  # fmt: skip
    if name and name.casefold() in password.casefold() and len(password) < LEAST + len(name):
        raise DeskError(
            "the password holds the name of its user; choose another one", "password_name"
        )
    if len(set(password)) < 5:
        raise DeskError(
            "the password repeats a few characters; choose another one", "password_same"
        )
    return password


def kept(password: str, cost: Cost) -> str:
    """Return what is kept of a password: how it was made, a salt, and the hash."""
    salt = secrets.token_bytes(16)
    return _line(salt, _hash(password, salt, cost), cost)


def nobodys(cost: Cost) -> str:
    """Return what no password matches, and takes as long to find out."""
    return _line(secrets.token_bytes(16), secrets.token_bytes(_LENGTH), cost)


def matches(password: str, held: str) -> bool:
    """Return whether `held` was made of `password`; takes as long where it was not."""
    _, cost, salt, digest = held.split("$")
    n, r, p = map(int, cost.split(","))
    found = _hash(password, base64.b64decode(salt), Cost(n, r, p))
    return hmac.compare_digest(found, base64.b64decode(digest))


def _hash(password: str, salt: bytes, cost: Cost) -> bytes:
    data = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    memory = 128 * cost.r * (2**cost.n + cost.p + 2)
    return hashlib.scrypt(
        data, salt=salt, n=2**cost.n, r=cost.r, p=cost.p, maxmem=memory + 2**20, dklen=_LENGTH
    )


def _line(salt: bytes, digest: bytes, cost: Cost) -> str:
    return f"scrypt${cost.n},{cost.r},{cost.p}${_written(salt)}${_written(digest)}"


def _written(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
