"""Folds text to the form in which terms are compared, and keeps the way back to its offsets.

Folding looks at one character at a time, so that the folded form of a text never depends on where
it was cut: NFKC and case folding (full width, ligatures, circled letters), white space to one
space, curly quotes and dashes to the ASCII ones, lone surrogates to U+FFFD, and characters that
nobody sees to nothing. Letters followed by combining marks are not composed. Small capitals and
white letters on black are styles too, though NFKC does not say so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from ._scripts import joint

REPLACEMENT = "\ufffd"
"""What a lone surrogate folds to. No term may hold it."""

# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties: soft hyphen, joiners, bidi
# marks, fillers, variation selectors, tags. Watermarks and disguises are made of these.
_INVISIBLE = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)

# Styles of letters of which NFKC knows nothing: white ones on black, in circles and in squares.
# In flags' letters (U+1F1E6 to U+1F1FF) two make one flag: `_words` reads those.
_STYLED: Mapping[str, str] = {
    **{chr(0x1F150 + n): chr(0x61 + n) for n in range(26)},
    **{chr(0x1F170 + n): chr(0x61 + n) for n in range(26)},
    **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True)),
}

_SURROGATES = range(0xD800, 0xE000)

# Where Unicode has further characters that fold to something else than their own case folding.
# What is left out (Han, Yi, Hangul syllables, most planes) need not be looked at one by one.
_BLOCKS = (
    (0x0000, 0x33FF),
    (0xA4D0, 0xABFF),
    (0xF900, 0xFFFF),
    (0x10780, 0x107BF),
    (0x11090, 0x110AF),
    (0x11130, 0x1114F),
    (0x11340, 0x113CF),
    (0x114B0, 0x115BF),
    (0x11930, 0x1193F),
    (0x16120, 0x1612F),
    (0x16D60, 0x16D6F),
    (0x1CCD0, 0x1CCFF),
    (0x1D100, 0x1D7FF),
    (0x1E030, 0x1E06F),
    (0x1EE00, 0x1EEFF),
    (0x1F100, 0x1F2FF),
    (0x1FBF0, 0x1FBFF),
    (0x2F800, 0x2FA1F),
)

_PUNCTUATION: Mapping[str, str] = {
    **dict.fromkeys("\u02bc\u2018\u2019\u201b", "'"),
    **dict.fromkeys("\u201c\u201d\u201f", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
}


@lru_cache(maxsize=1)
def _odd() -> Mapping[str, str]:
    """Return the characters whose fold is not their own one-character case folding."""
    odd: dict[str, str] = {}
    for low, high in _BLOCKS:
        for code in range(low, high + 1):
            char = chr(code)
            folded = _folded(char)
            if folded != char and (folded != char.casefold() or len(folded) != 1):
                odd[char] = folded
    odd.update(_STYLED)
    odd.update((chr(code), REPLACEMENT) for code in _SURROGATES)
    odd.update((chr(code), "") for low, high in _INVISIBLE for code in range(low, high + 1))
    return odd


def _folded(char: str) -> str:
    folded = unicodedata.normalize("NFKC", char).casefold()
    if folded != char:  # once more: some capitals fold to what NFKC changes again
        folded = unicodedata.normalize("NFKC", folded).casefold()
    if not folded.isalnum():
        folded = "".join([" " if c.isspace() else _PUNCTUATION.get(c, c) for c in folded])
    return folded


@lru_cache(maxsize=1)
def _capitals() -> Sequence[str]:
    """Return the characters that case folding changes; of those beyond U+FFFF only the first."""
    codes = (code for low, high in _BLOCKS for code in range(low, min(high, 0xFFFF) + 1))
    return [*(char for char in map(chr, codes) if char.casefold() != char), "\U00010400"]


@lru_cache(maxsize=1)
def _uses() -> Mapping[str, Sequence[str]]:
    """Return the odd characters by the characters that they fold to, or are a case of.

    Under the empty string are those that must be folded whatever the terms are: their fold has
    another length, or puts the end of a word elsewhere, or they are surrogates.
    """
    uses: dict[str, list[str]] = {}
    for char, folded in _odd().items():
        case = char.casefold()
        must = len(case) != 1 or folded in ("", REPLACEMENT)
        if must or not joint(folded[0]) == joint(folded[-1]) == joint(case):
            uses.setdefault("", []).append(char)
            continue
        for used in {case, *folded}:
            uses.setdefault(used, []).append(char)
    return uses


def fold(text: str) -> str:
    """Return `text` folded, character by character."""
    odd = _odd()
    return "".join([odd[c] if c in odd else c.casefold() for c in text])


class Folder:
    """Folds texts as far as it can bear on terms made of `alphabet`. Shared by threads.

    Characters that fold to nothing in the alphabet are left as they are, if that changes neither
    the length nor where words end: so an ordinary text costs one scan and one `casefold`.
    `changed` is a regular expression for the characters that are not left.
    """

    __slots__ = ("_find_narrow", "_find_wide", "_narrow", "_wide", "changed", "plain", "same")

    def __init__(self, alphabet: Iterable[str]) -> None:
        odd, uses = _odd(), _uses()
        table = {c: odd[c] for used in {"", *alphabet} for c in uses.get(used, ())}
        self._narrow = {c: f for c, f in table.items() if len(f) == 1}
        self._wide = {c: f for c, f in table.items() if len(f) != 1}
        self._find_narrow = re.compile(charset(self._narrow, gap=_GAP))
        self._find_wide = re.compile(charset(self._wide, gap=_GAP))
        # `plain(text)` is None where `text.casefold()` is the fold, character for character;
        # `same(text)` is None where the text is its own fold.
        self.plain = re.compile(charset(table, gap=_ASTRAL)).search
        self.changed = charset({*table, *_capitals()}, gap=_ASTRAL)
        self.same = re.compile(self.changed).search

    def fold(self, text: str) -> tuple[str, list[int] | None]:
        """Return `text` folded, and for each character of that the offset of its source.

        None stands for the offsets where they are 0, 1, 2 and so on.
        """
        if self.plain(text) is None:
            return text.casefold(), None
        text = self._narrowed(text)
        if self._find_wide.search(text) is None:
            return text.casefold(), None
        wide = self._wide
        parts: list[str] = []
        offsets: list[int] = []
        for at in range(0, len(text), _BLOCK):
            block = text[at : at + _BLOCK]
            if self._find_wide.search(block) is None:
                parts.append(block)
                offsets.extend(range(at, at + len(block)))
            else:
                folds = [wide.get(char, char) for char in block]
                parts.extend(folds)
                offsets.extend([n for n, folded in enumerate(folds, at) for _ in folded])
        return "".join(parts).casefold(), offsets  # what is left folds one to one

    def _narrowed(self, text: str) -> str:
        """Return `text` with those characters folded that fold to one other."""
        narrow = self._narrow
        found = [char for char in set(text) if char in narrow]
        if len(found) > _FEW:
            return self._find_narrow.sub(lambda match: narrow.get(match[0], match[0]), text)
        for char in found:  # a fold is never folded again, so the order is free
            text = text.replace(char, narrow[char])
        return text


# `re` looks up characters of the first plane in a table, but goes through further ranges one by
# one: so those are merged across gaps, which lets in characters that are not meant.
_GAP = 0x400
_FEW = 64  # so many passes over the text are cheaper than one call for each character
_BLOCK = 16  # one odd character does not make a long text slow, nor do very many
_ASTRAL = 0x110000
_MEANT = frozenset("[]\\^-&~|#")  # what has, or may once have, a meaning in a set


def charset(chars: Iterable[str], gap: int = 1) -> str:
    """Return a regular expression for one of `chars`, of which there must be some.

    Beyond U+FFFF it also matches what lies between two of them less than `gap` apart.
    """
    body = "".join(
        # As they are: to read a thousand escapes takes a tenth of a start.
        f"{_literal(low)}-{_literal(high)}" if low < high else _literal(low)
        for low, high in _ranges(sorted(map(ord, chars)), gap)
    )
    return f"[{body}]"


def _literal(code: int) -> str:
    char = chr(code)
    return f"\\{char}" if char in _MEANT else char


def _ranges(codes: Iterable[int], gap: int) -> Iterator[tuple[int, int]]:
    low = high = -1
    for code in codes:
        if low < 0:
            low = code
        elif code > high + (gap if high > 0xFFFF else 1):
            yield low, high
            low = code
        high = code
    if low >= 0:
        yield low, high
