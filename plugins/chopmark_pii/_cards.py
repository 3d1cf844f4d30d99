"""Bank cards: ISO/IEC 7812 numbers with a right check digit (Luhn) and an issuer that exists."""

from __future__ import annotations

import re

from stdnum import luhn

from ._hits import CERTAIN, LIKELY, Hit, alone, near

# Issuer ranges with the lengths that they use: UnionPay 62 and 81, Visa 4, Mastercard 51-55 and
# 2221-2720, American Express 34 and 37, JCB 35, 2131 and 1800, Diners 30, 36, 38, 39, Discover 6,
# Maestro 50, 56-58, 63, 67. 13 digits that begin with 690 to 699 are goods (EAN-13, China).
_ISSUED = re.compile(
    r"(?:62|81)[0-9]{14,17}|4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|5[1-5][0-9]{14}"
    r"|2[2-7][0-9]{14}|3[47][0-9]{13}|35[0-9]{14,17}|(?:2131|1800)[0-9]{11}|3[0689][0-9]{12}"
    r"|6(?:[0-9]{15}|[0-9]{18})|(?:5[0678]|6[37])[0-9]{11,17}"
).fullmatch

# The usual ways to write a card in groups; the same separator between all of them.
_GROUPED = (
    re.compile(r"[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}\1[0-9]{1,3}(?![0-9])").match,
    re.compile(r"[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?![0-9])").match,
    re.compile(r"[0-9]{4}([ -])[0-9]{6}\1[0-9]{4,5}(?![0-9])").match,
    re.compile(r"[0-9]{6}[ -][0-9]{7,13}(?![0-9])").match,
)
_GROUP_BEFORE = re.compile(r"[0-9]{4} \Z").search
_JOINED_BEFORE = re.compile(r"[0-9]-\Z").search
_JOINED_AFTER = re.compile(r"-[0-9]").match
_GAP = str.maketrans("", "", " -")


def plain_card(text: str, start: int, end: int) -> Hit | None:
    """Return the card whose digits are `text[start:end]`.

    A number of an issuer that is not in the table, or of 12 digits (old Maestro), is one only
    behind words such as 卡号.
    """
    number = text[start:end]
    known = _ISSUED(number) is not None
    if not known and not near("card", text, start):
        return None
    if not luhn.is_valid(number) or not _whole(text, start, end):
        return None
    return Hit("bank_card", start, end, CERTAIN if known else LIKELY, "check digit")


def grouped_card(text: str, start: int) -> Hit | None:
    """Return the card that is written in groups from `start` on."""
    if _GROUP_BEFORE(text, start - 5 if start > 5 else 0, start) is not None:
        return None
    for match in _GROUPED:
        found = match(text, start)
        if found is None:
            continue
        number, end = found.group().translate(_GAP), found.end()
        if _ISSUED(number) and luhn.is_valid(number) and _whole(text, start, end):
            return Hit("bank_card", start, end, CERTAIN, "check digit")
    return None


def _whole(text: str, start: int, end: int) -> bool:
    return (
        alone(text, start, end)
        and _JOINED_AFTER(text, end) is None
        and _JOINED_BEFORE(text, start - 2, start) is None
    )
