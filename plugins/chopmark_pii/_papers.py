"""Passports, permits and number plates of mainland China: formats without a check digit.

Ordinary passports are E and 8 digits, or E, a letter and 7 digits, before 2012 G and 8 digits;
others (diplomatic, service, public affairs) D, S or P, E and 7 digits. The permits are too short
to be told from other numbers, so they need a word near them. Plates: GA 36-2018.
"""

from __future__ import annotations

import re

from ._alphabet import PROVINCES
from ._hits import LIKELY, WEAK, Hit, alone, named, near

_LETTERS = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,2}\Z").search
_PASSPORT = re.compile(r"[EG][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}").fullmatch
_OFFICIAL = re.compile(r"[DSP]E[0-9]{7}").fullmatch
_HK_MACAU = re.compile(r"[HMC][0-9]{8}(?:[0-9]{2})?|C[A-HJ-NP-Z][0-9]{7}").fullmatch
_TAIWAN = re.compile(r"[LT]?[0-9]{8}|[0-9]{10}").fullmatch
_TAIWAN_OLD = re.compile(r"[0-9]{10}[A-Za-z](?![A-Za-z0-9])").match
_ALNUM = re.compile(r"[A-Za-z0-9]").match

_ANY = "A-HJ-NP-Za-hj-np-z0-9"  # I and O are never in a plate
_PLATE = re.compile(
    rf"[{PROVINCES}][A-Za-z](?:·|[ -](?=[0-9]))?(?:"
    rf"(?:([A-HJKa-hjk][{_ANY}][0-9]{{4}}|[0-9]{{5}}[A-HJKa-hjk]|[{_ANY}]{{5}})(?![A-Za-z0-9]))"
    rf"|([{_ANY}]{{4}})[警学挂港澳试超领使])"
).match


def permit_or_passport(text: str, at: int, end: int, floor: int) -> Hit | None:
    """Return the paper whose 7 to 10 digits are `text[at:end]`, with up to 2 letters before."""
    before = _LETTERS(text, max(floor, at - 2), at)
    if before is None and at and _ALNUM(text, at - 1):
        return None
    start = at if before is None else before.start()
    if _ALNUM(text, end):
        old = _TAIWAN_OLD(text, start)
        if old is None or not named("taiwan", text, start):
            return None
        return Hit("cn.taiwan_permit", start, old.end(), LIKELY, "context")
    if not alone(text, start, end):
        return None
    code = text[start:end]
    upper = code.upper()
    if _PASSPORT(code) or _PASSPORT(upper) or _OFFICIAL(upper):
        if near("passport", text, start):
            return Hit("cn.passport", start, end, LIKELY, "context")
        if _PASSPORT(code):
            return Hit("cn.passport", start, end, WEAK, "format")
    if _HK_MACAU(upper) and named("hk_macau", text, start):
        return Hit("cn.hk_macau_permit", start, end, LIKELY, "context")
    if _TAIWAN(upper) and named("taiwan", text, start):
        return Hit("cn.taiwan_permit", start, end, LIKELY, "context")
    return None


def plate(text: str, at: int, floor: int) -> Hit | None:
    """Return the number plate whose province stands at `at`.

    Three of its characters are digits, two where a Chinese one ends it. In small letters it is
    one only behind a word such as 车牌.
    """
    found = _PLATE(text, at)
    if found is None:
        return None
    body = found[1] or found[2]
    if sum(c in "0123456789" for c in body) < (3 if found[1] else 2):
        return None
    certain = near("plate", text, at)
    if not certain and found.group().upper() != found.group():
        return None
    return Hit("cn.plate", at, found.end(), LIKELY, "context" if certain else "format")
