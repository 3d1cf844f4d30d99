"""What is put in the place of personal data: a name, a mask, a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
import re

from ._kinds import KINDS, SECRETS
from ._language import Read
from ._placeholder import code

_SHOWN = 4
_MASKED = 8  # the length of a secret is one, too
_DIGEST = 16
_LETTER = re.compile(r"[^\W_]")
_LATER = re.compile(r"(?<=[^\W_])[^\W_]")  # in a word, behind its first
_ALNUM = re.compile(r"[A-Za-z0-9]")
_GAPS = str.maketrans("", "", " -.·\n()")


def redact(kind: str, language: Read) -> str:
    """Return `[邮箱]` or `[EMAIL]`."""
    return f"[{_name(kind, language)}]"


def mask(kind: str, plain: str) -> str:
    """Return `plain` with stars, which shows the last 4 characters and all separators.

    Of an e-mail address the first character and the domain stay, of an IP address the first two
    groups, of a date of birth or a secret nothing, of a plate the province, the city's letter and
    the last two characters, of a name the first character of every word, of an address or an
    organisation the first two characters.
    """
    if kind == "name":
        return _LATER.sub("*", plain)
    if kind in ("address", "organisation"):
        return plain[:2] + _LETTER.sub("*", plain[2:])
    if kind in SECRETS:
        return "*" * _MASKED
    if kind == "email":
        local, _, domain = plain.partition("@")
        return f"{local[0]}***@{domain}"
    if kind in ("ip", "ip.private"):
        mark = ":" if ":" in plain else "."
        groups = plain.split(mark)
        return mark.join([*groups[:2], *("*" if group else "" for group in groups[2:])])
    if kind == "birth_date":
        return _ALNUM.sub("*", plain)
    if kind == "cn.plate":
        return plain[:2] + _ALNUM.sub("*", plain[2:-2]) + plain[-2:]
    return _ALNUM.sub("*", plain[:-_SHOWN]) + plain[-_SHOWN:]


def keyed(kind: str, plain: str, key: bytes, language: Read) -> str:
    """Return the name and 16 hexadecimal digits of an HMAC-SHA256, the same for one value.

    Separators, case and width do not change it; a country's code before a mobile number does not.
    """
    digest = hmac.new(key, f"{kind}\0{same(kind, plain)}".encode(), hashlib.sha256).hexdigest()
    return f"[{_name(kind, language)}:{digest[:_DIGEST]}]"


def pseudonym(kind: str, plain: str, key: bytes) -> str:
    """Return `<NAME_...>`, the same for one value; without `key` nobody can tell which."""
    tag = KINDS[kind].tag
    return f"<{tag}_{code(key, 'pseudonym', kind, same(kind, plain))}>"


def same(kind: str, plain: str) -> str:
    """Return one form for every way in which a value is written."""
    if kind in SECRETS:
        return plain
    value = (
        plain.upper() if kind in ("email", "ip", "ip.private") else plain.translate(_GAPS).upper()
    )
    return value[-11:] if kind == "cn.mobile" else value


def _name(kind: str, language: Read) -> str:
    return KINDS[kind].zh if language == "zh" else KINDS[kind].en
