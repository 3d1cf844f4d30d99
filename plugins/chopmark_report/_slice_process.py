"""The process that counts one slice of a log: `python -m`, told on standard input which.

It writes lines of JSON: how many entries it has read, as it goes, and at last what it counted.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from chopmark import LogError
from chopmark.reading import Outline

from ._packed import packed
from ._tally import Tally, count

T = TypeVar("T")
EVERY = 10_000
"""After so many entries it is told how far the work is."""


class Slice(Protocol):
    """Entries of a log that follow each other, as the log's `slices` returns them."""

    def outlines(
        self, since: int = 0, until: int | None = None
    ) -> Iterator[Outline | Mapping[str, Any]]:
        """Yield what the log's `outlines` does of them; raise `LogError` where it would."""

    def __len__(self) -> int:
        """Return how many they are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to count: the entries of a slice from `since` to before `until` (ms since 1970)."""

    slice: Slice
    since: int
    until: int | None


def main() -> None:
    """Count the slice that standard input names."""
    asked: Asked = pickle.load(sys.stdin.buffer)  # the command wrote it
    tally, unread = Tally(), ""
    try:
        count(_told(asked.slice.outlines(asked.since, asked.until)), tally)
    except LogError as error:
        unread = str(error)
    _say({"tally": packed(tally), "unread": unread})


def _told(entries: Iterator[T]) -> Iterator[T]:
    for number, entry in enumerate(entries, 1):
        if number % EVERY == 0:
            _say(number)  # which ends this process where nobody hears it any more
        yield entry


def _say(what: object) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
