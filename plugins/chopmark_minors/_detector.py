"""The detector of what is not for minors."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Collection, Sequence

from chopmark import Context, Needs, Verdict
from chopmark.forking import WHOLE
from chopmark.hookspecs import IdleScanner, Scanner

from ._machine import Machine
from ._phrases import Phrase
from ._scanner import HIDDEN, PhraseScanner

MOST_STATES = 20_000
"""From so many states on a new automaton is begun: some 10 MiB, which ordinary text never needs."""


class MinorsDetector:
    """Finds phrases that are not for minors, in calls for one of `audiences` alone.

    A `StreamDetector`, shared by threads. `version` is the start of a SHA-256 of the phrases.
    """

    def __init__(self, phrases: Sequence[Phrase], audiences: Collection[str]) -> None:
        self.name = "minors"
        self.blocking = False
        self.needs = Needs.window(max(p.longest for p in phrases) + HIDDEN + 1)
        self.categories = tuple(sorted({p.category for p in phrases}))
        self.version = _version(phrases)
        self._phrases = tuple(phrases)
        self._audiences = frozenset(audiences)
        self._lock = threading.Lock()
        self._machine: Machine | None = None

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return the phrases in `text`; by construction what a scanner returns for it."""
        scanner = self.open(context)
        return [*scanner.feed(text), *scanner.finish()]

    def open(self, context: Context) -> Scanner:
        """Return a scanner of one text; for other audiences it finds nothing and holds nothing."""
        if context.audience not in self._audiences:
            return IdleScanner()
        machine = self._machine
        if machine is None or machine.size > MOST_STATES:
            with WHOLE.lock, self._lock:
                if self._machine is machine:
                    self._machine = Machine(self._phrases)
                machine = self._machine
        assert machine is not None
        return PhraseScanner(machine, context.direction)


def _version(phrases: Sequence[Phrase]) -> str:
    facts = [(p.parts, p.category, p.outcome, p.score, p.direction) for p in phrases]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
