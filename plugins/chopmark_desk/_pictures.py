"""The plots of the overview: drawn by the report, one at a time, and kept for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from chopmark.wording import Wording
from chopmark_report import Tally, plots

NAMES = ("days", "categories")
FRESH = 60_000
"""Milliseconds for which a plot is shown again: to draw one takes longer than all of the page."""
_EARLY = 2_000
_COLOURS = (
    "<style>:root{--ink:#1d1f23;--first:#2f6f9f;--second:#b3402a}"
    "@media(prefers-color-scheme:dark)"
    "{:root{--ink:#e8e6e3;--first:#6cb0e6;--second:#f08a70}}</style>"
)
"""Those of desk.css: an image has no colours of the page around it."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    at: int
    early: bool
    pictures: dict[str, str]


class Pictures:
    """The plots by language. Shared by threads; matplotlib draws for one at a time."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._drawn: dict[str, _Drawn] = {}

    def get(self, language: str, counted: Callable[[], Tally], *, early: bool) -> dict[str, str]:
        """Return an SVG for each plot that has something to show.

        Args:
            language: of its words.
            counted: returns what to draw.
            early: whether the log is not read whole yet, so that it is drawn anew soon.

        Raises:
            ChopmarkError: matplotlib is not installed.
        """
        with self._lock:
            kept, now = self._drawn.get(language), self._clock()
            if kept is None or now - kept.at >= (_EARLY if kept.early else FRESH):
                made = plots(counted(), Wording.of("chopmark_report", language))
                pictures = {name: _alone(svg) for name, svg in made.items()}
                kept = self._drawn[language] = _Drawn(now, early, pictures)
            return kept.pictures


def _alone(svg: str) -> str:
    """Return a plot that was made for a page as a file of its own."""
    end = svg.index(">") + 1
    return f"{svg[:end]}{_COLOURS}{svg[end:]}"
