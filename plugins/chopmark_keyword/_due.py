"""Which entries are to be reviewed again, and by whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from ._lists import Entry, WordList


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An entry to review: it has expired, soon will, or says no day at all (`expires` None)."""

    reviewer: str
    source: str
    where: str
    expires: date | None
    expired: bool


def due(lists: Iterable[WordList], today: date, within: timedelta) -> list[Due]:
    """Return what expires within so many days of `today`, by reviewer, the oldest first."""
    found = [
        Due(
            reviewer=entry.reviewer,
            source=words.source,
            where=entry.where,
            expires=entry.expires,
            expired=not entry.active(today),
        )
        for words in lists
        for entry in words.entries
        if _asked(entry, today + within)
    ]
    return sorted(found, key=lambda item: (item.reviewer, item.expires or date.max))


def _asked(entry: Entry, until: date) -> bool:
    return entry.expires is None or entry.expires <= until
