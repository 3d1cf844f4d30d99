"""Vehicle identification numbers: 17 characters of ISO 3779, in China GB 16735.

The ninth is a check digit in China and North America; in Europe it is none, so that a number
without a right one counts behind a word such as 车架号.
"""

from __future__ import annotations

import re

from ._alphabet import ALNUM
from ._hits import CERTAIN, LIKELY, Hit, near

_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{13}[0-9]{4}(?![A-Za-z0-9])").match
_SIZE = 17
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VALUES = {
    **{str(n): n for n in range(10)},
    **{letter: n for n, letter in enumerate("ABCDEFGH", 1)},
    **{letter: n for n, letter in enumerate("JKLMN", 1)},
    "P": 7,
    "R": 9,
    **{letter: n for n, letter in enumerate("STUVWXYZ", 2)},
}


def vin(text: str, at: int, floor: int) -> Hit | None:
    """Return the number that the digit at `at` is in."""
    before = text[max(floor, at - _SIZE) : at]
    start = at - len(before) + len(before.rstrip(ALNUM))
    found = _VIN(text, start)
    if found is None or found.group().isdigit() or (start == floor and text[start - 1] in ALNUM):
        return None
    checked = check_digit(found.group()) == found.group()[8]
    if not checked and not near("vin", text, start):
        return None
    score = CERTAIN if checked and near("vin", text, start) else LIKELY
    return Hit("vin", start, found.end(), score, "check digit" if checked else "context")


def check_digit(number: str) -> str:
    """Return the ninth character of `number`, made of the 16 others (49 CFR 565.15)."""
    total = sum(_VALUES[c] * weight for c, weight in zip(number, _WEIGHTS, strict=True))
    return "0123456789X"[total % 11]
