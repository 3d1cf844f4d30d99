"""The file of rows that the models got wrong: written by `mine`, read by the next training."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from .heads import HEADS
from .mix import Mix
from .overlap import plain
from .rows import Row

# No share names it, so every epoch has all of these rows.
SOURCE = "mined"
log = logging.getLogger(__name__)


def write(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    """Write the file; a run that is stopped here leaves the one that was there."""
    half_written = path.with_name(f"{path.name}.part")
    with half_written.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    half_written.replace(path)


def read(path: Path) -> list[Row]:
    """Read the rows of a file.

    Raises:
        ValueError: a line is not as `mine` writes them, or nobody has labelled it yet; names the
            file and the line.
    """
    with path.open(encoding="utf-8") as lines:
        return [row(line, f"{path}:{n}") for n, line in enumerate(lines, 1) if line.strip()]


def row(line: str, where: str) -> Row:
    """Read one line."""
    try:
        found = json.loads(line)
        text, labels = found["text"], dict(found["labels"])
        weight = float(found.get("weight", 1.0))
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{where}: not a JSON object with `text` and `labels`: {error}") from error
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{where}: `text` is empty or no string")
    if not 0 < weight < math.inf:
        raise ValueError(f"{where}: `weight` is {weight}; a row counts by a number above 0")
    if not labels:
        raise ValueError(f"{where}: no labels yet: look at the text, and label or delete the line")
    for head, mark in labels.items():
        if head not in HEADS or not isinstance(mark, int | float) or not 0 <= mark <= 1:
            raise ValueError(
                f"{where}: {head!r}: {mark!r} is no label: from 0 to 1, of {', '.join(HEADS)}"
            )
    return Row(text=text, labels=labels, source=str(found.get("source", SOURCE)), weight=weight)


def into(mix: Mix, mined: Iterable[Row]) -> Mix:
    """Put rows among those for training, where every epoch has all of them.

    A text that is trained on anyway takes the labels of the file, which somebody may have put
    right. One that is measured on stays out of the training.
    """
    measured = {plain(row.text) for part in (mix.calibration, mix.dev) for row in part}
    given = {row.text: row for row in mined if plain(row.text) not in measured}
    known = {row.text: row for row in mix.train}
    added = [
        replace(
            known.get(text, row),
            labels=row.labels,
            weight=row.weight,
            # What is the project's own is trained on in the second course alone.
            source=f"corpus-{SOURCE}" if row.source.startswith("corpus") else SOURCE,
        )
        for text, row in given.items()
    ]
    log.info("%d mined rows, of which %d are new", len(added), len(given.keys() - known.keys()))
    kept = [row for row in mix.train if row.text not in given]
    return replace(mix, train=sorted([*kept, *added], key=lambda row: row.text))
