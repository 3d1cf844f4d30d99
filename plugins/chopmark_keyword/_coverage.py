"""Counts the entries for each risk of GB/T 45654-2025 against the fewest that are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ._lists import WordList
from ._risks import RISKS, TOTAL, fewest


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many active terms there are for one risk, or in all, and how many are asked for.

    `code` is `total` for all of them; `fewest` is 0 where the standard gives no number.
    """

    code: str
    name: str
    terms: int
    fewest: int

    @property
    def short(self) -> int:
        """How many are missing."""
        return max(0, self.fewest - self.terms)


def coverage(lists: Iterable[WordList], today: date) -> list[Coverage]:
    """Return the counts of all lists together as of `today`, those of all risks, then in all.

    A term counts once for a risk, however many entries have it; exceptions do not count.
    """
    everything: set[str] = set()
    by_risk: dict[str, set[str]] = {code: set() for code in RISKS}
    for words in lists:
        for entry in words.active(today):
            if entry.level == "allow":
                continue
            everything.add(entry.folded)
            for code in entry.risks:
                by_risk[code].add(entry.folded)
    rows = [
        Coverage(code=code, name=name, terms=len(by_risk[code]), fewest=fewest(code))
        for code, name in RISKS.items()
    ]
    return [*rows, Coverage(code="total", name="all", terms=len(everything), fewest=TOTAL)]
