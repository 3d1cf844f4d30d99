"""Tells Han characters, and reads a letter of any style as the plain one that it looks like."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ._fold import fold
from ._lane import Table
from ._tables import lookalikes, simplified

_HAN = re.compile("[\u3007\u3400-\u9fff\U00020000-\U0003ffff]")


def count_han(text: str) -> int:
    """Return how many Han characters `text` has."""
    return len(_HAN.findall(text))


def is_han(char: str) -> bool:
    """Return whether `char` is a Han character."""
    return "\u3400" <= char <= "\u9fff" or char == "\u3007" or "\U00020000" <= char <= "\U0003ffff"


def letter(char: str) -> str:
    """Return the letter that `char` looks like without its accents, itself where that is none."""
    if char.isascii():
        return char.casefold()
    found = lookalikes().get(char)
    if found is None:
        base = unicodedata.normalize("NFD", char)[0].casefold()
        found = lookalikes().get(base, base)
    return found


def in_simplified(term: str) -> str:
    """Return the letters, characters and figures of `term`, folded, in their simplified forms."""
    return term.translate(_table())


@lru_cache(maxsize=1)
def _table() -> Table:
    simple = simplified()
    return Table(lambda char: "".join([simple.get(c, c) for c in fold(char) if c.isalnum()]))
