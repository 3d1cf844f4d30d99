"""Reads what stands in a text in a code that a model reads: base64, hexadecimal, escapes, ROT13.

What is no text when it is decoded is no find: hashes, keys, pictures, numbers, ordinary words. So
a text without a find costs a look, and one with finds is read no more than once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from ._codes import Found, ways_into

__all__ = ["Decoded", "decode", "written_out"]

AROUND = 96
"""So many characters before and behind a code are read with it."""

DEPTH = 3
"""So many codes, one inside another, are read."""


class Part(NamedTuple):
    """A piece of what was read, from `at` to `to` in it; `start` to `end` in the original.

    `turned` says that it was in ROT13, which unlike other codes is made of words: it may have been
    something else after all.
    """

    at: int
    to: int
    start: int
    end: int
    coded: bool = False
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Decoded:
    """A part of a text with its codes read. `parts` are what `text` consists of, in order."""

    text: str
    parts: tuple[Part, ...]

    @property
    def turned(self) -> bool:
        """Whether some of it was in ROT13."""
        return any(part.turned for part in self.parts)

    @property
    def span(self) -> tuple[int, int]:
        """The span in the original from the first code to the last one."""
        coded = [part for part in self.parts if part.coded]
        return coded[0].start, coded[-1].end

    def source(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the span in the original of `text[start:end]`; None where none of it was coded.

        A code is taken whole: which of its characters say what is not followed.
        """
        met = [part for part in self.parts if part.at < end and start < part.to]
        if not any(part.coded for part in met):
            return None
        first, last = met[0], met[-1]
        low = first.start if first.coded else first.start + max(0, start - first.at)
        high = last.end if last.coded else last.start + end - last.at
        return low, high


def decode(text: str) -> Sequence[Decoded]:
    """Return the parts of `text` that hold codes, with these read, in order.

    Together they are at most twice as long as `text`: the codes become shorter, and what stands
    around them is in one part only.

    >>> [part.text for part in decode("run aG93IHRvIHJlYWQgdGhpcw== now")]
    ['run how to read this now']
    >>> decode("da39a3ee5e6b4b0d3255bfef95601890afd80709")
    []
    """
    found = _found(text, DEPTH)
    if not found:
        return []
    groups: list[list[Found]] = []
    for one in found:
        if groups and one.start - groups[-1][-1].end <= 2 * AROUND:
            groups[-1].append(one)
        else:
            groups.append([one])
    return [_part(text, group) for group in groups]


def written_out(text: str) -> str:
    """Return `text` with its codes read where they stand, but for ROT13.

    >>> written_out("run aG93IHRvIHJlYWQgdGhpcw== now")
    'run how to read this now'
    """
    return _replaced(text, [one for one in _found(text, DEPTH) if not one.turned])


def _part(text: str, group: Sequence[Found]) -> Decoded:
    low = max(0, group[0].start - AROUND)
    high = min(len(text), group[-1].end + AROUND)
    parts: list[Part] = []
    read: list[str] = []
    at = 0
    for one in [*group, Found(high, high, "")]:
        if low < one.start:
            parts.append(Part(at, at + one.start - low, low, one.start))
            read.append(text[low : one.start])
            at = parts[-1].to
        if one.said:
            to = at + len(one.said)
            parts.append(Part(at, to, one.start, one.end, coded=True, turned=one.turned))
            read.append(one.said)
            at = to
        low = one.end
    return Decoded("".join(read), tuple(parts))


def _found(text: str, depth: int) -> list[Found]:
    """Return the codes that say something, in order and apart."""
    ways = ways_into(text)
    if not ways:  # of nearly all texts
        return []
    found: list[Found] = []
    for one in sorted(chain.from_iterable(way(text) for way in ways)):
        if found and one.start < found[-1].end:
            continue
        inner = _found(one.said, depth - 1) if depth > 1 else []
        found.append(one._replace(said=_replaced(one.said, inner)) if inner else one)
    return found


def _replaced(text: str, found: Sequence[Found]) -> str:
    if not found:
        return text
    read: list[str] = []
    since = 0
    for one in found:
        read += (text[since : one.start], one.said)
        since = one.end
    return "".join([*read, text[since:]])
