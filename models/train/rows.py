"""One labelled text, and on which side of the split it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from .heads import HEADS


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One text with its labels, where it came from and on which side of the split it is.

    A label is 1, 0 or something between (a doubtful one); a head without a label is unknown.
    `hinted` are unknown heads that are most likely 0: they are learned as that, but weakly.
    """

    text: str
    labels: Mapping[str, float]
    source: str
    part: str = "train"
    weight: float = 1.0
    group: str = ""
    hinted: frozenset[str] = field(default=frozenset())

    @property
    def benign(self) -> bool:
        """Whether the text is known to be 0 on every head."""
        return len(self.labels) == len(HEADS) and not any(self.labels.values())


BENIGN: Mapping[str, float] = dict.fromkeys(HEADS, 0.0)


def positive(*heads: str, of: float = 1.0) -> dict[str, float]:
    """Label some heads, and leave the others unknown. What is hateful is toxic too."""
    return dict.fromkeys((*heads, "toxic") if "hate" in heads else heads, of)


def fraction(text: str) -> float:
    """Give a number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


def split(text: str, *, dev: float, calibration: float = 0.0) -> str:
    """Say on which side a text falls."""
    place = fraction(text)
    if place < dev:
        return "dev"
    return "calibration" if place < dev + calibration else "train"
