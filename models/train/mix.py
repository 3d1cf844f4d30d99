"""All rows there are, split into what is trained on, calibrated on and measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import authored, clauses, corpus, overlap, sets
from .rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """The rows of each part. `others` are those for training that this project did not write."""

    train: Sequence[Row]
    calibration: Sequence[Row]
    dev: Sequence[Row]

    @property
    def others(self) -> list[Row]:
        """The rows for training from the sets of other makers."""
        return [row for row in self.train if not row.source.startswith("corpus")]


def read(data: Path) -> Mix:
    """Read every set in `data` and the project's own corpus."""
    foreign = sets.read(data)
    rows = overlap.without_dev(
        [*foreign, *clauses.clauses(foreign), *authored.read(), *corpus.read()]
    )[0]
    parts = (overlap.into(rows, part) for part in ("train", "calibration", "dev"))
    train, calibration, dev = parts
    return Mix(train=train, calibration=calibration, dev=dev)
