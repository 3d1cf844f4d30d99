"""Tells Han characters, and reads a letter of any style as the plain one that it looks like."""

from __future__ import annotations

import unicodedata

from ._tables import lookalikes


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
