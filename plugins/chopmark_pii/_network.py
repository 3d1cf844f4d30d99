"""IP addresses, checked by `ipaddress`."""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress

from ._hits import DIGIT, LIKELY, Hit

_V4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9]|\.[0-9])").match
_V6 = re.compile(r"[0-9A-Fa-f:]{1,30}:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]{2,39}").match
_HEX_BEFORE = re.compile(r"[0-9A-Fa-f]{0,4}\Z").search
_VERSION_BEFORE = re.compile(
    r"(?:(?<![A-Za-z])(?:v|ver|rev|version|release|build|firmware)|版本|固件)"
    r"[号為为是.:： ]{0,4}v?\Z",
    re.IGNORECASE,
).search
_DIGIT = re.compile(r"[0-9]").search
_ALNUM = re.compile(r"[A-Za-z0-9]").match
_SECTION = frozenset("节条章款")


def ipv4(text: str, at: int, floor: int) -> Hit | None:
    """Return the IPv4 address at `at`; versions, section numbers and masks are none."""
    found = _V4(text, at)
    if found is None:
        return None
    end, before = found.end(), text[at - 1 : at]
    if before in ("第", "§") or text[end : end + 1] in _SECTION:
        return None
    if before == "." and at > 1 and text[at - 2] in DIGIT:
        return None
    if _VERSION_BEFORE(text, max(0, at - 16), at) is not None or not _personal(found.group()):
        return None
    return Hit("ip", at, end, LIKELY, "format")


def ipv6(text: str, at: int, floor: int) -> Hit | None:
    """Return the IPv6 address whose first colon is at `at`.

    Slices (`a[::2]`), scopes (`std::a`) and times are written alike, so it must hold a digit and
    have three groups, or two of which the first has four digits.
    """
    before = _HEX_BEFORE(text, max(floor, at - 4), at)
    start = at if before is None else before.start()
    if start > floor and _ALNUM(text, start - 1):
        start = at + 1  # `IPv6:2001:db8::1`
    elif start > 0 and text[start - 1] in ":.":
        return None
    found = _V6(text, start)
    if found is None:
        return None
    address = found.group()
    if address.endswith(":") and not address.endswith("::"):
        address = address[:-1]
    end = start + len(address)
    if _ALNUM(text, end) or _DIGIT(address) is None or not _personal(address):
        return None
    groups = [group for group in address.split(":") if group]
    if len(groups) < 3 and not (len(groups) == 2 and (len(groups[0]) == 4 or "." in groups[1])):
        return None
    return Hit("ip", start, end, LIKELY, "format")


def _personal(address: str) -> bool:
    """Return whether `address` is one, and not a mask, nobody's, or every machine's own."""
    with suppress(ValueError):
        parsed = ipaddress.ip_address(address)
        own = parsed.is_loopback or parsed.is_unspecified
        return not own and (parsed.version == 6 or parsed.packed[0] not in (0, 255))
    return False
