"""What verdicts make of a text: in which order they come, and what stands in their place."""

from __future__ import annotations

from collections.abc import Sequence

from ._values import Verdict


def order(verdict: Verdict) -> tuple[int, int, str, str]:
    """Return what verdicts are sorted by: their place, the longer first."""
    return verdict.start, -verdict.end, verdict.detector, verdict.category


def past(verdict: Verdict, released: int) -> bool:
    """Return whether a verdict bears on nothing behind the `released` characters."""
    return verdict.end <= released and verdict.start < released


def clusters(plan: Sequence[Verdict]) -> list[tuple[int, int, str]]:
    """Join overlapping spans to be modified; the longest span's replacement stands for all."""
    found: list[tuple[int, int, Verdict]] = []
    for verdict in plan:
        if verdict.outcome != "modify" or verdict.end <= verdict.start:
            continue
        if found and verdict.start < found[-1][1]:
            start, end, best = found[-1]
            longer = verdict.end - verdict.start > best.end - best.start
            found[-1] = (start, max(end, verdict.end), verdict if longer else best)
        else:
            found.append((verdict.start, verdict.end, verdict))
    return [(start, end, _replacement(best)) for start, end, best in found]


def _replacement(verdict: Verdict) -> str:
    if verdict.replacement is not None:
        return verdict.replacement
    return f"[{verdict.category}]"
