"""Recognises the rhythm label in a sound, whoever put it there; speech is not recognised."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

from chopmark import Mark

from ._heard import RATE, listen, rhythms
from ._marking import KIND, NAME
from ._sound_coding import heard_in
from ._wording import STANDARD

LONGEST = 600
"""Seconds of a sound that are listened to, from its start."""
MOST = 10
"""Rhythms that are listed."""


def find_heard(path: Path) -> list[Mark]:
    """Return where the rhythm stands in the sound of a file.

    Raises:
        FileError: PyAV is missing, or cannot decode it.
    """
    heard = listen(_first(heard_in(path), LONGEST * RATE))
    data = {"standard": STANDARD, "wording": "短长 短短", "match": "rhythm"}
    return [
        Mark(marker=NAME, kind=KIND, where=f"second {second:.1f}", data=data)
        for second in rhythms(heard)[:MOST]
    ]


def _first(parts: Iterable[array[int]], left: int) -> Iterator[array[int]]:
    for part in parts:
        yield part[:left]
        left -= len(part)
        if left <= 0:
            return
