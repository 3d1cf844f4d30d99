"""Sees that no part of a text can belong to a term, by the places that characters have in terms.

This is for terms in scripts without spaces, where few texts hold a character that some term has
in its first place before one that some term has in its second, and so on.
"""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from operator import attrgetter

from chopmark.hookspecs import Wary

from ._fold import charset

END = r"\Z"
_PLACES = 4
_GROUPS = 8
"""With more, what is tried at a place costs more than what it spares."""
_COMPARED = 256
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def look(wary: Wary) -> Callable[[str], re.Match[str] | None]:
    """Return what finds the first place of a text where a term may stand, or begin at the end."""
    return re.compile(f"[{wary.certain}{wary.firsts}](?:{wary.rest}|(?<=[{wary.certain}]))").search


def places(terms: Iterable[str], changed: str, alone: Set[str] = frozenset()) -> Wary:
    """Return what such a place looks like.

    Any ASCII letter is such a place where a term begins with one, and whatever `changed` matches:
    that is not compared here. `alone` are the characters that begin a term whatever stands before.
    """
    odd = changed[1:-1]
    by_first: dict[str, list[str]] = {}
    for term in terms:
        if term[0] not in _LETTERS:
            by_first.setdefault(term[0], []).append(term)
        elif not odd.endswith(_LETTERS):
            odd += _LETTERS
    found = [_places(group) for group in _grouped(list(by_first.values()))]
    # One set of characters in front of all lets `search` run over the others; one behind it, and
    # then that of a single place, have it pass over most of what is tried there, too.
    firsts = charset(by_first)[1:-1] if by_first else ""
    seconds = {term[1] for group in by_first.values() for term in group if term[1:]}
    single = any(len(term) == 1 for group in by_first.values() for term in group)
    near = "" if single or not seconds else f"(?={charset(seconds)})"
    behind = f"|{near}(?:{'|'.join(found)})" if found else ""
    return Wary(firsts, f"{END}{behind}", odd, frozenset(alone))


@dataclass(frozen=True, slots=True)
class _Group:
    terms: list[str]
    firsts: set[str]
    seconds: set[str]

    @property
    def area(self) -> int:
        """How many pairs of a first and a second character it lets pass."""
        return len(self.firsts) * len(self.seconds)

    def joined(self, other: _Group) -> _Group:
        """Return the terms of both as one group."""
        firsts, seconds = self.firsts | other.firsts, self.seconds | other.seconds
        return _Group(self.terms + other.terms, firsts, seconds)

    def growth(self, other: _Group) -> int:
        """Return how many pairs more it lets pass with `other`, which has other firsts."""
        seconds = len(self.seconds) + len(other.seconds - self.seconds)
        return (len(self.firsts) + len(other.firsts)) * seconds - self.area


def _grouped(groups: list[list[str]]) -> list[list[str]]:
    """Return terms in few groups, so that in each any first character goes with any second.

    Those are joined that allow the fewest pairs by it which no term has; the smallest is compared
    with so many others that the time grows as the terms do.
    """
    found = [_Group(terms, {terms[0][0]}, {term[1:2] for term in terms}) for terms in groups]
    found.sort(key=_area)
    while len(found) > _GROUPS:
        least = found.pop(0)
        into = min(range(min(len(found), _COMPARED)), key=lambda n: found[n].growth(least))
        insort(found, found.pop(into).joined(least), key=_area)
    return [group.terms for group in found]


_area = attrgetter("area")


def _places(terms: Sequence[str]) -> str:
    """Return what matches behind the first character of `terms`."""
    length = min(_PLACES, min(map(len, terms)))
    firsts = charset({term[0] for term in terms})
    if length == 1:
        return f"(?<={firsts})"
    rest = ""
    for place in range(length - 1, 1, -1):
        rest = f"(?:{END}|{charset({term[place] for term in terms})}{rest})"
    return f"{charset({term[1] for term in terms})}(?<={firsts}.){rest}"
