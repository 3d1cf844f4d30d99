"""Lets `chopmark inspect` ask a log whether a text is one of its answers."""

from __future__ import annotations

from collections.abc import Sequence

from chopmark import Mark, Request

from ._find import Match, find
from ._folder import LogFolder
from ._mapped import Mapped
from ._winnow import plain


class LogMarker:
    """Tells the answers of a log that a text has. It marks nothing by itself: recording does."""

    name = "log"
    version = "1"
    kind = "record"
    beside = True

    def __init__(self, folder: LogFolder) -> None:
        self._folder, self._mapped = folder, Mapped()

    def open(self, request: Request) -> NoMarking:
        """Return what lets an answer go as it is."""
        return NoMarking()

    def detect(self, text: str) -> Sequence[Mark]:
        """Return a mark for each answer that has enough of `text`. Nothing is written.

        Raises:
            LogError: the log cannot be read, or keeps no contents.
        """
        if not plain(text):
            return ()
        found = find(self._folder, text, writing=False, mapped=self._mapped)
        return [
            _mark(match, found.compared, found.entries)
            for match in found.matches
            if match.worth == "enough"
        ]


class NoMarking:
    """An answer that goes through as it is."""

    done = True

    def feed(self, text: str) -> str:
        """Return `text`."""
        return text

    def finish(self) -> tuple[str, Sequence[Mark]]:
        """Return no tail, and no mark."""
        return "", ()


def _mark(match: Match, compared: int, entries: int) -> Mark:
    parts = [part for part in match.parts if part.worth == "enough"]
    spans = ", ".join(f"{part.text[0]:,} to {part.text[1]:,}" for part in parts)
    return Mark(
        marker=LogMarker.name,
        kind=LogMarker.kind,
        where=f"characters {spans}",
        data={
            "state": match.how,
            "record": match.record,
            "entry": str(match.index),
            "time": str(match.time),
            "model": match.model,
            "same": f"{match.matched:,} of {compared:,}",
            "entries": f"{min(part.entries for part in parts):,} of {entries:,}",
        },
    )
