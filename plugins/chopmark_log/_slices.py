"""Cuts a log into slices that processes read side by side, to count what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from chopmark.reading import Outline

from ._folder import LogFolder
from ._read import outlines
from ._tree import WIDTH


@dataclass(frozen=True, slots=True)
class Slice:
    """The entries from `start` to before `end`: plain data, which another process can be given."""

    folder: LogFolder
    start: int
    end: int

    def outlines(
        self, since: int = 0, until: int | None = None
    ) -> Iterator[Outline | Mapping[str, Any]]:
        """Yield what the log's `outlines` does of these entries.

        Raises:
            LogError: the log is damaged; what came before was yielded.
        """
        return outlines(self.folder, since, until, self.start, self.end)

    def __len__(self) -> int:
        return self.end - self.start


def slices(folder: LogFolder, count: int) -> list[Slice]:
    """Return all of a log in at most `count` slices, in order, none of them empty.

    Raises:
        LogError: the log cannot be read.
    """
    if not folder.is_log:
        return []
    with closing(folder.open()) as store:
        first, end = store.minimum // WIDTH, store.size
    bundles = -(-end // WIDTH) - first
    bounds = sorted({first + bundles * n // count for n in range(count + 1)})
    # Another process may work in another folder.
    there = replace(folder, path=folder.path.absolute())
    return [Slice(there, a * WIDTH, min(b * WIDTH, end)) for a, b in pairwise(bounds)]
