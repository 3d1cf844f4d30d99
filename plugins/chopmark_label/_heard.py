"""Hears a label in sound: AI in Morse by its tones and gaps, a voice by how its loudness goes.

Loudness and pitch of every few milliseconds are kept, not the sound, so that a file of hours can
be listened to; both outlive coding with loss.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from operator import mul, ne
from typing import NamedTuple

RATE = 8_000
"""Samples a second that `listen` takes."""
WINDOW = 0.005
_SAMPLES = round(RATE * WINDOW)
_FULL = 32_768
_SIGNS = (1, -1, 3, -3, 1, -1, 1)
"""A and I in Morse, in units: tones above zero, gaps below."""
_UNITS = sum(map(abs, _SIGNS))
_SHORTEST, _LONGEST = 0.03, 1.0
_THRESHOLDS = (0.3, 0.1, 0.03, 0.01, 0.003)
_ALONE = 1.5  # units of silence around it, more than within a letter
_STEADY = 0.5  # of its loudest, that a tone has everywhere but at its edges
_OFF_PITCH = 0.15
_FEW = 6
_ALIKE = 0.9


class Heard(NamedTuple):
    """What was heard, for every window: loudness from 0 to 1, and changes of sign."""

    loud: array[float]
    turns: array[int]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.loud) * WINDOW


def listen(parts: Iterable[array[int]]) -> Heard:
    """Return what is heard in samples of 16 bits, `RATE` a second."""
    loud, turns = array("f"), array("H")
    left = array("h")
    for part in parts:
        left += part
        whole = len(left) - len(left) % _SAMPLES
        for at in range(0, whole, _SAMPLES):
            window = left[at : at + _SAMPLES]
            loud.append(math.sqrt(sum(map(mul, window, window)) / _SAMPLES) / _FULL)
            # By the sign of each, not of products: a pure tone may have a 0 at every turn.
            signs = list(map((0).__le__, window))
            turns.append(sum(map(ne, signs, signs[1:])))
        left = left[whole:]
    return Heard(loud, turns)


def rhythms(heard: Heard) -> list[float]:
    """Return the seconds at which the rhythm `短长 短短` begins, whatever its pitch and speed."""
    found: set[int] = set()
    for threshold in _THRESHOLDS:
        runs = _runs(heard.loud, threshold)
        for first in range(len(runs) - len(_SIGNS) + 1):
            chosen = runs[first : first + len(_SIGNS)]
            if chosen[0][1] > 0 and _is_rhythm(heard, chosen) and _is_alone(runs, first):
                found.add(chosen[0][0])
    places = sorted(found)
    near = round(0.1 / WINDOW)  # the same one, heard at two thresholds
    kept = [*places[:1], *(b for a, b in pairwise(places) if b - a > near)]
    return [at * WINDOW for at in kept]


def _runs(loud: array[float], threshold: float) -> list[tuple[int, int]]:
    """Return where each run of loud or of quiet windows begins, and its length; quiet below 0."""
    runs, at = [], 0
    for is_loud, windows in groupby(map(threshold.__lt__, loud)):
        length = len(list(windows))
        runs.append((at, length if is_loud else -length))
        at += length
    return runs


def find_alike(label: Heard, heard: Heard, first: float, last: float) -> float | None:
    """Return at which second from `first` to `last` something as loud as `label` begins.

    Where several do, the one that is most alike.
    """
    wanted, there = _smooth(label.loud), _smooth(heard.loud)
    low = max(0, round(first / WINDOW))
    high = min(len(there) - len(wanted), round(last / WINDOW))
    best = (_ALIKE, -1)
    for at in range(low, high + 1):
        best = max(best, (_likeness(wanted, there[at : at + len(wanted)]), at))
    return best[1] * WINDOW if best[1] >= 0 else None


def _is_rhythm(heard: Heard, runs: Sequence[tuple[int, int]]) -> bool:
    unit = sum(abs(length) for _, length in runs) / _UNITS
    if not _SHORTEST <= unit * WINDOW <= _LONGEST:
        return False
    slack = 0.45 * unit + 1
    if any(
        abs(length - sign * unit) > slack for (_, length), sign in zip(runs, _SIGNS, strict=True)
    ):
        return False
    pitches = []
    for start, length in runs:
        if length < 0:
            continue
        edge = max(1, length // 4)
        core = slice(start + edge, max(start + edge + 1, start + length - edge))
        loud = heard.loud[core]
        if min(loud) < _STEADY * max(loud):
            return False
        pitches.append(sum(heard.turns[core]) / len(loud))
    return min(pitches) > 0 and max(pitches) - min(pitches) <= _OFF_PITCH * max(pitches) + 1


def _is_alone(runs: Sequence[tuple[int, int]], first: int) -> bool:
    """Return whether silence is around the rhythm, else it is part of something.

    At the start and the end of a file it may be short: what codes sound leaves some there.
    """
    chosen = runs[first : first + len(_SIGNS)]
    unit = sum(abs(length) for _, length in chosen) / _UNITS
    behind = first + len(_SIGNS)
    is_alone = first < 2 or -runs[first - 1][1] >= _ALONE * unit
    return is_alone and (behind > len(runs) - 2 or -runs[behind][1] >= _ALONE * unit)


def _smooth(loud: array[float]) -> array[float]:
    """Return the mean loudness of a few windows at each: labels do not begin where windows do."""
    return array("f", (sum(loud[at : at + _FEW]) / _FEW for at in range(len(loud) - _FEW + 1)))


def _likeness(one: array[float], other: array[float]) -> float:
    """Return how alike two courses are, from -1 to 1: their correlation."""
    size = len(one)
    mean, other_mean = sum(one) / size, sum(other) / size
    product = sum(map(mul, one, other)) / size - mean * other_mean
    spread = (sum(map(mul, one, one)) / size - mean**2) * (
        sum(map(mul, other, other)) / size - other_mean**2
    )
    return product / math.sqrt(spread) if spread > 0 else 0.0
