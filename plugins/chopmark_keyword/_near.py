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
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def look(terms: Iterable[str], changed: str) -> Callable[[str], re.Match[str] | None]:
    """Return what finds the first place of a text at which a term may stand, or begin at its end.

    Any ASCII letter is such a place where a term begins with one, and whatever `changed` matches:
    that is not compared here.
    """
    by_length: dict[int, list[str]] = {}
    odd = changed[1:-1]
    for term in terms:
        if term[0] not in _LETTERS:
            by_length.setdefault(min(len(term), _PLACES), []).append(term)
        elif not odd.endswith(_LETTERS):
            odd += _LETTERS
    found = [f"(?<=[{odd}])", *(_places(group, n) for n, group in sorted(by_length.items()))]
    firsts = {term[0] for group in by_length.values() for term in group}
    # One set of characters in front of all lets `search` run over the others; what is tried
    # behind it begins with the set of a single place, so that most of it is passed over, too.
    front = f"[{odd}{charset(firsts)[1:-1] if firsts else ''}]"
    return re.compile(f"{front}(?:{'|'.join([END, *reversed(found)])})").search


def _places(terms: Sequence[str], length: int) -> str:
    """Return what matches behind the first character of `terms`, which have `length` or more."""
    sets = [charset({term[place] for term in terms}) for place in range(length)]
    rest = ""
    for chars in reversed(sets[2:]):
        rest = f"(?:{END}|{chars}{rest})"
    if length == 1:
        return f"(?<={sets[0]})"
    return f"{sets[1]}(?<={sets[0]}.){rest}"
