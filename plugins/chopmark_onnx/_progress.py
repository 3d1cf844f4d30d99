"""What is kept of one text while it is judged, piece by piece or as it grows."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence


class Growth:
    """What a model has made of the beginning of a text that grows at its end.

    `text` is encoded for good, as `ids`; `windows` of them are judged for good, and `best` is the
    highest probability by label in those, `doubted` where the doubtful ones begin and end.
    """

    def __init__(self) -> None:
        self.text = ""
        self.ids: list[int] = []
        self.windows = 0
        self.best: Sequence[float] = ()
        self.doubted: Sequence[tuple[int, int]] = ()

    def goes_on(self, text: str) -> bool:
        """Return whether `text` begins with what is known."""
        return text.startswith(self.text)


class Budget:
    """Time to judge in. Used by one thread at a time.

    `left` is what of it may still be spent, in seconds; it falls below zero where the window that
    was in progress took longer.
    """

    def __init__(self, milliseconds: float | None) -> None:
        self.left = math.inf if milliseconds is None else milliseconds / 1000


class Progress:
    """One text in progress. Used by one thread at a time.

    `budget` is that of the text, or of the call that it belongs to. Only judging is counted: not
    loading a model, and not waiting for the next piece of a stream. `growth` is by model.
    """

    def __init__(self, milliseconds: float | None, budget: Budget | None = None) -> None:
        self.milliseconds = milliseconds
        self.budget = budget or Budget(milliseconds)
        self.growth: defaultdict[str, Growth] = defaultdict(Growth)

    def says(self, judged: str) -> str:
        """Return the detail of a verdict on what was not judged in time."""
        return f"{judged} within {self.milliseconds:g} ms"
