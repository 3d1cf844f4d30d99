"""What changed between two versions of a word list, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from ._lists import Entry, WordList

_PLACE = ("number", "line")  # where an entry stands is no change of it


Kind = Literal["removed", "changed", "added"]
"""What happened to an entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry that was added, removed or changed; `keys` are what changed of it."""

    kind: Kind
    old: Entry | None = None
    new: Entry | None = None
    keys: tuple[str, ...] = ()


def diff(old: WordList, new: WordList) -> list[Change]:
    """Return the changes from `old` to `new`: removed first, then changed, then added.

    Entries are the same where their terms fold alike; of several such, where they stand in the
    same order.
    """
    before, after = _by_term(old), _by_term(new)
    gone = [entry for key, entry in before.items() if key not in after]
    come = [entry for key, entry in after.items() if key not in before]
    changed = []
    for key, entry in after.items():
        keys = tuple(_changed(before[key], entry)) if key in before else ()
        if keys:
            changed.append(Change(kind="changed", old=before[key], new=entry, keys=keys))
    return [
        *(Change(kind="removed", old=entry) for entry in gone),
        *changed,
        *(Change(kind="added", new=entry) for entry in come),
    ]


def _by_term(words: WordList) -> dict[tuple[str, int], Entry]:
    found: dict[tuple[str, int], Entry] = {}
    seen: dict[str, int] = {}
    for entry in words.entries:
        seen[entry.folded] = seen.get(entry.folded, 0) + 1
        found[entry.folded, seen[entry.folded]] = entry
    return found


def _changed(old: Entry, new: Entry) -> Iterator[str]:
    for field in fields(Entry):
        if field.name not in _PLACE and getattr(old, field.name) != getattr(new, field.name):
            yield field.name
