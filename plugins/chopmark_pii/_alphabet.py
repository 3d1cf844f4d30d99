"""Which characters identifiers are made of, and how their full-width forms are read.

Every form maps to exactly one ASCII character, so offsets stay those of the original text. The
full-width colon and comma are left alone: in Chinese they are punctuation, never part of a number.
"""

from __future__ import annotations

import re
import string

DIGITS = string.digits
LETTERS = string.ascii_letters
ALNUM = DIGITS + LETTERS

LOCAL = "._%+-'"
"""What an e-mail address may hold before the `@`, beside letters and digits."""

RUN = "etaoinsrhldcumfpgwybvkxjqzETAOINSRHLDCUMFPGWYBVKXJQZ" + DIGITS + LOCAL + "@:"
"""The characters of an unbroken run. Nothing that is found crosses another character, but for a
single space between groups, and the characters of a number plate. The commonest come first:
`str.rstrip` looks them up in this order."""

PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
"""What a number plate of mainland China begins with (GA 36-2018)."""

PLATE_DOTS = "·•・‧"

_WIDE = {chr(ord(c) + 0xFEE0): c for c in ALNUM + "@.-+_%"}
_SPACES = dict.fromkeys("\u00a0\u2002\u2003\u2005\u2007\u2009\u202f\u3000", " ")
_HYPHENS = dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-")
_DOTS = dict.fromkeys(PLATE_DOTS, "·")
_FORMS = _WIDE | _SPACES | _HYPHENS | _DOTS
_TABLE = str.maketrans(_FORMS)
_other_form = re.compile("[" + re.escape("".join(_FORMS)) + "]").search

WIDE_RUN = RUN + "".join(c for c, plain in _FORMS.items() if plain in RUN)
"""The characters of a run before `plain`."""

WIDE_LETTERS = LETTERS + "".join(c for c, plain in _WIDE.items() if plain in LETTERS)
HYPHENS = "\uff0d" + "".join(_HYPHENS) + "-"
SPACES = " " + "".join(_SPACES)
WIDE_HOT = "".join(c for c, plain in _WIDE.items() if plain in DIGITS + "@")


def plain(text: str) -> str:
    """Return `text`, of the same length, with full-width and typographic forms as plain ones."""
    if text.isascii() or _other_form(text) is None:
        return text
    return text.translate(_TABLE)
