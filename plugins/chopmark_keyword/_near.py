"""Sees that no part of a text can belong to a term, by the places that characters have in terms.

This is for terms in scripts without spaces, where few texts hold a character that some term has
in its first place before one that some term has in its second, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from ._fold import charset

END = "\uffff"
"""Must stand behind the text, so that its end is a character like any other: that is faster."""

_PLACES = 4
_GROUPS = 8
"""With more, what is tried at a place costs more than what it spares."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def look(terms: Iterable[str], changed: str) -> Callable[[str], re.Match[str] | None]:
    """Return what finds the first place of a text at which a term may stand, or begin at its end.

    Any ASCII letter is such a place where a term begins with one, and whatever `changed` matches:
    that is not compared here.
    """
    odd = changed[1:-1]
    by_first: dict[str, list[str]] = {}
    for term in terms:
        if term[0] not in _LETTERS:
            by_first.setdefault(term[0], []).append(term)
        elif not odd.endswith(_LETTERS):
            odd += _LETTERS
    found = [_places(group) for group in _grouped(list(by_first.values()))]
    # One set of characters in front of all lets `search` run over the others; what is tried
    # behind it begins with the set of a single place, so that most of it is passed over, too.
    front = f"[{odd}{charset(by_first)[1:-1] if by_first else ''}]"
    return re.compile(f"{front}(?:{'|'.join([END, *found, f'(?<=[{odd}])'])})").search


def _grouped(groups: list[list[str]]) -> list[list[str]]:
    """Return terms in few groups, so that in each any first character goes with any second.

    Those are joined that allow the fewest pairs by it which no term has.
    """
    sets = [({g[0][0]}, {term[1:2] for term in g}) for g in groups]
    while len(groups) > _GROUPS:
        at = min(range(len(groups)), key=lambda n: _area(sets[n]))
        group, (firsts, seconds) = groups.pop(at), sets.pop(at)
        into = min(
            range(len(groups)),
            key=lambda n: _area((sets[n][0] | firsts, sets[n][1] | seconds)) - _area(sets[n]),
        )
        groups[into] = groups[into] + group
        sets[into] = sets[into][0] | firsts, sets[into][1] | seconds
    return groups


def _area(sets: tuple[set[str], set[str]]) -> int:
    return len(sets[0]) * len(sets[1])


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
