"""IP addresses, checked by `ipaddress`, and MAC addresses (IEEE 802).

An address that machines of many networks have is `ip.private`: RFC 1918, 4193, 6598, 3927, 4291. No
address is what is every machine's own, a mask, a whole network (10.0.0.0/8), reserved, or the
public resolver that every guide names.
"""

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
    r"[号为為是.:： ]{0,4}v?(?:[0-9.]{3,15}(?: ?(?:to|or|and|[-–>]+|到|至|和|、) ?)v?)?\Z",
    re.IGNORECASE,
).search
_SECTION_BEFORE = re.compile(
    r"(?<![A-Za-z])(?:RFC|ISO|IEC|ITU|NIST|ECMA|GB|section|sec\.|chapter|clause|annex|part)"
    r"[A-Za-z0-9/ .-]{0,16},?[ ]?\Z",
    re.IGNORECASE,
).search
_DIGIT = re.compile(r"[0-9]").search
_ALNUM = re.compile(r"[A-Za-z0-9]").match
_SECTION = frozenset("节条章款")
_ZONE = re.compile(r"%[A-Za-z0-9._~-]{1,15}(?![A-Za-z0-9])").match  # RFC 6874
_PRIVATE = tuple(
    map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)
_UNIQUE_LOCAL = ipaddress.IPv6Network("fc00::/7")
_resolver = re.compile(
    r"1\.1\.1\.1|1\.0\.0\.1|8\.8\.[48]\.[48]|9\.9\.9\.9|114\.114\.11([45])\.11\1|119\.29\.29\.29"
    r"|180\.76\.76\.76|208\.67\.22[02]\.22[02]|223\.[56]\.[56]\.[56]|2001:4860:4860::88(?:88|44)"
    r"|2606:4700:4700::1(?:111|001)|2400:3200::1"
).fullmatch

_MAC_BEFORE = re.compile(r"[0-9A-Fa-f.:-]{0,17}\Z").search
_MAC = re.compile(
    r"[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})(?![0-9A-Za-z:-])"
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![0-9A-Za-z.:-])"
).match
_HEX_ONLY = re.compile(r"[^0-9A-Fa-f]")


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
    if found.group().endswith(".0") and text[end : end + 1] == "/":
        return None
    kind, low = _kind(found.group()), max(0, at - 32)
    if kind is None or _VERSION_BEFORE(text, low, at) or _SECTION_BEFORE(text, low, at):
        return None
    return Hit(kind, at, end, LIKELY, "format")


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
    if _ALNUM(text, end) or _DIGIT(address) is None:
        return None
    if address.endswith("::") and text[end : end + 1] == "/":
        return None
    kind = _kind(address)
    if kind is None:
        return None
    groups = [group for group in address.split(":") if group]
    if len(groups) < 3 and not (len(groups) == 2 and (len(groups[0]) == 4 or "." in groups[1])):
        return None
    zone = _ZONE(text, end)
    return Hit(kind, start, end if zone is None else zone.end(), LIKELY, "format")


def mac(text: str, at: int, floor: int) -> Hit | None:
    """Return the MAC address that the digit or the first colon at `at` is in.

    In the forms `00:1b:44:11:3a:b7`, `00-1B-44-11-3A-B7` and `001b.4411.3ab7`; not those that many
    stations hear.
    """
    before = _MAC_BEFORE(text, max(floor, at - 17), at)
    start = at if before is None else before.start()
    found = _MAC(text, start)
    if found is None or found.end() <= at or _ALNUM(text, start - 1 if start else 0):
        return None
    digits = _HEX_ONLY.sub("", found.group()).lower()
    if int(digits[:2], 16) & 1 or not int(digits, 16):
        return None
    return Hit("mac", start, found.end(), LIKELY, "format")


def _kind(address: str) -> str | None:
    """Return what `address` is: `ip`, `ip.private`, or nobody's."""
    with suppress(ValueError):
        parsed = ipaddress.ip_address(address)
        plain = getattr(parsed, "ipv4_mapped", None) or parsed
        if plain.is_loopback or plain.is_unspecified or plain.is_multicast:
            return None
        if plain.version == 4:
            if plain.packed[0] in (0, 255) or plain.is_reserved:
                return None
            own = plain.is_link_local or any(plain in net for net in _PRIVATE)
        else:
            own = plain.is_link_local or plain in _UNIQUE_LOCAL
        if _resolver(str(plain)) is not None:
            return None
        return "ip.private" if own else "ip"
    return None
