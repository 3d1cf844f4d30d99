"""What the overview says, from the counts: stopped calls, categories, marks, complaints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

from chopmark_report import DAY, STOPPED, STOPPING, Rate, Tally, complaint_days

_MOST = 12
"""Categories that are told, those that stopped most."""
_DAYS = 14
_DRAWN = 366


@dataclass(frozen=True, slots=True)
class Category:
    """A category: how many verdicts there were, and how many of them asked to stop the call."""

    name: str
    stopped: int
    verdicts: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the completed answers carry a mark, and why the others do not."""

    marker: str
    kind: str
    placed: Rate
    missing: tuple[tuple[str, int], ...]
    untold: int


@dataclass(frozen=True, slots=True)
class DayOf:
    """One day (UTC): when it began, its calls, and those that were stopped."""

    time: int
    calls: int
    stopped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The counts of the overview. Times are milliseconds since 1970, 0 where there is none."""

    calls: int
    first: int
    last: int
    stopped: Rate
    unjudged: int
    answered: int
    complaints: int
    waiting: int
    late: int
    categories: tuple[Category, ...]
    coverage: tuple[Coverage, ...]
    days: tuple[DayOf, ...]


def summary_at(now: int) -> Callable[[Tally], Summary]:
    """Return what makes the summary of counts at the time `now`."""

    def summary(tally: Tally) -> Summary:
        span = tally.calls
        total = span.count if span else 0
        complaints = list(tally.complaints.values())
        late = complaint_days(tally, now)["late"] if complaints else 0
        return Summary(
            calls=total,
            first=span.first if span else 0,
            last=span.last if span else 0,
            stopped=Rate(sum(tally.actions[action] for action in STOPPED), total),
            unjudged=tally.unjudged,
            answered=tally.answered,
            complaints=len(complaints),
            waiting=sum(not one.decided for one in complaints),
            late=int(str(late)),
            categories=_categories(tally),
            coverage=_coverage(tally),
            days=_days(tally),
        )

    return summary


def drawn(tally: Tally) -> Tally:
    """Return a copy of what plots need of counts: those of the last year, at the most."""
    last = sorted(tally.days)[-_DRAWN:]
    return Tally(days={day: copy(tally.days[day]) for day in last}, verdicts=+tally.verdicts)


def _categories(tally: Tally) -> tuple[Category, ...]:
    stopped: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    for (category, outcome, *_), number in tally.verdicts.items():
        verdicts[category] += number
        stopped[category] += number if outcome in STOPPING else 0
    names = sorted(verdicts, key=lambda name: (-stopped[name], -verdicts[name], name))
    return tuple(Category(name, stopped[name], verdicts[name]) for name in names[:_MOST])


def _coverage(tally: Tally) -> tuple[Coverage, ...]:
    return tuple(
        Coverage(
            marker,
            kind,
            Rate(found.placed, tally.answered),
            tuple(found.missing.most_common()),
            tally.answered - found.placed - sum(found.missing.values()),
        )
        for (marker, kind), found in sorted(tally.marks.items())
    )


def _days(tally: Tally) -> tuple[DayOf, ...]:
    last = sorted(tally.days, reverse=True)[:_DAYS]
    return tuple(DayOf(day * DAY, tally.days[day].calls, tally.days[day].stopped) for day in last)
