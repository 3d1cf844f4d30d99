"""Sees at a glance that a text is of no interest to its scanners, which most text is.

Scanners that can tell so from the text alone need not follow it: `Screen` asks all of them about
the end that is held and the piece behind it, and feeds them only once one has to look closer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from .hookspecs import GlancingScanner, Scanner

Glance = Callable[[str], int]


def glances_of(scanners: Iterable[Scanner]) -> tuple[Glance, ...] | None:
    """Return how each scanner glances at a text, None where one has to be fed."""
    found: list[Glance] = []
    for scanner in scanners:
        glance = getattr(scanner, "glance", None)
        if glance is None:
            return None
        found.append(glance)
    return tuple(found)


def are_calm(scanners: Iterable[Scanner]) -> bool:
    """Return whether a glance is enough for each scanner, all of which have one."""
    return all(cast(GlancingScanner, scanner).calm for scanner in scanners)


def is_over(scanners: Iterable[Scanner], held: str) -> bool:
    """Return whether the end of a text, of which `held` is open, has no scanner find anything."""
    try:
        return all(cast(GlancingScanner, scanner).ends(held) for scanner in scanners)
    except Exception:  # noqa: BLE001  the plugin border: what breaks here is fed instead
        return False


def skip(scanner: Scanner, text: str) -> None:
    """Take a scanner behind `text`, which a glance was enough for."""
    cast(GlancingScanner, scanner).skip(text)
