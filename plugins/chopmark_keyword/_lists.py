"""Word lists as values: who answers for an entry, what it asks for, and until when it holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from chopmark import Outcome
from chopmark.policy import ACTIONS

from ._fold import fold

Folding = Literal["none", "plain", "disguise", "decode"]
"""How far to see through what hides a term. Each sees what those before it see.

`none`: the very characters. `plain`: width, style and case, invisible characters. `disguise`:
also look-alikes, signs strewn in, traditional forms, homophones, pinyin, split characters.
`decode`: also base64, hexadecimal, percent and other escapes, ROT13.
"""

FOLDINGS: tuple[Folding, ...] = ("none", "plain", "disguise", "decode")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a word list.

    `number` counts from 1 in the order of the file, `line` is the line of a CSV file and 0
    elsewhere. `level` is an action of a policy rule; `allow` makes the entry an exception, which
    hides the occurrences of other entries inside its own. `expires` is the last day, in UTC, on
    which the entry holds; None is for ever. `score` is in 0..1, 0 excluded. `folding` is how far
    to see; None leaves that to the policy. `risks` are codes of GB/T 45654-2025, Annex A.
    """

    number: int
    term: str
    category: str
    level: str
    reviewer: str
    expires: date | None = None
    score: float = 1.0
    line: int = 0
    folding: Folding | None = None
    risks: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What the entry advises where no rule of the policy names its category."""
        return ACTIONS[self.level]

    @property
    def folded(self) -> str:
        """The term in the form that is compared."""
        return fold(self.term).strip()

    @property
    def where(self) -> str:
        """The place of the entry in its file, for people: never the term itself."""
        return f"entry {self.number} (line {self.line})" if self.line else f"entry {self.number}"

    def active(self, today: date) -> bool:
        """Return whether the entry holds on `today`."""
        return self.expires is None or today <= self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class WordList:
    """A word list as it was read; `source` is the path, or `bundled:zh`."""

    name: str
    version: str
    language: str
    source: str
    entries: tuple[Entry, ...]

    def active(self, today: date) -> tuple[Entry, ...]:
        """Return the entries that hold on `today`, in order."""
        return tuple(entry for entry in self.entries if entry.active(today))

    def expired(self, today: date) -> tuple[Entry, ...]:
        """Return the entries that no longer hold on `today`, in order."""
        return tuple(entry for entry in self.entries if not entry.active(today))


def next_expiry(lists: Iterable[WordList], today: date) -> date | None:
    """Return the last day on which everything that is active on `today` still holds."""
    days = [e.expires for words in lists for e in words.active(today) if e.expires is not None]
    return min(days, default=None)
