"""What a log could not take: it says so itself, in a leaf `gap`, as soon as it takes anything."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

from ._canonical import encode
from ._leaf import at, gap_leaf

MOST_IDS = 256
"""Of so many records the leaf has the ids, those of the first ones; of all it has the number."""


class Gap(NamedTuple):
    """Why records were refused since a time (ms since 1970), how many, and the ids of the first."""

    why: str
    since: int
    refused: int = 0
    ids: tuple[str, ...] = ()

    def leaf(self, writer: str, number: int, clock: int) -> bytes:
        """Return the leaf that tells of it.

        Records that are taken late stand in the log with the ids that it names, and with a failure
        of the log: the others are missing.
        """
        leaf = gap_leaf(
            writer, number, self.why, since=self.since, until=_now(), count=self.refused,
            records=list(self.ids),
        )  # fmt: skip
        return encode(at(leaf, clock))


class Refused:
    """What was refused and is not told yet. Shared by threads."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._gap: Gap | None = None

    def note(self, why: str, *ids: str) -> None:
        """Note that something is wrong, and which records were refused for it."""
        with self._mutex:
            known = self._gap or Gap(why, _now())
            fresh = tuple(id for id in ids if id not in known.ids)  # the SDK asks again
            told = (*known.ids, *fresh)[:MOST_IDS]
            self._gap = known._replace(refused=known.refused + len(fresh), ids=told)

    def pop(self) -> Gap | None:
        """Return what is to be told, and forget it."""
        if self._gap is None:
            return None
        with self._mutex:
            found, self._gap = self._gap, None
        return found

    def put_back(self, gap: Gap) -> None:
        """Have `gap` told another time."""
        with self._mutex:
            later = self._gap or gap._replace(refused=0, ids=())
            ids = (*gap.ids, *later.ids)[:MOST_IDS]
            self._gap = gap._replace(refused=gap.refused + later.refused, ids=ids)


def _now() -> int:
    return time.time_ns() // 1_000_000
