"""Checks what a detector hands over, before anything is decided or cut by it.

An offset outside the text would be dropped or would point at other characters, and an outcome that
nobody knows cannot be decided on: what was found would be let through without a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from ._errors import PluginError
from ._values import Outcome, Verdict

_OUTCOMES: tuple[str, ...] = get_args(Outcome)


class VerdictError(PluginError):
    """A detector handed over a verdict that cannot be used: it counts as broken."""


def checked(found: Iterable[Verdict], length: int, since: int = 0) -> list[Verdict]:
    """Return the verdicts of `found` on a text of `length` code points.

    Raises:
        VerdictError: one is none, starts before `since`, or ends behind the text; or its category,
            score, outcome or replacement cannot be used.
    """
    verdicts = list(found)
    for verdict in verdicts:
        if not isinstance(verdict, Verdict):
            raise VerdictError(f"{type(verdict).__name__!r} is no Verdict; return a list of them")
        start, end = verdict.start, verdict.end
        if not (
            isinstance(start, int) and isinstance(end, int) and since <= start <= end <= length
        ):
            raise VerdictError(
                f"the span {start!r}-{end!r} is not in {since}-{length}; give offsets of code "
                "points in the text as it was given, none before what was settled"
            )
        if not (isinstance(verdict.category, str) and verdict.category):
            raise VerdictError(f"the category {verdict.category!r} is no name; give a dotted one")
        if not (isinstance(verdict.score, int | float) and 0 <= verdict.score <= 1):
            raise VerdictError(f"the score {verdict.score!r} is not in 0..1")
        if verdict.outcome not in _OUTCOMES:
            raise VerdictError(
                f"the outcome {verdict.outcome!r} is not one of {', '.join(_OUTCOMES)}"
            )
        if not isinstance(verdict.replacement, str | None):
            raise VerdictError(
                f"the replacement is a {type(verdict.replacement).__name__}; give a string or None"
            )
    return verdicts
