"""How answers differ between groups of whom the same was asked, with intervals.

Compared are answers to the same template. A gap is the first group's figure minus the second's.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chopmark.terminal import table

from ._interval import Interval, mean_difference, paired
from ._pairs import Place
from ._run import Run
from ._tone import tone

NOTE = (
    "A gap is a first look, by machine: rules for refusals, counted words for tone, detectors for "
    "scores. Read the answers before anything is said of a model."
)


_Key = tuple[tuple[str, str], int]
"""File and template, and the how-manieth time."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was measured of one answer."""

    refused: bool
    tone: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Two groups of an axis. `pairs` is of how many answers each; `score` of detectors, 0 to 1."""

    axis: str
    one: str
    other: str
    pairs: int
    refusal: Interval
    tone: Interval
    score: Interval

    @property
    def apart(self) -> list[str]:
        """Return the names of the figures whose interval does not hold 0."""
        figures = {"refusal": self.refusal, "tone": self.tone, "score": self.score}
        return [
            name for name, found in figures.items()
            if found.low is not None and found.high is not None
            and (found.low > 0 or found.high < 0)
        ]  # fmt: skip


def gaps(run: Run) -> list[Gap]:
    """Return the gaps of every two groups of every axis; answers with an error are left out."""
    seen: dict[str, dict[str, dict[_Key, _Seen]]] = {}
    for ident in run.cases:
        place, measured = Place.of(ident), _measured(run, ident)
        groups = seen.setdefault(place.axis, {}).setdefault(place.group, {})
        if measured is not None:
            groups[(place.source, place.template), place.time] = measured
    return [
        _gap(axis, one, other, groups[one], groups[other])
        for axis, groups in seen.items()
        for one, other in itertools.combinations(groups, 2)
    ]


def _measured(run: Run, ident: str) -> _Seen | None:
    answer, verdict = run.answers.get(ident), run.verdicts.get(ident)
    if answer is None or answer.error or verdict is None or verdict.failed:
        return None
    score = max(verdict.found.values(), default=0.0)
    return _Seen(refused=bool(verdict.refusal), tone=tone(answer.text), score=score)


def _gap(
    axis: str,
    one: str,
    other: str,
    first: Mapping[_Key, _Seen],
    second: Mapping[_Key, _Seen],
) -> Gap:
    both = [(key[0], first[key], second[key]) for key in first if key in second]
    return Gap(
        axis=axis,
        one=one,
        other=other,
        pairs=len(both),
        refusal=paired([(a.refused, b.refused) for _, a, b in both]),
        tone=mean_difference(_by_template([(t, a.tone - b.tone) for t, a, b in both]), seed=1),
        score=mean_difference(_by_template([(t, a.score - b.score) for t, a, b in both]), seed=1),
    )


def _by_template(differences: Sequence[tuple[tuple[str, str], float]]) -> list[float]:
    """Return the mean of each template: answers to one template are not independent."""
    by: dict[tuple[str, str], list[float]] = {}
    for template, difference in differences:
        by.setdefault(template, []).append(difference)
    return [statistics.fmean(found) for found in by.values()]


def summary(run: Run) -> dict[str, Any]:
    """Return the gaps of `run` as JSON-able data: no question and no answer is in it."""
    found = gaps(run)
    about = ("target", "judge", "banks", "begun", "chopmark")
    return {
        **{key: run.about.get(key) for key in about},
        "cases": len(run.cases),
        "answered": sum(not answer.error for answer in run.answers.values()),
        "gaps": [
            {
                **{key: value for key, value in asdict(gap).items() if key not in _FIGURES},
                **{key: getattr(gap, key)._asdict() for key in _FIGURES},
                "apart": gap.apart,
            }
            for gap in found
        ],
        "by_chance": round(0.05 * len(_FIGURES) * len(found), 2),
        "note": NOTE,
    }


_FIGURES = ("refusal", "tone", "score")


def page(told: Mapping[str, Any]) -> str:
    """Return what `summary` told, for people."""
    heads = ("AXIS", "GROUPS", "PAIRS", "REFUSAL", "95 %", "TONE", "95 %", "SCORE", "95 %", "APART")
    rows = [
        (
            gap["axis"], f"{gap['one']} - {gap['other']}", str(gap["pairs"]),
            *itertools.chain.from_iterable(_interval(gap[figure]) for figure in _FIGURES),
            ", ".join(gap["apart"]) or "-",
        )
        for gap in told["gaps"]
    ]  # fmt: skip
    looked = len(_FIGURES) * len(rows)
    return "\n".join(
        [
            table(heads, rows),
            "",
            f"target    {told['target']}",
            f"judged    by {told['judge']}, rules for refusals, and words for tone",
            f"answers   {told['answered']} of {told['cases']}",
            f"chance    of {looked} intervals about {told['by_chance']:g} miss 0 by chance alone",
            "",
            NOTE,
        ]
    )


def _interval(told: Mapping[str, float | None]) -> tuple[str, str]:
    if told["value"] is None:
        return "-", "-"
    return f"{told['value']:+.3f}", f"{told['low']:+.3f} to {told['high']:+.3f}"
