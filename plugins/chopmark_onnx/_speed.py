"""How long a model takes for texts of several lengths, on one core."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._cache import Cache
from ._folder import Folder
from ._providers import CPU
from ._running import Running
from ._shared import open_scorer

if TYPE_CHECKING:
    from ._scorer import Scorer

TOKENS = (32, 128, 512)
"""The lengths that are measured, special tokens not counted."""

_MOST_WINDOWS = 2048
_WARM = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """The time for one text of `tokens` tokens in `windows` windows: percentiles in milliseconds.

    Encoding the text is part of it.
    """

    model: str
    tokens: int
    windows: int
    p50: float
    p99: float


def speeds(name: str, folder: Folder, rounds: int, providers: tuple[str, ...] = CPU) -> list[Speed]:
    """Load the model in `folder`, called `name`, and time it `rounds` times for each length.

    This process is kept on one core meanwhile, where the system can do that.

    Raises:
        ModelError: the model cannot be used.
        PluginError: a package is missing.
    """
    with _one_core():
        scorer = open_scorer(folder, Running(providers=providers), Cache())
        return [_speed(name, scorer, tokens, rounds) for tokens in TOKENS]


def _speed(name: str, scorer: Scorer, tokens: int, rounds: int) -> Speed:
    text = _text(scorer, tokens)
    times = []
    for _ in range(_WARM + rounds):
        started = time.perf_counter()
        scores = scorer.score(text, _MOST_WINDOWS)
        times.append((time.perf_counter() - started) * 1000)
    times = sorted(times[_WARM:])
    return Speed(
        model=name,
        tokens=scores.tokens,
        windows=scores.windows,
        p50=round(times[len(times) // 2], 3),
        p99=round(times[min(len(times) - 1, len(times) * 99 // 100)], 3),
    )


def _text(scorer: Scorer, tokens: int) -> str:
    """Return a text of Chinese and English of as many tokens, or as few more as there can be."""
    source = (  # longer than what a text that repeats it would be read as
        "今天天气很好，we went to the park together，然后在图书馆读了一本书。"
        "The bus home was late，所以我们走回来的，and it rained all the way。"
    )
    low, high = 1, tokens * 16
    text = source * (high // len(source) + 1)
    while low < high:
        middle = (low + high) // 2
        if len(scorer.encoder.encode(text[:middle])) < tokens:
            low = middle + 1
        else:
            high = middle
    return text[:low]


@contextmanager
def _one_core() -> Iterator[None]:
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
