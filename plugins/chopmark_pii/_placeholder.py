"""The form of the vault's placeholders, and how a text is found that has it already."""

from __future__ import annotations

import hashlib
import hmac
import re

from ._hits import CERTAIN, Hit
from ._kinds import PLACEHOLDER

CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"
TAG_LENGTH = 10
CORE = re.compile(rf"[A-Z]{{2,8}}_[{CONSONANTS}]{{{TAG_LENGTH}}}")
"""A placeholder without its angle brackets, which models like to drop."""


def code(key: bytes, *parts: str) -> str:
    """Return the consonants that stand for `parts`; nobody without `key` can guess them."""
    data = "".join(f"{len(part)}:{part}" for part in parts).encode("utf-8", "surrogatepass")
    number = int.from_bytes(hmac.digest(key, data, hashlib.sha256), "big")
    letters = []
    for _ in range(TAG_LENGTH):
        number, letter = divmod(number, len(CONSONANTS))
        letters.append(CONSONANTS[letter])
    return "".join(letters)


_NAME = re.compile(r"[A-Z]{2,8}\Z").search


def literal(text: str, at: int, floor: int) -> Hit | None:
    """Return the placeholder that stands in `text`, its underscore at `at`."""
    name = _NAME(text, max(floor, at - 8), at)
    if name is None:
        return None
    return Hit(PLACEHOLDER, name.start(), at + 1 + TAG_LENGTH, CERTAIN, "format")
