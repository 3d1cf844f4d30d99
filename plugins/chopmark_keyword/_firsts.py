"""The words that terms begin with: enough to see that a piece of ASCII text is of no interest.

An occurrence of a term that begins with ASCII letters begins with just these, as a whole word of
the text, and goes on with the second word of the term: or with what is no letter, and then anything
may follow. So a text without them holds none, and only its last word can be the beginning of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SPACED = bytes(code if chr(code).isalpha() else 32 for code in bytes(range(256)).lower())
"""Makes small letters of capitals, and a space of what stands between words (see `joint`)."""

_first = re.compile(r"[a-z]+").match
_NONE: tuple[frozenset[bytes], frozenset[bytes]] = frozenset(), frozenset()


class Firsts:
    """The first two words of some terms. Immutable, shared by threads.

    Words are ASCII letters, cut as by `SPACED` and `split(b" ")`: so there may be empty ones.
    `whole` are the first words of terms that ASCII text can hold. `begun` is what an ASCII text
    can end in within the first word of any term, or right behind it.
    """

    __slots__ = ("_seconds", "begun", "whole")

    def __init__(self, terms: Iterable[Sequence[bytes]], firsts: Iterable[bytes]) -> None:
        seconds: dict[bytes, set[bytes] | None] = {}
        for first, *rest in terms:
            known = seconds.setdefault(first, set())
            if known is None or not rest or not rest[0]:  # the word is enough to look closer
                seconds[first] = None
            else:
                known.add(rest[0])
        self._seconds = {
            first: None if found is None else (frozenset(found), _begun(found))
            for first, found in seconds.items()
        }
        self.whole = frozenset(seconds)
        self.begun = _begun(firsts) - {b""}

    def open(self, words: Sequence[bytes], last: bytes) -> int:
        """Return how many of `words`, which `last` follows, may be the end of a text in a term.

        That is 1 or 0; -1 says that a term may begin with one of them and go on.
        """
        seconds = self._seconds
        follow, begun = _NONE
        for word in words:  # "the" is one of them, so be quick
            if word in follow:
                return -1
            if word in seconds:
                found = seconds[word]
                if found is None:
                    return -1
                follow, begun = found
            elif follow:
                follow, begun = _NONE
        return 1 if last in begun else 0

    def begins(self, words: Sequence[bytes], last: bytes) -> bool:
        """Return whether a term may begin with one of `words`, which `last` follows, and go on.

        That is so wherever `open` is not 0.
        """
        seconds = self._seconds
        for first in words:
            if first in seconds:
                found = seconds[first]
                if found is None or not found[0].isdisjoint(words):
                    return True
                if last in found[1] and first == words[-1]:
                    return True
        return False


def read_firsts(terms: Iterable[str]) -> Firsts | None:
    """Return the first words of folded `terms`; None where these do not tell enough.

    That is so where a term begins with a sign or a digit.
    """
    firsts: list[bytes] = []
    ascii_terms: list[Sequence[bytes]] = []
    for term in terms:
        found = _first(term)
        if found is not None:
            firsts.append(found[0].encode())
            if term.isascii():
                ascii_terms.append(term.encode().translate(SPACED).split(b" "))
            elif term[found.end()].isascii():  # ASCII text can end within it, behind its first word
                ascii_terms.append([firsts[-1]])
        elif term[0].isascii():
            return None
    return Firsts(ascii_terms, firsts)


def _begun(words: Iterable[bytes]) -> frozenset[bytes]:
    return frozenset(word[:n] for word in words for n in range(len(word) + 1))
