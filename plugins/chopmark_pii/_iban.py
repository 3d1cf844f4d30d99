"""International bank account numbers (ISO 13616), with the lengths and checks of python-stdnum."""

from __future__ import annotations

import re

from stdnum import iban as stdnum_iban
from stdnum import numdb

from ._hits import CERTAIN, Hit

_ALNUM = re.compile(r"[A-Za-z0-9]").match
_BEGINS = re.compile(
    r"[A-Za-z]{2}[0-9]{2}(?:[A-Za-z0-9]{11}|(?: [A-Za-z0-9]{4}){2} ?[A-Za-z0-9]{3})"
).match
_SIZE = re.compile(r"([0-9]+)!").findall
_RUN = re.compile(r"[A-Za-z0-9]*").match
_GROUPS = re.compile(r"(?:[A-Za-z0-9]{4} ){3,8}[A-Za-z0-9]{1,4}").match


def iban(text: str, at: int, floor: int) -> Hit | None:
    """Return the account number whose check digits are at `at`, in one run or in groups of 4."""
    start = at - 2
    if start < floor or (start > 0 and _ALNUM(text, start - 1)) or _BEGINS(text, start) is None:
        return None
    length = _length(text[start:at].upper())
    end = start + length
    if text[at + 2] == " ":
        end += (length - 1) // 4
        form = _GROUPS(text, start, end)
    else:
        form = _RUN(text, start, end)
    if form is None or form.end() != end or _ALNUM(text, end):
        return None
    if not stdnum_iban.is_valid(form.group(), check_country=False):
        return None
    return Hit("iban", start, end, CERTAIN, "check digit")


def _length(country: str) -> int:
    """Return how many characters the account numbers of `country` have, 4 where it has none."""
    structure = numdb.get("iban").info(country)[0][1].get("bban", "")
    return 4 + sum(int(size) for size in _SIZE(structure))
