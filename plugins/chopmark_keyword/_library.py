"""The word lists of one detector, read again when their files change."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from chopmark import PolicyError

from ._lists import Folding, WordList
from ._matcher import Matcher
from ._read import load_file

log = logging.getLogger("chopmark.keyword")

Stamp = tuple[int, int, int] | None
"""Inode, size in bytes and modification time in nanoseconds; None where there is no file."""


def _stamp(path: Path) -> Stamp:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@dataclass(frozen=True, slots=True)
class _Shelf:
    """A list file as it was last looked at, and the list that it last held without a fault."""

    path: Path
    stamp: Stamp
    words: WordList


class Library:
    """Lists that never change, and lists in files; immutable, `refreshed` returns another.

    `holdback` is the most characters that the policy lets a detector hold back: lists that need
    more are refused. `foldings` is how far to see, by category; `request_foldings` how far at
    the least in what goes in.
    """

    def __init__(
        self,
        fixed: Sequence[WordList],
        paths: Sequence[Path],
        holdback: int,
        foldings: Mapping[str, Folding],
        request_foldings: Mapping[str, Folding] = MappingProxyType({}),
    ) -> None:
        self._fixed = tuple(fixed)
        self._holdback = holdback
        self._foldings = foldings
        self._request_foldings = request_foldings
        # The stamp is taken first: a change while the file is read is then seen at the next look.
        self._shelves = tuple(_Shelf(path, _stamp(path), load_file(path)) for path in paths)

    @property
    def lists(self) -> tuple[WordList, ...]:
        """The lists in force, the operator's files first."""
        return (*(shelf.words for shelf in self._shelves), *self._fixed)

    def compile(self, today: date) -> Matcher:
        """Return the matcher of the lists as `matcher` does, and warn of what has expired."""
        found = self.matcher(today)
        for words in self.lists:
            expired = words.expired(today)
            if expired:
                log.warning(
                    "list %s: %d of %d entries have expired and do nothing; review them and set "
                    "a new `expires`",
                    words.source,
                    len(expired),
                    len(words.entries),
                )
        return found

    def matcher(self, today: date) -> Matcher:
        """Return the matcher of the lists; raise `PolicyError` where they do not go together."""
        names: dict[str, str] = {}
        for words in self.lists:
            if words.name in names:
                raise PolicyError(
                    f"plugin 'keyword': lists {names[words.name]} and {words.source} are both "
                    f"named {words.name!r}; give one of them another `name`"
                )
            names[words.name] = words.source
        matcher = _compiled(
            self.lists,
            today,
            self._holdback,
            tuple(self._foldings.items()),
            tuple(self._request_foldings.items()),
        )
        if matcher.reach > self._holdback:
            raise PolicyError(
                f"plugin 'keyword': the longest term has {matcher.longest} characters, and the "
                f"policy's `holdback` is {self._holdback}; shorten the term, or raise `holdback` "
                f"to {matcher.reach} at least"
            )
        return matcher

    def refreshed(self) -> Library:
        """Return this library with the files read again that changed, itself where none did.

        Where a file is broken the list that it held stays, with a warning in the log.
        """
        shelves = tuple(map(_looked_at, self._shelves))
        return self if shelves == self._shelves else self._with(shelves)

    def keeping(self, older: Library) -> Library:
        """Return this library with the lists of `older`, which it was refreshed from."""
        pairs = zip(self._shelves, older._shelves, strict=True)
        return self._with(tuple(replace(new, words=old.words) for new, old in pairs))

    def _with(self, shelves: tuple[_Shelf, ...]) -> Library:
        other = copy(self)
        other._shelves = shelves
        return other


@lru_cache(maxsize=2)  # a process may have several detectors of the same lists
def _compiled(
    lists: tuple[WordList, ...],
    today: date,
    most: int,
    foldings: tuple[tuple[str, Folding], ...],
    request_foldings: tuple[tuple[str, Folding], ...],
) -> Matcher:
    return Matcher(lists, today, most, dict(foldings), dict(request_foldings))


def _looked_at(shelf: _Shelf) -> _Shelf:
    stamp = _stamp(shelf.path)
    if stamp == shelf.stamp:
        return shelf
    try:
        words = load_file(shelf.path)
    except PolicyError as error:
        log.warning("%s; the list as it was before stays in force", error)
        words = shelf.words
    return _Shelf(shelf.path, stamp, words)
