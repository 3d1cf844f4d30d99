"""E-mail addresses (RFC 5321, 4.5.3.1: local part 64, whole 254 characters), ASCII domains."""

from __future__ import annotations

import re

from ._alphabet import ALNUM, LOCAL
from ._hits import CERTAIN, Hit

LOCAL_MOST = 64
MOST = 254

_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    r"(?:[Xx][Nn]--[A-Za-z0-9-]{1,59}|[A-Za-z]{2,63})(?![A-Za-z])"
)
_AHEAD = re.compile(rf"[A-Za-z0-9{re.escape(LOCAL)}]{{1,{LOCAL_MOST}}}@").match
_LOCAL = ALNUM + LOCAL


def email(text: str, at: int, floor: int) -> Hit | None:
    """Return the address whose `@` is at `at`.

    Two dots, or more than 64 characters, before the `@` belong to something else; the address
    then begins behind them.
    """
    before = text[max(floor, at - LOCAL_MOST) : at]
    local = before[len(before.rstrip(_LOCAL)) :]
    local = local[local.rfind("..") + 2 :] if ".." in local else local
    local = local.lstrip(LOCAL)
    if not local:
        return None
    start = at - len(local)
    domain = _DOMAIN.match(text, at + 1, start + MOST)
    if domain is None:
        return None
    return Hit("email", start, domain.end(), CERTAIN, "format")


def email_around(text: str, at: int, floor: int) -> Hit | None:
    """Return the address whose local part the character at `at` stands in."""
    ahead = _AHEAD(text, at)
    if ahead is None:
        return None
    hit = email(text, ahead.end() - 1, floor)
    return hit if hit is not None and hit.start <= at else None
