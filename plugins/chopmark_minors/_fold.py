"""Folds a text character for character, so that offsets stay and no cut can matter.

Case, full width, white space and quotation marks fold to the plain ASCII form. What nobody sees
(joiners, fillers, bidi marks, controls) folds to `SKIP`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

SKIP = "\0"

_INVISIBLE = (
    *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0x09),
    *range(0x0E, 0x20),
)
_QUOTES = {**dict.fromkeys("\u02bc\u2018\u2019\u201b", "'"), **dict.fromkeys("\u2010\u2011", "-")}
_BLOCKS = (
    range(0x80, 0x0600),
    range(0x1D00, 0x2200),
    range(0x3000, 0x3100),
    range(0xFB00, 0x10000),
)


@lru_cache(maxsize=1)
def _table() -> tuple[dict[int, str], re.Pattern[str]]:
    """Return what folds to something else than its lower case, and a pattern that finds it."""
    table = {ord(char): to for char, to in _QUOTES.items()}
    for code in (code for block in _BLOCKS for code in block if not 0xD800 <= code < 0xE000):
        folded = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(folded) == 1 and folded != chr(code).lower():
            table.setdefault(code, " " if folded.isspace() else folded)
    table |= dict.fromkeys(_INVISIBLE, SKIP)
    table |= dict.fromkeys((*range(0x09, 0x0E), *range(0x1C, 0x20), 0x85, 0x2028, 0x2029), " ")
    # These two would change their length, or look at their neighbours.
    table |= {ord("\u0130"): "i", ord("\u03a3"): "\u03c3"}
    charset = "".join(re.escape(chr(code)) for code in sorted(table))
    return table, re.compile(f"[{charset}]")


def fold(text: str) -> str:
    r"""Return `text` folded; the result has as many characters.

    >>> fold("Ｂｕｙ\u200b it’s")
    "buy\x00 it's"
    """
    table, odd = _table()
    if odd.search(text):
        text = text.translate(table)
    return text.lower()
