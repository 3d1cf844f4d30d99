"""Searches a word list, as those who look after it do."""

from __future__ import annotations

from datetime import date
from typing import Literal, get_args

from ._fold import fold
from ._lint import SOON
from ._lists import Entry, WordList

Standing = Literal["active", "soon", "expired", "unbounded"]
"""Of an entry: it holds, expires within 30 days, expired, or names no last day."""

STANDINGS: tuple[Standing, ...] = get_args(Standing)


def search(words: WordList, text: str, today: date, standing: str = "") -> list[Entry]:
    """Return the entries that `text` is part of, in order; all of them where it is empty.

    It is sought in term, category, level and reviewer, folded as terms are: case, width and what
    nobody sees make no difference. `standing` is one of `STANDINGS`, "" for any.
    """
    sought = fold(text).strip()
    return [
        entry for entry in words.entries
        if _stands(entry, standing, today)
        and any(sought in part for part in (
            entry.folded, entry.category, entry.level, fold(entry.reviewer),
        ))
    ]  # fmt: skip


def _stands(entry: Entry, standing: str, today: date) -> bool:
    if standing == "unbounded":
        return entry.expires is None
    if standing == "soon":
        return entry.expires is not None and today <= entry.expires <= today + SOON
    return not standing or entry.active(today) == (standing == "active")
