"""Mobile numbers of mainland China: 11 digits from 13 to 19, with or without +86 and gaps."""

from __future__ import annotations

import re

from ._hits import DIGIT, LIKELY, Hit, alone

_LEADS = {11: "", 12: "0", 13: "86", 15: "0086"}
_MOBILE = re.compile(r"1[3-9][0-9]{9}").fullmatch
_GROUPED = re.compile(
    r"1[3-9][0-9](?:([ .-])[0-9]{4}\1[0-9]{4}|[ -][0-9]{8}|[0-9]{4}[ -][0-9]{4})(?![0-9])"
).match
_COUNTRY = re.compile(r"(?<![0-9])(?:(?:\+|00)86[ -]?|86-)\Z").search
_MONEY = frozenset("元万亿")


def plain_mobile(text: str, at: int, end: int, floor: int) -> Hit | None:
    """Return the number that the digits `text[at:end]` are, a leading 0, 86 or 0086 included."""
    digits = text[at:end]
    lead = _LEADS[len(digits)]
    if not digits.startswith(lead) or _MOBILE(digits[len(lead) :]) is None:
        return None
    if not alone(text, at, end) or text[end : end + 1] in _MONEY or joined(text, at):
        return None
    if lead == "86" and at > floor and text[at - 1] == "+":
        return Hit("cn.mobile", at - 1, end, LIKELY, "format")
    start = at if lead else _with_country(text, at, floor)
    return Hit("cn.mobile", start, end, LIKELY, "format")


def grouped_mobile(text: str, at: int, floor: int) -> Hit | None:
    """Return the number that is written in groups from `at` on: 3-4-4, 3-8 or 7-4 digits."""
    found = _GROUPED(text, at)
    if found is None or joined(text, at) or not alone(text, at, found.end()):
        return None
    return Hit("cn.mobile", _with_country(text, at, floor), found.end(), LIKELY, "format")


def joined(text: str, at: int) -> bool:
    """Return whether a hyphen joins another number to the one at `at` (`2023-138...`).

    The country's code is none, nor is another mobile number (`138...-139...`).
    """
    if at < 2 or text[at - 1] != "-" or text[at - 2] not in DIGIT:
        return False
    before = text[max(0, at - 13) : at - 1]
    digits = before[len(before.rstrip("0123456789")) :]
    return len(digits) != 11 and digits not in ("86", "0086")


def _with_country(text: str, at: int, floor: int) -> int:
    found = _COUNTRY(text, max(floor, at - 6), at)
    return at if found is None else found.start()
