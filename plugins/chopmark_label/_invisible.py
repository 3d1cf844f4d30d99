"""Finds marks of others that nobody sees: payloads in characters without a shape of their own.

Where such a character belongs (`_invisible_places`) it is no mark, and a few strays come along in
any copied text. What is left is read by the codes that are known (`_invisible_codes`); who wrote
it, and what it means, no code says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from ._invisible_codes import Decoded, read_bits, read_selectors, read_spaces, read_tags
from ._invisible_places import JOINING, SELECTORS, TAGS, ZERO_WIDTH, belonging

Technique = Literal["variation-selectors", "tag-characters", "zero-width", "spaces", "letters"]

LONG = 4
"""From how many zero-width characters in a row on they are no accident of a copy."""
SPREAD = 8
"""From how many on single characters, strewn over a text, are."""
MOST = 100
"""The most payloads that are listed."""
ENOUGH = 50_000
"""Runs that do not belong, behind which nothing more is looked for."""

_C2PA = {b"C2PATXT\0": "C2PA", b"CHOPREF\0": "chopmark's C2PA pointer"}
_HIDDEN = f"[{SELECTORS}{TAGS}{ZERO_WIDTH}]"
_EMOJI = "[\u2600-\u27bf\U0001f000-\U0001faff]"
# What belongs is most of what there is, so the plainest of it never leaves the expression.
_RUN = re.compile(
    f"(?={_HIDDEN})(?:(?<={JOINING})[\u200b-\u200f\u2060]{{1,2}}(?!{_HIDDEN})"
    f"|(?<={_EMOJI})(?:\ufe0f\u200d?|\u200d)(?={_EMOJI})"
    f"|(?<={_EMOJI})\ufe0f(?!{_HIDDEN})"
    f"|({_HIDDEN}+))"
)
_PARTS = re.compile(f"[{SELECTORS}]+|[{TAGS}]+|[{ZERO_WIDTH}]+")
_DIRECTIONS = frozenset("\u200e\u200f\u202c")
_SPACES = re.compile("(?<=[^\\W\\d_])[\u2000-\u200a\u202f\u205f](?=[^\\W\\d_])")
_ANY_SPACE = re.compile("[\u2000-\u200a\u202f\u205f]")
_ANY_LETTER = re.compile("[аеорсухіѕј]")
_LETTERS = re.compile("(?<=[a-z])[аеорсухіѕј](?=[a-z])")
_CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A payload that was found, at code points `start` to `end`; `count` are the characters of it.

    `code` names the code by which `content` was read; empty where none of those known fits.
    """

    technique: Technique
    start: int
    end: int
    count: int
    code: str = ""
    content: str = ""
    manifest: str = ""
    """Whose manifest it says it is, where it begins as one; a reader of those judges it."""


@dataclass(slots=True)
class _Strays:
    """Single characters, each of which may be nothing."""

    at: list[int] = field(default_factory=list)
    characters: list[str] = field(default_factory=list)

    def add(self, at: int, character: str) -> None:
        self.at.append(at)
        self.characters.append(character)


def find_invisible(text: str) -> list[Hidden]:
    """Return the payloads in `text`, in the order of their techniques. Takes linear time."""
    if text.isascii():
        return []
    selectors, zero_width = _Strays(), _Strays()
    found: list[Hidden] = []
    for hidden in _in_runs(text, selectors, zero_width):
        found.append(hidden)
        if len(found) == MOST:
            break
    found += _spread("variation-selectors", selectors)
    found += _spread("zero-width", zero_width)
    found += _look_alikes(text)
    return found


def _in_runs(text: str, selectors: _Strays, zero_width: _Strays) -> Iterator[Hidden]:
    left = ENOUGH
    for run in _RUN.finditer(text):
        if run[1] is None:
            continue
        start, end = run.span()
        base = text[start - 1 : start] if start else ""
        after = text[end : end + 1]
        at = start + belonging(run[1], base, after)
        if at == end:
            continue
        left -= 1
        if not left:
            return
        if at == 0 and text[0] == "\ufeff":
            at = 1  # the byte order mark of a file
        for part in _PARTS.finditer(text, at, end):
            first = part[0][0]
            size = len(part[0])
            if first >= "\U000e0100" or "\ufe00" <= first <= "\ufe0f":
                if size > 1:
                    yield _selected(part.start(), part[0], run[0][: part.start() - start])
                else:
                    selectors.add(part.start(), first)
            elif first >= "\U000e0000":
                yield _payload("tag-characters", part.start(), part[0], read_tags(part[0]))
            else:
                row = part[0][: size - (part.end() < end and part[0][-1] == "\ufeff")]
                kinds = set(row)  # U+FEFF before selectors is no part of it: a wrapper begins so
                if len(row) >= SPREAD or (len(row) >= LONG and len(kinds - _DIRECTIONS) > 1):
                    yield _payload("zero-width", part.start(), row, read_bits(row))
                    continue
                for offset, character in enumerate(row):
                    if character not in _DIRECTIONS:
                        zero_width.add(part.start() + offset, character)


def _selected(start: int, run: str, before: str) -> Hidden:
    decoded = read_selectors(run)
    hidden = _payload("variation-selectors", start, run, decoded)
    whose = _C2PA.get(decoded.data[:8], "")
    if not whose:
        return hidden
    marker = before.endswith("\ufeff")
    return Hidden(
        technique=hidden.technique,
        start=start - marker,
        end=hidden.end,
        count=hidden.count + marker,
        code="C2PA 2.4, A.8",
        manifest=whose,
    )


def _payload(technique: Technique, start: int, run: str, decoded: Decoded) -> Hidden:
    return Hidden(
        technique=technique,
        start=start,
        end=start + len(run),
        count=len(run),
        code=decoded.code,
        content=decoded.text,
    )


def _spread(technique: Technique, strays: _Strays) -> Iterator[Hidden]:
    if len(strays.at) < SPREAD:
        return
    joined = "".join(strays.characters)
    decoded = read_selectors(joined) if technique == "variation-selectors" else read_bits(joined)
    yield Hidden(
        technique=technique,
        start=strays.at[0],
        end=strays.at[-1] + 1,
        count=len(strays.at),
        code=decoded.code,
        content=decoded.text,
    )


def _look_alikes(text: str) -> Iterator[Hidden]:
    """Yield spaces and letters that stand where others are meant, where they are many."""
    if _ANY_SPACE.search(text):
        strays = _Strays()
        for found in _SPACES.finditer(text):
            at = found.start()
            if not (_CJK.match(text[at - 1]) or _CJK.match(text[at + 1])):
                strays.add(at, found[0])
        kinds = len(set(strays.characters))
        if len(strays.at) >= (SPREAD if kinds > 1 else 2 * SPREAD):
            decoded = read_spaces("".join(strays.characters))
            yield _strewn("spaces", strays, decoded)
    if _ANY_LETTER.search(text):
        strays = _Strays()
        for found in _LETTERS.finditer(text):
            strays.add(found.start(), found[0])
        if len(strays.at) >= SPREAD:
            yield _strewn("letters", strays, Decoded())


def _strewn(technique: Technique, strays: _Strays, decoded: Decoded) -> Hidden:
    return Hidden(
        technique=technique,
        start=strays.at[0],
        end=strays.at[-1] + 1,
        count=len(strays.at),
        code=decoded.code,
        content=decoded.text,
    )
