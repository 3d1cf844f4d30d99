"""Where characters without a shape belong: in emoji, in flags, and in writing that joins letters.

Sources: Unicode emoji sequences (UTS #51), ideographic variation sequences (UTS #37), the
standardized variation sequences (StandardizedVariants.txt), and the chapters of the Unicode
standard on ZWJ and ZWNJ in Arabic, in the scripts of India, and in those of South-East Asia.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
TAGS = "\U000e0000-\U000e007f"
ZERO_WIDTH = "\u180e\u200b-\u200f\u202c\u2060-\u2064\ufeff"

_BLACK_FLAG = "\U0001f3f4"
_FLAG = re.compile("[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
"""Region and subdivision in tags, and the end: `gbsct`, `usca`."""
_JOINERS = re.compile("[\u200b-\u200f\u2060]{1,2}")
_SELECTOR = re.compile(f"[{SELECTORS}]")
_DIRECTIONS = re.compile("[\u200e\u200f\u202c]+")
JOINING = (
    "[\u0590-\u08ff\u0900-\u109f\u1700-\u18af\u1900-\u1cff\ua800-\uaaff\uabc0-\uabff\ufb1d-\ufdff"
    "\ufe70-\ufefc\U00010a00-\U00010aff\U00010d00-\U00010fff\U00011000-\U00011fff"
    "\U00016100-\U0001613f\U0001e900-\U0001e95f]"
)
_JOINING = re.compile(JOINING)
_HAN = re.compile("[\u3005-\u3007\u2e80-\u2fdf\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def belonging(run: str, base: str, after: str) -> int:
    """Return how many characters at the start of `run` belong where they stand.

    Args:
        run: characters without a shape.
        base: the character before them, empty at the start of a text.
        after: the one behind them, empty at the end.
    """
    if not base:
        return 0
    if base == _BLACK_FLAG and (flag := _FLAG.match(run)):
        return flag.end()
    at = 0
    first = run[0]
    if first == "\ufe0f" or first == "\ufe0e":
        if _presentable(base):
            at = 2 if run[1:2] == "\ufe0f" == first else 1  # some keyboards write it twice
    elif "\ufe00" <= first <= "\ufe0d":
        at = int(_varies(base))
    elif first >= "\U000e0100":
        at = int(_HAN.match(base) is not None)
    if at and _SELECTOR.match(run, at):
        return 0  # more selectors: then none of them selects anything
    if run[at : at + 1] == "\u200d" and _emoji(base) and (len(run) > at + 1 or _emoji(after)):
        return at + 1
    if at:
        return at
    if _JOINING.match(base) or (after and _JOINING.match(after)):
        joined = _JOINERS.match(run)
        return joined.end() if joined and joined.end() == len(run) else 0
    marks = _DIRECTIONS.fullmatch(run)
    return len(run) if marks and len(run) <= 2 else 0


@lru_cache(1024)
def _presentable(base: str) -> bool:
    """Return whether a style of emoji or text may be chosen for `base`."""
    return unicodedata.category(base)[0] in "SPN" or base in "\u2139\u24c2"


@lru_cache(1024)
def _varies(base: str) -> bool:
    """Return whether `base` may have a standardized variant."""
    return (
        unicodedata.category(base)[0] in "SP"
        or base == "0"
        or base >= "\u1000"  # Myanmar, Mongolian, Phags-pa, ideographs, fullwidth forms
    )


@lru_cache(1024)
def _emoji(character: str) -> bool:
    """Return whether a sequence of emoji may go on behind, or with, `character`."""
    return bool(character) and (
        "\U0001f000" <= character <= "\U0001faff" or unicodedata.category(character) in ("So", "Sm")
    )
