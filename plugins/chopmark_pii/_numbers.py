"""Numbers of people and companies that are mostly digits, in one run or in groups."""

from __future__ import annotations

import datetime
import re
from contextlib import suppress

from stdnum.cn import ric, uscc
from stdnum.us import ssn

from ._cards import grouped_card, plain_card
from ._hits import CERTAIN, LIKELY, WEAK, Hit, alone, named, near
from ._mobile import grouped_mobile, joined, plain_mobile
from ._papers import permit_or_passport

# GB/T 2260: the first two digits are a province; 81, 82 and 83 are the residence permits of
# people from Hong Kong, Macau and Taiwan; 9 and a province, those of foreigners.
_REGION = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_RESIDENT = re.compile(rf"(?:{_REGION}[0-9]{{4}}|9{_REGION}[0-9]{{3}})[0-9]{{11}}[0-9X]").fullmatch
_RESIDENT_15 = re.compile(rf"{_REGION}[0-9]{{13}}").fullmatch
_RESIDENT_GROUPED = re.compile(
    r"[0-9]{6}([ -])(?:[0-9]{8}|[0-9]{4}\1[0-9]{4})(?:\1)?[0-9]{3}[0-9Xx](?![0-9A-Za-z])"
).match
# GB 32100-2015: registrar, kind of entity, region (10 is the state), organisation, check.
_USCC = re.compile(
    rf"[1-9ANYany][1-9](?:{_REGION}|10)[0-9]{{4}}[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{{10}}"
).match
_SSN = re.compile(r"[0-9]{3}([ -])[0-9]{2}\1[0-9]{4}(?![0-9-])").match

_RUN = re.compile(r"[0-9]{7,20}").match
_ALNUM = re.compile(r"[A-Za-z0-9]").match
_ALNUM_BEFORE = re.compile(r"[A-Za-z0-9]*\Z").search
_GAP = str.maketrans("", "", " -")


def number(text: str, at: int, floor: int) -> Hit | None:
    """Return what the 7 or more digits that begin at `at` are."""
    run = _RUN(text, at)
    if run is None:
        return None
    end, size = run.end(), run.end() - at
    if size > 19:
        return None
    if size >= 17:
        hit = _resident(text, at, end)
        if hit is not None:
            return hit
        digits = text[at : at + 18].upper()
        if size < 19 and _dated(digits):  # with a slip, no card or company by chance
            return plain_card(text, at, end) if near("card", text, at) else None
    hit = _uscc(text, at, floor)
    if hit is not None:
        return hit
    if size <= 10:
        return permit_or_passport(text, at, end, floor) or _bare_ssn(text, at, end)
    if size in (11, 12, 13, 15):
        hit = plain_mobile(text, at, end, floor)
        if hit is not None:
            return hit
    return plain_card(text, at, end) if size >= 12 else None


def number_15(text: str, at: int, floor: int) -> Hit | None:
    """As `number`, with the resident's numbers of 15 digits that were given until 1999."""
    run = _RUN(text, at)
    if run is not None and _RESIDENT_15(run.group()) and _date("19" + run.group()[6:12]):
        hit = Hit("cn.resident_id_15", at, run.end(), WEAK, "format")
        if alone(text, at, hit.end):
            return hit
    return number(text, at, floor)


def grouped(text: str, at: int, floor: int) -> Hit | None:
    """Return what the groups of digits that begin at `at` are."""
    hit = grouped_mobile(text, at, floor)
    if hit is not None:
        return hit
    found = _RESIDENT_GROUPED(text, at)
    if found is not None and _is_resident(found.group().translate(_GAP).upper()):
        return Hit("cn.resident_id", at, found.end(), CERTAIN, "check digit")
    return _grouped_ssn(text, at) or grouped_card(text, at)


def _resident(text: str, at: int, end: int) -> Hit | None:
    if end - at == 17:
        if text[end : end + 1] not in ("X", "x") or _ALNUM(text, end + 1):
            return None
        end += 1
    if end - at != 18 or not _is_resident(text[at:end].upper()) or not alone(text, at, end):
        return None
    return Hit("cn.resident_id", at, end, CERTAIN, "check digit")


def _is_resident(digits: str) -> bool:
    """Return whether region, birthday and check digit (ISO 7064, MOD 11-2) are right."""
    return _dated(digits) and ric.calc_check_digit(digits) == digits[-1]


def _dated(digits: str) -> bool:
    return _RESIDENT(digits) is not None and _date(digits[6:14])


def _date(digits: str) -> bool:
    if "1900" <= digits[:4] < "2100":
        with suppress(ValueError):
            datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
            return True
    return False


def _uscc(text: str, at: int, floor: int) -> Hit | None:
    """Return the code of 18 letters and digits whose digits begin at `at`, or one letter before."""
    before = _ALNUM_BEFORE(text, max(floor, at - 2), at)
    start = before.start() if before is not None else at
    found = _USCC(text, start) if at - start < 2 else None
    if found is None or _ALNUM(text, found.end()):
        return None
    code = found.group().upper()
    if uscc.calc_check_digit(code[:17]) != code[17]:
        return None
    return Hit("cn.uscc", start, found.end(), CERTAIN, "check digit")


def _grouped_ssn(text: str, at: int) -> Hit | None:
    found = _SSN(text, at)
    if found is None or joined(text, at) or not alone(text, at, found.end()):
        return None
    if not ssn.is_valid(found.group().replace(" ", "-")):
        return None
    certain = named("ssn", text, at)
    if found[1] == " " and not certain:
        return None
    return Hit("us.ssn", at, found.end(), LIKELY, "context" if certain else "format")


def _bare_ssn(text: str, at: int, end: int) -> Hit | None:
    if end - at != 9 or not ssn.is_valid(text[at:end]) or not named("ssn", text, at):
        return None
    return Hit("us.ssn", at, end, LIKELY, "context") if alone(text, at, end) else None
