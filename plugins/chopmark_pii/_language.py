"""Tells in which language a text is read that stands before a value, for what takes its place."""

from __future__ import annotations

import re
from typing import Literal

from chopmark.policy import language_of

Read = Literal["zh", "en"]

BEFORE = 200
"""The most characters before a value that are looked at, and that scanners keep."""

_WORD = r"[^\W\d_]+(?:['’-][^\W\d_]+)*"
# Two words in a row: `Email:`, `Tel` and `QQ` alone, and addresses, stand in Chinese texts as well.
_speaks = re.compile(rf"(?<![^\s\"'“(]){_WORD},?\s+{_WORD}(?![\w@])").search


def read_before(text: str) -> Read:
    """Return the language of `text`, at most `BEFORE` characters that stand before a value.

    Chinese where it holds a Han character, and where there are no two words of another script
    in a row either: that is how personal data was always replaced.
    """
    return "en" if language_of(text) == "en" and _speaks(text) is not None else "zh"
