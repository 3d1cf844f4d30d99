"""How sure one may be that a disguised place is the term: the bits of what they have in common.

Each character of a term that is seen at a place counts as many bits as the place would be
unlikely there by chance; together they must reach `ENOUGH`. So a long term is found in a thick
disguise, a short one in a thin disguise only, and a term of two common characters in hardly any.
What stands between the characters counts too: `傻*逼` is no accident, `很大，麻烦` is one.
The figures were chosen on benign text (bench/disguises.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from unicodedata import combining

from ._lane import unseen
from ._letters import is_han
from ._tables import RARE, weights

ENOUGH = 24.0
"""Bits at which a place is taken for the term."""

CERTAIN = float("inf")
"""Bits of what is the term, whatever it is."""

BESIDE = 0.5
"""What a character counts right behind the one before it in the term: words make it likely."""

LETTER = 4.7
"""Bits of a letter that is the same."""

ALIKE = 3.0
"""Bits of a letter or a digit that only looks like the one meant."""

WORD = 9.0
"""Bits of standing alone, between the ends of a word on either side."""

FOREIGN = 4.0
"""Bits, beyond those of its sound, of a syllable in Latin letters."""

ENGLISH = 3.0
"""Bits of a syllable in Latin letters that belongs to an English word."""

INITIAL = 9.0
"""Bits of a letter for a character beside characters of the term."""

ACRONYM = 6.0
"""Bits of a letter for a character among others of its kind."""

SIGN = 3.0
"""Bits of a sign between two characters of the term, where ordinary text has none."""

WIDEST = 4
"""The most characters in sight between two characters of a term."""

AROUND = re.compile(r"\s*[“”‘’（）《》「」『』【】\"()\[\]]+\s*").fullmatch
"""Finds a gap of brackets and quotation marks alone."""

ENCLOSED = re.compile(r"[”’）》」』】\")\]][“‘（《「『【\"(\[]").fullmatch
"""Finds a gap between two characters each of which has brackets of its own: `(a)(b)`."""

LONG = 5
"""The fewest letters or characters of a place in which a part may stand in brackets."""

CLAUSE = frozenset('，。、！？；：…“”‘’（）《》「」『』【】,;:!?"\n\r()')
"""What ends a clause, or stands around a word in ordinary text."""


def same(char: str, *, beside: bool) -> float:
    """Return the bits of a character that is the term's own; `beside` the one before it."""
    if not is_han(char):
        return LETTER
    bits = weights().get(char, RARE)
    return bits * BESIDE if beside else bits


def visible(gap: str) -> str:
    """Return `gap` without what nobody sees, and without marks on the letter before it."""
    return "".join([char for char in gap if not unseen(char) and not combining(char)])


def gaps(raw: str, sources: Sequence[int]) -> list[str]:
    """Return what is seen between the characters of a place, nothing where they touch."""
    found: list[str] = []
    for one, other in pairwise(sources):
        if other != one:
            found.append("" if other == one + 1 else visible(raw[one + 1 : other]))
    return found


def strewn(found: Sequence[str]) -> float | None:
    """Return the bits of the gaps of a place in Chinese; None where they speak against it.

    Signs of a clause do, except where the same one stands between all of three characters or
    more. Brackets around a part of a long place say nothing, those around each character much.
    """
    if not any(found):
        return 0.0
    if len(found) > 1 and len(set(found)) == 1 and len(found[0]) <= WIDEST:
        return SIGN
    bits = 0.0
    for gap in found:
        if len(found) >= LONG - 1 and AROUND(gap) is not None and len(gap) <= WIDEST:
            bits = SIGN if ENCLOSED(gap) else bits
            continue
        if len(gap) > WIDEST or not CLAUSE.isdisjoint(gap):
            return None
        if gap and not gap.isspace():
            bits = SIGN
    return bits
