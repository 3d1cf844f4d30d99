"""Sees at a glance that a text holds no term, and how much of its end may be the beginning of one.

ASCII text is looked at word by word, any other one character by character.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Set

from ._firsts import SPACED, read_firsts
from ._near import END, look

Glance = Callable[[str], int]
"""As `chopmark.hookspecs.GlancingScanner` has it."""


def make_glance(terms: Collection[str], changed: str, alone: Set[str]) -> Glance | None:
    """Return how to glance at a text for folded `terms`; None where it would tell too little.

    `changed` matches the characters that must be folded; `alone` are those that begin a term, and
    are none, whatever stands before them.
    """
    firsts = read_firsts(terms)
    if firsts is None:
        return None
    whole, begun, miss = firsts.whole, firsts.begun, firsts.miss
    near = look(terms, changed)

    def glance(text: str) -> int:
        if text.isascii():
            words = text.encode().translate(SPACED).split(b" ")
            last = words.pop()
            if whole.isdisjoint(words) or miss(words, last):
                if last not in begun:
                    return 0
                if words:  # else what stands before decides whether a word begins
                    return len(last)
            return -1
        found = near(text + END)
        if found is None:
            return 0
        return 1 if found.start() == len(text) - 1 and text[-1] in alone else -1

    return glance
