"""Tells names that stand in code, such as `PrivateKey2048Bits`, from keys made at random.

A name is made of words. Words are told by their pairs of letters: of the 676 pairs, the 200 that
are commonest in the names of Python's standard library are 9 in 10 of all pairs there, and 3 in 10
of those of letters drawn at random. Of keys drawn at random fewer than 1 in 300 of 16 characters
counts as a name, and fewer than 1 in 10,000 of 32.
"""

from __future__ import annotations

import re

# A first letter, and what follows it in words.
_FOLLOWING = """
abcdgilmnprstuy baeilou caehiklortu dadeiosu eacdefglmnprstvwx faefiloru geinrs haeio
iabcdefglmnoprstvz kes ladeilostuy maeiopu nacdefgiknostuv ocdglmnoprstuvw paeiloprstu qu
racdeimnorstuy sacehilopstuy tacehilorstuy ubeilmnprst vaei wai xpt yp ze
"""
_PAIRS = frozenset(one[0] + second for one in _FOLLOWING.split() for second in one[1:])
_ALGORITHMS = frozenset(
    {"aes", "cbc", "des", "ecb", "ecdsa", "gcm", "hmac", "hs", "pkcs", "rs", "rsa", "sha"}
)
_KNOWN = _ALGORITHMS | {
    "api", "aws", "csv", "http", "https", "id", "json", "jwk", "jwt", "key", "md", "oauth", "pem",
    "ssh", "ssl", "tls", "url", "uri", "web", "xml",
}  # fmt: skip

_parts = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+").findall
_SHARE = 0.75
"""How many of the pairs of a name are common ones, at least."""


def is_name(value: str) -> bool:
    """Return whether `value` is two words or more, with few digits between."""
    parts = _parts(value)
    words = [part.lower() for part in parts if part.isalpha()]
    size = sum(map(len, parts))
    if len(words) < 2 or sum(map(len, words)) * 3 < size * 2 or len(parts) * 5 > size * 2:
        return False
    pairs = common = 0
    for word in words:
        pairs += len(word) - 1
        if word in _KNOWN:
            common += len(word) - 1
        else:
            common += sum(word[at : at + 2] in _PAIRS for at in range(len(word) - 1))
    return common >= _SHARE * pairs


def is_algorithm(value: str) -> bool:
    """Return whether `value` is a name in which an algorithm is named: RSA_2048_PKCS1_PADDING."""
    return is_name(value) and not _ALGORITHMS.isdisjoint(map(str.lower, _parts(value)))
