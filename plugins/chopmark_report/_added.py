"""Adds counts of one slice of a log to those of what is before it: as if counted in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ._tally import COUNTERS, Day, Placed, Span, Tally, decide

_NUMBERS = ("answered", "unjudged", "streamed", "tokens_in", "tokens_out")
_SPANS = ("policies", "versions", "events")


def add(tally: Tally, behind: Tally) -> None:
    """Add to `tally` what was counted of the entries that follow on its own; it keeps no part."""
    for name in _NUMBERS:
        setattr(tally, name, getattr(tally, name) + getattr(behind, name))
    for name in COUNTERS:
        getattr(tally, name).update(getattr(behind, name))
    for name in _SPANS:
        _add_spans(getattr(tally, name), getattr(behind, name))
    if behind.calls is not None:
        tally.calls = tally.calls or Span(behind.calls.first, behind.calls.last)
        tally.calls.add(behind.calls)
    for key, placed in behind.marks.items():
        mark = tally.marks.setdefault(key, Placed())
        mark.placed += placed.placed
        mark.missing.update(placed.missing)
    for at, day in behind.days.items():
        found = tally.days.setdefault(at, Day())
        found.calls += day.calls
        found.stopped += day.stopped
        found.categories.update(day.categories)
    # What was decided there before it came in there may have come in here; what did, is anew.
    for complaint, decision in behind.early.items():
        decide(tally, complaint, decision)
    for name, one in behind.complaints.items():
        tally.complaints[name] = replace(one)
    for name, text in behind.texts.items():
        tally.texts.setdefault(name, text)


def _add_spans(spans: dict[str, Span], others: Mapping[str, Span]) -> None:
    for name, span in others.items():
        spans.setdefault(name, Span(span.first, span.last)).add(span)
