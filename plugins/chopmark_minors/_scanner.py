"""Finds the phrases in one text in progress, and holds back only what may still become one."""

from __future__ import annotations

from collections.abc import Sequence

from chopmark import Direction, Verdict

from ._fold import SKIP, fold
from ._machine import EMPTY, Machine, joins

HIDDEN = 32
"""The most invisible characters that may stand inside a phrase; with more it is none."""


class PhraseScanner:
    """One text in progress; not shared by threads. Phrases of another `direction` do not count."""

    def __init__(self, machine: Machine, direction: Direction) -> None:
        self.settled = 0
        self._machine = machine
        self._direction = direction
        self._state = EMPTY
        self._seen = 0
        self._before = ""  # the last visible character, folded
        self._hidden: list[int] = []  # where invisible characters stand in what has begun
        self._waiting: list[Verdict] = []  # they end in a word that must not go on

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece."""
        machine, rows, ended = self._machine, self._machine.rows, self._machine.ended
        folded = self._before + fold(text)
        base = self._seen - len(self._before)
        at, state = len(self._before), self._state
        found: list[Verdict] = []
        while at < len(folded):
            if state == EMPTY:
                at = _begin(machine, folded, at)
                if at < 0:
                    break
            char = folded[at]
            if char == SKIP:
                if not self._hide(base + at, machine.pending[state]):
                    found += self._waiting
                    self._waiting = []
                    state = EMPTY
                at += 1
                continue
            if self._waiting:
                if not joins(char):
                    found += self._waiting
                self._waiting = []
            follows = rows[state].get(char)
            state = machine.step(state, char) if follows is None else follows
            if ended[state]:
                self._end(state, base + at, joins(char), found)
            at += 1
        self._state = state
        self._seen += len(text)
        self._before = folded.rstrip(SKIP)[-1:]
        length = machine.pending[state]
        self.settled = self._start(self._seen - 1, length) if length else self._seen
        return found

    def finish(self) -> Sequence[Verdict]:
        """End the text: a word that was waited for has ended with it."""
        found, self._waiting = self._waiting, []
        self._state = EMPTY
        self.settled = self._seen
        return found

    def _hide(self, at: int, length: int) -> bool:
        """Step over an invisible character; return whether what had begun may still go on."""
        start = self._start(at - 1, length)
        self._hidden = [place for place in self._hidden if place >= start]
        if not length or len(self._hidden) == HIDDEN:
            self._hidden.clear()
            return False
        self._hidden.append(at)
        return True

    def _end(self, state: int, at: int, word: bool, found: list[Verdict]) -> None:
        """Take the phrases that end at `at`; inside a `word` the next character decides."""
        machine = self._machine
        for number, length in machine.ended[state]:
            phrase = machine.phrases[number]
            if phrase.direction not in (None, self._direction):
                continue
            verdict = Verdict(
                category=phrase.category,
                start=self._start(at, length),
                end=at + 1,
                score=phrase.score,
                outcome=phrase.outcome,
                detail=phrase.detail,
            )
            (self._waiting if word else found).append(verdict)

    def _start(self, last: int, length: int) -> int:
        """Return where `length` visible characters begin of which the last stands at `last`."""
        start = last - length + 1
        for hidden in reversed(self._hidden):
            if hidden < start:
                break
            start -= 1
        return start


def _begin(machine: Machine, folded: str, at: int) -> int:
    """Return where a phrase may next begin, -1 where nowhere: not inside a word."""
    while (begins := machine.begins(folded, at)) is not None:
        start = begins.start()
        before = start
        while before and folded[before - 1] == SKIP:
            before -= 1
        if before == start or not (joins(folded[start]) and before and joins(folded[before - 1])):
            return start
        at = start + 1
    return -1
