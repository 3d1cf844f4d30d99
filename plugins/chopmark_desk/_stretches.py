"""A map of the log: which values each stretch of it has, so that a filter skips those without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chopmark.hookspecs import Entry

LENGTH = 512
"""Entries of a stretch: two bundles of the transparency log."""
FIELDS = ("action", "ending", "model", "adapter", "audience")
"""What is told of a call, by the names that its record has."""
_MOST = 256
_LATEST = 1 << 62
_Told = tuple[str, tuple[str, ...], tuple[str, ...]]
"""The kind of an entry, and of a call its `FIELDS` and its categories."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The entries from the place `first` to before `end`; their times are `since` to `until`.

    `values` are what any of them can be filtered by, as `name=value`; a category is there with all
    that it is a part of. None where they are too many to keep.
    """

    first: int
    end: int
    since: int
    until: int
    values: frozenset[str] | None

    def may_have(self, wanted: frozenset[str]) -> bool:
        """Return whether an entry with all of `wanted` may be among them."""
        return self.values is None or wanted <= self.values


def categories_of(said: Mapping[str, Any]) -> list[str]:
    """Return the categories of the verdicts of a call."""
    return [verdict["category"] for verdict in said["verdicts"]]


@dataclass(slots=True)
class Stretches:
    """The map as far as it is drawn, up to before the place `end`. For one thread at a time."""

    end: int = 0
    whole: list[Stretch] = field(default_factory=list)
    _sets: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)
    _count: int = 0
    _first: int = 0
    _since: int = _LATEST
    _until: int = 0
    _told: set[_Told] = field(default_factory=set)

    def add(self, entries: Iterable[Entry]) -> None:
        """Draw the entries that come next."""
        for place, said in entries:
            if not self._count:
                self._first = place
            # What cannot be read has no time: whatever time is asked for, it is shown.
            self._since = min(self._since, said.get("time", 0))
            self._until = max(self._until, said.get("time", _LATEST))
            self._told.add(_told(said))  # many calls are alike
            self._count += 1
            self.end = place + 1
            if self._count == LENGTH:
                self.whole.append(self._drawn())
                self._count, self._since, self._until, self._told = 0, _LATEST, 0, set()

    def all(self) -> tuple[Stretch, ...]:
        """Return the stretches, the last of them as far as it goes."""
        return (*self.whole, self._drawn()) if self._count else tuple(self.whole)

    def packed(self) -> dict[str, Any]:
        """Return the map as data for JSON; `unpacked` makes it one again."""
        sets = list(self._sets)
        number = {values: n for n, values in enumerate(sets)}
        return {
            "sets": [sorted(values) for values in sets],
            "whole": [
                [one.first, one.end, one.since, one.until]
                + ([] if one.values is None else [number[one.values]])
                for one in self.whole
            ],
            "open": [self.end, self._count, self._first, self._since, self._until],
            "told": sorted(self._told),
        }

    @classmethod
    def unpacked(cls, data: Mapping[str, Any]) -> Stretches:
        """Return the map that `packed` made data of.

        Raises:
            KeyError, TypeError, ValueError, IndexError: it is no such data.
        """
        sets = [frozenset(map(str, values)) for values in data["sets"]]
        whole = [
            Stretch(int(first), int(end), int(since), int(until), sets[of[0]] if of else None)
            for first, end, since, until, *of in data["whole"]
        ]
        end, count, first, since, until = map(int, data["open"])
        told = {(str(kind), tuple(named), tuple(of)) for kind, named, of in data["told"]}
        return cls(end, whole, {one: one for one in sets}, count, first, since, until, told)

    def _drawn(self) -> Stretch:
        values = frozenset(value for told in self._told for value in _values(told))
        kept = self._sets.setdefault(values, values) if len(values) <= _MOST else None
        return Stretch(self._first, self.end, self._since, self._until, kept)


def _told(said: Mapping[str, Any]) -> _Told:
    kind = said["k"]
    if kind != "call":
        return kind, (), ()
    return kind, tuple([said[name] for name in FIELDS]), tuple(categories_of(said))


def _values(told: _Told) -> Iterator[str]:
    kind, fields, categories = told
    yield f"k={kind}"
    for name, value in zip(FIELDS, fields, strict=False):  # what is no call has none
        yield f"{name}={value}"
    for category in categories:
        parts = category.split(".")
        for n in range(1, len(parts) + 1):
            yield f"category={'.'.join(parts[:n])}"
