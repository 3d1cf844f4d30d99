"""Shares with the interval that n allows, and how far a run is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from chopmark_watermark._tails import log10_binomial_tail

T = TypeVar("T")


class Share(NamedTuple):
    """`hits` of `n`, and its exact (Clopper-Pearson) interval."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.hits / self.n if self.n else float("nan")

    def to_dict(self) -> dict[str, float]:
        return {**self._asdict(), "share": self.value}


def share(hits: int, n: int, outside: float = 0.05) -> Share:
    """Return the two-sided interval of level 1 - `outside`."""
    hits = int(hits)  # numpy counts in its own kind
    return Share(hits, n, _low(hits, n, outside / 2), 1 - _low(n - hits, n, outside / 2))


def at_most(hits: int, n: int) -> Share:
    """Return the one-sided interval whose upper bound holds with 95 %."""
    hits = int(hits)
    return Share(hits, n, 0.0, 1 - _low(n - hits, n, 0.05))


def _low(hits: int, n: int, level: float) -> float:
    """Return the share at which `hits` or more come as seldom as `level`."""
    if not hits:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if 10 ** log10_binomial_tail(n, hits, middle) < level:
            low = middle
        else:
            high = middle
    return low


def progress(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield the items, and show on standard error how many are done."""
    started, shown = time.monotonic(), 0.0
    for done, item in enumerate(items):
        now = time.monotonic()
        if now - shown > 0.5:
            left = (now - started) / done * (len(items) - done) if done else 0
            line = f"\r{what}: {done}/{len(items)}, {left:4.0f} s left "
            print(line, end="", file=sys.stderr, flush=True)
            shown = now
        yield item
    print(f"\r{what}: {len(items)}/{len(items)}{' ' * 16}", file=sys.stderr)
