"""How far work is, told by what does it to whoever wants to hear it."""

from __future__ import annotations

from collections.abc import Callable

Steps = Callable[[str, int, int], object]
"""Is told of a step, such as "hashing", how much of it is done by now, and of how much."""


def unheard(step: str, done: int, total: int) -> None:
    """Hear how far work is, and do nothing."""


def adding(told: Steps, step: str, total: int) -> Callable[[int], None]:
    """Return what hears how much more is done, for work that does not count it itself."""
    done = 0

    def more(count: int) -> None:
        nonlocal done
        done += count
        told(step, done, total)

    return more
