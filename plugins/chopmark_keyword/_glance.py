"""Sees at a glance that a text holds no term, and how much of its end may be the beginning of one.

ASCII text is looked at word by word, any other one character by character.
"""

from __future__ import annotations

import string
import sys
from collections.abc import Callable, Collection, Set
from typing import NamedTuple

from chopmark.hookspecs import Spelled, Wary

from ._firsts import SPACED, read_firsts
from ._near import look, places

Glance = Callable[[str], int]
"""As `chopmark.hookspecs.GlancingScanner` has it."""


class Glances(NamedTuple):
    """How to glance at a text, and what is to be told beforehand of what makes that necessary."""

    glance: Glance
    wary: Wary
    spelled: Spelled


def ends(glance: Glance, text: str) -> bool:
    """Return whether `text`, with which the whole text ends, surely holds no term."""
    # With a space behind it the last word of ASCII text is one. Other text ends as it stands. What
    # may only begin at the end is no term.
    return glance(f"{text} " if text.isascii() else text) >= 0


def make_glance(
    terms: Collection[str], changed: str, heads: Set[str], alone: Set[str]
) -> Glances | None:
    """Return how to glance at a text for folded `terms`, and what makes that necessary.

    None says that a glance would tell too little.

    `changed` matches the characters that must be folded; `heads` are what a text can end in while
    a term is pending, `alone` those of one character that are so whatever stands before them.
    """
    firsts = read_firsts(terms)
    if firsts is None:
        return None
    whole, begun = firsts.whole, firsts.begun
    wary = places(terms, changed, alone)
    near = look(wary)

    def glance(text: str) -> int:
        if text.isascii():
            words = text.encode().translate(SPACED).split(b" ")
            last = words.pop()
            if not whole.isdisjoint(words):
                count = firsts.open(words, last)
                if count:
                    length = len(last) + 1 + len(words[-1])
                    pending = count > 0 and len(words) > 1 and text[-length:].lower() in heads
                    return length if pending else -1
            if last not in begun:
                return 0
            return len(last) if words else -1  # what stands before may be of the same word
        found = near(text)
        if found is None:
            return 0
        return 1 if found.start() == len(text) - 1 and text[-1] in alone else -1

    begins, run = firsts.begins, string.ascii_letters
    spelled = Spelled(firsts=whole, begins=begins, run=run, most=sys.maxsize)
    return Glances(glance, wary, spelled)
