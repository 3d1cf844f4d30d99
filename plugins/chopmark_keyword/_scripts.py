"""Tells where a word ends: in scripts that put spaces between words, and in those that do not."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal

Joint = Literal["", "letter", "digit"]
"""What a character joins with. Two neighbours with the same joint, not empty, belong to one word
or one number; between any others a word may end."""

# Blocks of scripts that are written without spaces, or (Hangul) with particles glued on.
_UNSPACED = (
    (0x0E00, 0x109F),  # Thai, Lao, Tibetan, Myanmar
    (0x1100, 0x11FF),  # Hangul Jamo
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19FF),  # Tai Le, New Tai Lue, Khmer symbols
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x2E80, 0xA4CF),  # radicals, kana, Bopomofo, Han, Yi
    (0xA960, 0xA97F),  # Hangul Jamo Extended-A
    (0xA9E0, 0xA9FF),  # Myanmar Extended-B
    (0xAA60, 0xAADF),  # Myanmar Extended-A, Tai Viet
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),  # Han compatibility
    (0xFE30, 0xFE4F),  # vertical forms
    (0xFF66, 0xFFDC),  # half-width kana and Hangul
    (0x16FE0, 0x18DFF),  # Tangut, Khitan
    (0x1AFF0, 0x1B2FF),  # kana extensions, Nushu
    (0x20000, 0x3FFFF),  # Han extensions
)


@lru_cache(maxsize=4096)
def joint(char: str) -> Joint:
    """Return what `char`, one code point, joins with.

    Letters and combining marks of spaced scripts join with each other, numbers with numbers.
    Han, kana, Hangul, Thai and their like join with nothing, nor do `_`, `-` and the apostrophe.
    So `ass` is no word in `class`, `bomb` is one in `炸药bomb制作`, in `glock19` the word ends
    before the number.
    """
    kind = unicodedata.category(char)[0]
    if kind not in "LMN" or any(low <= ord(char) <= high for low, high in _UNSPACED):
        return ""
    return "digit" if kind == "N" else "letter"
