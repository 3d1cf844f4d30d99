"""What the counts come to: rates with their intervals, quantiles, drift."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from chopmark.shares import wilson

from ._tally import Day, Tally


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `total`, with the 95 % interval of Wilson (1927) for the rate behind it."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        """The share, 0 where there is nothing to share."""
        return self.hits / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The bounds, 0 and 1 where there is nothing."""
        return wilson(self.hits, self.total)

    def to_dict(self) -> dict[str, object]:
        """Return the rate as plain data."""
        low, high = self.interval
        counts = {"hits": self.hits, "total": self.total}
        return {**counts, "rate": self.value, "low": low, "high": high}


@dataclass(frozen=True, slots=True)
class Drift:
    """How often calls had a category in the last days, and in those before."""

    category: str
    before: Rate
    lately: Rate

    @property
    def moved(self) -> bool:
        """Whether the two intervals are apart."""
        return (
            self.lately.interval[0] > self.before.interval[1]
            or self.lately.interval[1] < self.before.interval[0]
        )


def quantile(values: Mapping[int, int], share: float) -> int | None:
    """Return the least value that `share` of the counted values do not exceed."""
    total = sum(values.values())
    needed, seen = math.ceil(share * total), 0
    for value in sorted(values):
        seen += values[value]
        if seen >= max(1, needed):
            return value
    return None


def drift(tally: Tally, days: int = 7) -> list[Drift]:
    """Return for each category how the last `days` days compare with all before them.

    Nothing where the log has no days before those.
    """
    if not tally.days:
        return []
    start = max(tally.days) - days + 1
    lately = _added([day for at, day in tally.days.items() if at >= start])
    before = _added([day for at, day in tally.days.items() if at < start])
    if not before.calls:
        return []
    names = sorted(lately.categories | before.categories)
    return [
        Drift(
            name,
            Rate(before.categories[name], before.calls),
            Rate(lately.categories[name], lately.calls),
        )
        for name in names
    ]


def complaint_days(tally: Tally, now: int) -> dict[str, object]:
    """Return how many complaints were decided, how fast, and which are late; times in hours."""
    decided = [one for one in tally.complaints.values() if one.decided]
    taken = Counter((one.decided - one.received) // 3_600_000 for one in decided)
    late = [
        one for one in tally.complaints.values()
        if one.deadline and (one.decided or now) > one.deadline
    ]  # fmt: skip
    return {
        "received": len(tally.complaints),
        "decided": sum(taken.values()),
        "late": len(late),
        "hours": {"p50": quantile(taken, 0.5), "p95": quantile(taken, 0.95)},
        "decisions": dict(Counter(one.decision for one in decided)),
    }


def _added(days: list[Day]) -> Day:
    total = Day()
    for day in days:
        total.calls += day.calls
        total.categories.update(day.categories)
    return total
