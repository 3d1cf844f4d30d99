"""What a search for a mark found, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, NoReturn

from ._ring import KeyName

Verdict = Literal["marked", "inconclusive", "no_evidence"]
Band = Literal["very strong", "strong", "none"]
VERY_STRONG = -10.0
"""log10 of the adjusted p-value from which the public band is `very strong`."""


class Span(NamedTuple):
    """A marked stretch: offsets in code points of the text, and its own adjusted log10 p-value."""

    start: int
    end: int
    log10_p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """The outcome of one search. It has no truth value: `no_evidence` does not say human.

    `verdict`: `marked` where `log10_p_adjusted` is at most that of the level asked for;
    `inconclusive` where the text is too short for a mark to be found in it, so that nothing can
    be said; `no_evidence` else.

    `log10_p` is of the strongest single test; `log10_p_adjusted` is multiplied by `tests`, all
    keys, windows and forms of the text that were looked at (Bonferroni).

    `scored` tokens were tested; left out were `duplicates`, and `ignored` in known passages.
    `enough` says how many tokens would have sufficed in four of five texts, by the bits of chance
    that the model had for each token.
    `spans` are marked stretches, each found significant by itself; a mark may be certain in the
    whole and in no single stretch.
    """

    verdict: Verdict
    scheme: str
    key: KeyName | None
    log10_p: float
    log10_p_adjusted: float
    tests: int
    scored: int
    duplicates: int
    enough: Mapping[float, int]
    ignored: int = 0
    spans: tuple[Span, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a Detection is neither true nor false: ask its `verdict`, 'marked', 'inconclusive' "
            "or 'no_evidence'; none of them says that a person wrote the text"
        )

    @property
    def p_value(self) -> float:
        """The p-value of the strongest test; 0 where it is below 1e-308."""
        return float(10.0**self.log10_p)

    @property
    def p_adjusted(self) -> float:
        """The p-value that counts."""
        return float(10.0**self.log10_p_adjusted)

    @property
    def band(self) -> Band:
        """What may be told in public: the p-value itself would teach how to erase or forge."""
        if self.verdict != "marked":
            return "none"
        return "very strong" if self.log10_p_adjusted <= VERY_STRONG else "strong"

    def to_dict(self) -> dict[str, object]:
        """Return everything, for the operator."""
        return {
            "verdict": self.verdict,
            "scheme": self.scheme,
            "key": str(self.key) if self.key else None,
            "log10_p": round(self.log10_p, 3),
            "log10_p_adjusted": round(self.log10_p_adjusted, 3),
            "tests": self.tests,
            "scored": self.scored,
            "duplicates": self.duplicates,
            "ignored": self.ignored,
            "enough": {f"{bits:g} bits": n for bits, n in self.enough.items()},
            "spans": [span._asdict() for span in self.spans],
            "notes": list(self.notes),
        }

    def to_public(self) -> dict[str, object]:
        """Return what an endpoint may answer to anyone: neither p-values, nor keys, nor spans."""
        return {"verdict": self.verdict, "band": self.band}
