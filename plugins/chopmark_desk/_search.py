"""Looks through the log for entries of a kind, the last first, and never at more than a page may.

What is not found in so many entries is not looked for further: the page says how far it looked, and
goes on from there when it is asked to. Stretches of the map without what is wanted cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from chopmark.hookspecs import Entry
from chopmark.policy import is_under
from chopmark_report import DAY

from ._sound import SoundLog
from ._stretches import FIELDS, Stretch, categories_of

PAGE = 50
"""Entries of a page."""
LOOKED = 1024
"""Entries that a page looks at."""
NAMES = (*FIELDS, "category")
"""What can be asked for, beside the time."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: entries with all of `asked`, pairs of a name and a value.

    From `since` to before `until`, milliseconds since 1970, where None is for ever.
    """

    asked: tuple[tuple[str, str], ...]
    since: int = 0
    until: int | None = None

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Sought:
        """Return what the fields of a form ask for: `NAMES`, `from`, `to` (days), and `all`.

        A field that is empty, or no day, asks for nothing. Without `all` it is for calls alone.
        """
        asked = [(name, form[name]) for name in NAMES if form.get(name)]
        if asked or not form.get("all"):
            asked.insert(0, ("k", "call"))
        last = _day(form.get("to", ""))
        until = None if last is None else last + DAY
        return cls(tuple(asked), _day(form.get("from", "")) or 0, until)

    def takes(self, said: Mapping[str, Any]) -> bool:
        """Return whether an entry is one that is looked for."""
        time = said.get("time")  # what cannot be read has none, and is of every time
        if time is not None and not self._at(time, time):
            return False
        return all(
            said.get(name) == value
            if name != "category"
            else any(is_under(found, (value,)) for found in categories_of(said))
            for name, value in self.asked
        )

    def places_in(self, stretches: Sequence[Stretch]) -> Iterator[Stretch]:
        """Yield the stretches that may have one, the last first."""
        wanted = frozenset(f"{name}={value}" for name, value in self.asked)
        for stretch in reversed(stretches):
            if self._at(stretch.since, stretch.until) and stretch.may_have(wanted):
                yield stretch

    def _at(self, first: int, last: int) -> bool:
        return last >= self.since and (self.until is None or first < self.until)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, the last first. Before `rest` it was not looked, None where it was to the
    first entry. `looked` is at how many entries, `oldest` the time of the last of these.
    """

    entries: tuple[Entry, ...]
    rest: int | None
    looked: int
    oldest: int

    @property
    def is_cut(self) -> bool:
        """Whether it gave up before the page was full."""
        return self.rest is not None and len(self.entries) < PAGE


def search(
    log: SoundLog, stretches: Sequence[Stretch], sought: Sought, before: int | None = None
) -> Found:
    """Return a page of the entries that are sought, from before the place `before` back.

    Raises:
        LogError: the log cannot be read.
    """
    found: list[Entry] = []
    looked = oldest = 0
    for first, end in _ranges(stretches, sought, before):
        for entry in log.backward(end):
            if entry.place < first:
                break
            looked += 1
            oldest = entry.said.get("time", oldest)
            if sought.takes(entry.said):
                found.append(entry)
            if len(found) == PAGE or looked == LOOKED:
                return Found(tuple(found), entry.place or None, looked, oldest)
    return Found(tuple(found), None, looked, oldest)


def _ranges(
    stretches: Sequence[Stretch], sought: Sought, before: int | None
) -> Iterator[tuple[int, int | None]]:
    """Yield, the last first, where to look: behind the map, and where it says that it may be."""
    drawn = stretches[-1].end if stretches else 0
    if before is None or before > drawn:
        yield drawn, before
    first, end = 0, 0
    for stretch in sought.places_in(stretches):
        if before is not None and stretch.first >= before:
            continue
        if end and stretch.end == first:
            first = stretch.first  # side by side: read in one go
            continue
        if end:
            yield first, end
        first, end = stretch.first, stretch.end if before is None else min(stretch.end, before)
    if end:
        yield first, end


def _day(text: str) -> int | None:
    """Return when a day begins (UTC), such as 2026-11-27; None where `text` is none."""
    try:
        found = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return int(found.timestamp()) * 1000
