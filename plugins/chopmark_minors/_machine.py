"""Follows all phrases at once through a text: a finite automaton that is made while it runs.

A state is the set of phrases that the end of the text may be in, each with how much of it stands
there. Which states follow each other is remembered, so a text costs a look-up a character.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence

from chopmark.forking import WHOLE

from ._phrases import Phrase

Thread = tuple[int, int]
"""A node, and how many characters of the text led there."""

EMPTY = 0
"""The state in which nothing has begun."""


def joins(char: str) -> bool:
    """Return whether `char` is an ASCII letter or digit: a word of them must not go on."""
    return char.isascii() and char.isalnum()


class Machine:
    """The automaton. Shared by threads; it grows with what it meets, `size` states so far.

    `rows[state]` gives the next state for a character, as far as it is known; `step` finds the
    others. `pending[state]` is how many characters of the end may still become a phrase,
    `ended[state]` the phrases that end there, with their lengths. `begins` finds where one may.
    """

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self.phrases = phrases
        self._edges: list[dict[str, list[int]]] = []
        self._empty: dict[int, int] = {}  # from a joint between parts to the next one
        self._ends: dict[int, int] = {}
        self._roots: defaultdict[str, set[int]] = defaultdict(set)
        for number, phrase in enumerate(phrases):
            self._add(number, phrase)
        self._lock = threading.Lock()
        self._known: dict[tuple[frozenset[Thread], bool], int] = {}
        self._states: list[tuple[frozenset[Thread], bool]] = []
        self.rows: list[dict[str, int]] = []
        self.pending: list[int] = []
        self.ended: list[Sequence[tuple[int, int]]] = []
        self._state((), joined=False)
        self.begins = _begins(self._roots).search

    @property
    def size(self) -> int:
        """How many states there are."""
        return len(self.rows)

    def step(self, state: int, char: str) -> int:
        """Return the state that follows `state` at `char`, and remember it."""
        with WHOLE.lock, self._lock:
            known = self.rows[state].get(char)
            if known is not None:
                return known
            threads, joined = self._states[state]
            found = {
                (node, length + 1)
                for at, length in threads
                for to in self._edges[at].get(char, ())
                for node in self._closure(to)
            }
            if not (joined and joins(char)):
                found |= {
                    (node, 1) for to in self._roots.get(char, ()) for node in self._closure(to)
                }
            follows = self._state(found, joined=joins(char)) if found else EMPTY
            self.rows[state][char] = follows
            return follows

    def _state(self, threads: Iterable[Thread], *, joined: bool) -> int:
        key = (frozenset(threads), joined)
        number = self._known.get(key)
        if number is None:
            number = len(self.rows)
            longest: dict[int, int] = {}
            for node, length in key[0]:
                if node in self._ends:
                    phrase = self._ends[node]
                    longest[phrase] = max(length, longest.get(phrase, 0))
            waits = [
                length
                for node, length in key[0]
                if self._edges[node] or (joined and node in self._ends)
            ]
            self.pending.append(max(waits, default=0))
            self.ended.append(tuple(sorted(longest.items())))
            self._states.append(key)
            self.rows.append({})
            self._known[key] = number
        return number

    def _add(self, number: int, phrase: Phrase) -> None:
        first = joint = self._node()
        for part in phrase.parts:
            following = self._node()
            for text in part:
                if text:
                    self._chain(joint, text, following)
                else:
                    self._empty[joint] = following
            joint = following
        self._ends[joint] = number
        for node in self._closure(first):
            for char, targets in self._edges[node].items():
                self._roots[char].update(targets)

    def _chain(self, node: int, text: str, last: int) -> None:
        for char in text[:-1]:
            inner = self._node()
            self._edges[node].setdefault(char, []).append(inner)
            node = inner
        self._edges[node].setdefault(text[-1], []).append(last)

    def _node(self) -> int:
        self._edges.append({})
        return len(self._edges) - 1

    def _closure(self, node: int) -> list[int]:
        found = [node]
        while found[-1] in self._empty:
            found.append(self._empty[found[-1]])
        return found


def _begins(roots: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of the places where a phrase may begin: not inside an ASCII word."""
    words = "".join(re.escape(char) for char in sorted(roots) if joins(char))
    others = "".join(re.escape(char) for char in sorted(roots) if not joins(char))
    ways = [f"(?<![a-z0-9])[{words}]"] if words else []
    return re.compile("|".join([*ways, *([f"[{others}]"] if others else [])]) or r"(?!)")
