"""Characters that nobody sees, and the places where they belong.

Sources: Unicode 15.1, `Default_Ignorable_Code_Point` (UAX #44) and the bidirectional controls
(UAX #9); emoji sequences (UTS #51); variation sequences (UTS #37, StandardizedVariants.txt).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_OVERRIDE = "\u202d\u202e"
_BIDI = "\u200e\u200f\u061c\u202a-\u202c\u2066-\u2069"
_SELECTOR = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_TAG = "\U000e0000-\U000e007f"
_OTHER = (
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
)
_Search = Callable[..., re.Match[str] | None]

runs = re.compile(f"[{_OVERRIDE}{_BIDI}{_SELECTOR}{_TAG}{_OTHER}]+")
"""A run of characters that nobody sees."""

tag: _Search = re.compile(f"[{_TAG}]").search
override: _Search = re.compile(f"[{_OVERRIDE}]").search
selector: _Search = re.compile(f"[{_SELECTOR}]").search
selectors: _Search = re.compile(f"[{_SELECTOR}]*").match
only_bidi: _Search = re.compile(f"[{_BIDI}]*").fullmatch

BLACK_FLAG = "\U0001f3f4"
_LETTERS = "".join(chr(0xE0000 + code) for code in range(ord("a"), ord("z") + 1))
_DIGITS = "".join(chr(0xE0000 + code) for code in range(ord("0"), ord("9") + 1))
subdivision: _Search = re.compile(
    f"(?:[{_LETTERS}]{{2}}|[{_DIGITS}]{{3}})[{_LETTERS}{_DIGITS}]{{1,4}}\U000e007f"
).match
"""The tags behind a black flag: region and subdivision as CLDR writes them, and the end."""

# Arabic and the scripts that join like it, the scripts of India, and those of South-East Asia and
# Tibet, where zero-width characters say how letters join and where words end.
_joined: _Search = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u0e00-\u109f\u1780-\u18af\u1a20-\u1aaf\u1cd0-\u1cff"
    "\ua840-\ua8ff\uaa00-\uaadf\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00010aff"
    "\U00010d00-\U00010d3f\U00010f30-\U00010fff\U00011000-\U00011fff\U0001e900-\U0001e95f]"
).match
_mongolian: _Search = re.compile("[\u1800-\u18af]").match
_han: _Search = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]").match
_TEXT_STYLE, _EMOJI_STYLE = "\ufe0e", "\ufe0f"


def joins(character: str) -> bool:
    """Return whether `character` is of a script that writes with joiners."""
    return _joined(character) is not None


def is_emoji(character: str) -> bool:
    """Return whether an emoji sequence may go on behind `character` with a joiner."""
    if not character:
        return False
    if "\U0001f000" <= character <= "\U0001faff":
        return True
    return unicodedata.category(character) in ("So", "Sm") or character in "\u2640\u2642\u2764"


def selects(base: str, selected: str) -> bool:
    """Return whether the variation selector `selected` may stand behind `base`."""
    if not base:
        return False
    if selected >= "\U000e0100":
        return _han(base) is not None
    symbol = unicodedata.category(base)[0] in "SP" or is_emoji(base)
    if selected in (_TEXT_STYLE, _EMOJI_STYLE):
        return symbol or base in "0123456789\u2139\u24c2"
    return symbol or base == "0" or base >= "\u1000"


def legitimate(run: str, base: str) -> int:
    """Return how many characters at the start of `run`, behind `base`, are where they belong."""
    at = 0
    if base == BLACK_FLAG:
        flag = subdivision(run)
        at = 0 if flag is None else flag.end()
    if not at and selector(run[:1]) and selects(base, run[0]):
        at = 1
        if run[0] == _EMOJI_STYLE and run[1:2] == _EMOJI_STYLE:
            at = 2  # keyboards write it twice
    if run[at : at + 1] == "\u200d" and is_emoji(base):
        return at + 1
    if at:
        return at
    if base and joins(base):
        vowels = "\u180b-\u180f" if _mongolian(base) else ""
        found = re.match(f"[\u200b-\u200d\u2060\u17b4\u17b5{vowels}]{{1,2}}", run)
        return 0 if found is None else found.end()
    return 0
