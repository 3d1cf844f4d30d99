"""The runs of `chopmark assess` whose answers people review at the desk, and what waits in one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chopmark_assess import (
    AssessError,
    Result,
    Review,
    Run,
    Shelf,
    decide,
    hide,
    is_run,
    may_review,
    queue,
    results,
    write_summary,
)

from ._desk import Desk

MOST = 200
"""Runs that are listed, the latest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A run in the list: its name, and the figures that it wrote when it ended or was reviewed."""

    name: str
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits in a run: what this reviewer may look at, in order, and how many others must."""

    run: Run
    mine: Sequence[Result]
    others: int

    def case(self, id: str) -> Result | None:
        """Return the case of that id, or the first one; None where that does not wait."""
        if not id:
            return self.mine[0] if self.mine else None
        return next((one for one in self.mine if one.case.id == id), None)


def names(folder: Path) -> list[str]:
    """Return the names of the runs in `folder`, the latest first.

    Raises:
        AssessError: it cannot be read.
    """
    try:
        found = [(path.stat().st_mtime, path.name) for path in folder.iterdir() if is_run(path)]
    except OSError as error:
        raise AssessError(
            f"{folder} cannot be read ({error.strerror}); write the folder of your runs as `runs` "
            "under [settings.desk]"
        ) from error
    return [name for _, name in sorted(found, reverse=True)][:MOST]


def listed(folder: Path) -> list[Told]:
    """Return the runs in `folder`, the latest first."""
    return [Told(name=name, figures=_figures(folder / name)) for name in names(folder)]


def run_of(folder: Path, name: str) -> Path | None:
    """Return the folder of the run of that name, None where there is none by it."""
    return folder / name if name in names(folder) else None


def shelf_of(desk: Desk) -> Shelf:
    """Return the runs that pages have read, so that none is read again for each page."""
    return desk.kept.get("runs", Shelf)


def waiting(shelf: Shelf, path: Path, reviewer: str) -> Queue:
    """Return what waits in the run at `path` for `reviewer`.

    Raises:
        AssessError: the run is damaged.
    """
    run = shelf.load(path)
    found = queue(results(run), str(run.about["seed"]))
    mine = [one for one in found if may_review(reviewer, one)]
    return Queue(run=run, mine=mine, others=len(found) - len(mine))


def review(shelf: Shelf, path: Path, one: Review) -> None:
    """Keep what a person decided, and write the figures anew.

    Raises:
        AssessError: the reviewer annotated the case, a reason is missing, or it has no answer.
    """
    decide(shelf.load(path), [one])
    write_summary(shelf.load(path))


def _figures(path: Path) -> Mapping[str, Any]:
    """Return what a run tells of itself, nothing where it did not end yet."""
    try:
        found = json.loads((path / "summary.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    # A run of an earlier chopmark may have a password in the target's address.
    return {**found, "target": hide(str(found.get("target", "")))}
