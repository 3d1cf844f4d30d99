"""A lane compares terms with a text in another form: by its sounds, its look, its parts.

A `Sight` says how one character is written in that form, how a term is spelled in it, and whether
a place where the spelling stands is the term after all. A `Lane` is a sight with the terms that
it looks for; it is immutable and shared by threads. What a lane reports is an occurrence only
where the spelling begins and ends with whole characters of the text, within `reach` of them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from ahocorasick_rs import AhoCorasick, MatchKind

from chopmark.forking import once

from ._fold import fold
from ._scripts import Joint, joint

HEAD = 8
"""So many characters of the end of a text are looked up before it is compared with spellings."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A term as a lane compares it.

    `units` are its characters, each with the number of characters that stand for it in `text`;
    `breaks` are the units that follow a space or a sign in the term; `clue` is for the sight.
    """

    text: str
    units: tuple[tuple[str, int], ...]
    breaks: frozenset[int] = frozenset()
    clue: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A place where a spelling stands.

    `raw` is the text around it and `sources[n]` the index in it of what wrote the character `n`
    of the spelling. `before` is the last character in sight before the place, or nothing.
    """

    raw: str
    sources: Sequence[int]
    before: str


class Sight(Protocol):
    """A form in which texts and terms are compared. Shared by threads.

    `name` stands in the detail of what is found so; it is empty where nothing was disguised.
    `lettered` says that it sees nothing in a text without Latin letters and figures.
    """

    name: str
    lettered: bool

    @property
    def table(self) -> Table:
        """What the character of each code becomes, whatever stands around it.

        So it does not matter where a text is cut.
        """
        ...

    def spell(self, term: str) -> Iterable[Spelling]:
        """Return the spellings of `term`, none where this sight is not for it."""
        ...

    def texts(self, term: str) -> Iterable[str]:
        """Return the texts of its spellings: all terms are spelled at the start, few are met."""
        ...

    def weigh(self, spelling: Spelling, match: Match) -> float:
        """Return the bits that speak for the term at this place, 0 where something speaks against.

        The module `_evidence` says what they are.
        """
        ...

    def joins(self, edge: str, neighbour: str, *, before: bool) -> bool:
        """Return whether `neighbour`, before or behind a match, makes one word with its `edge`."""
        ...

    def unseen(self, char: str) -> bool:
        """Return whether nobody sees `char`."""
        ...

    def worth(self, raw: str) -> bool:
        """Return whether `raw` may hold what only this sight sees."""
        ...

    def holds(self, raw: str) -> bool:
        """Return whether text must wait for an occurrence that begins with `raw`.

        It need not where another sight, or the plain comparison, lets it wait anyway.
        """
        ...


@lru_cache(maxsize=8192)
def joints(char: str) -> tuple[Joint, Joint]:
    """Return what the first and the last character that `char` folds to join with."""
    folded = fold(char)
    return (joint(folded[0]), joint(folded[-1])) if folded else ("", "")


@lru_cache(maxsize=8192)
def unseen(char: str) -> bool:
    """Return whether nobody sees `char`: plain folding leaves nothing of it."""
    return not fold(char)


LETTERED = re.compile("[0-9A-Za-z\uff10-\uff5a\U0001f1e6-\U0001f1ff]").search
"""Finds a letter or figure, in full width or as half of a flag, too."""


class Plain:
    """What most sights have in common.

    Where it is `lettered`, no text is `worth` it that is not `LETTERED`.
    """

    lettered = False

    def spell(self, term: str) -> Iterable[Spelling]:
        """Return the spellings of `term`."""
        raise NotImplementedError(f"{type(self).__name__} must give spell(term)")

    def texts(self, term: str) -> Iterable[str]:
        """Return the texts of its spellings."""
        return [spelling.text for spelling in self.spell(term)]

    def joins(self, edge: str, neighbour: str, *, before: bool) -> bool:
        """Return whether both are letters, or both digits, of a script with spaces."""
        inner, outer = (0, 1) if before else (1, 0)
        one = joints(edge)[inner]
        return one != "" and one == joints(neighbour)[outer]

    def unseen(self, char: str) -> bool:
        """Return whether plain folding leaves nothing of `char`."""
        return unseen(char)

    def worth(self, raw: str) -> bool:
        """Return True."""
        return True

    def holds(self, raw: str) -> bool:
        """Return True."""
        return True


class Table(dict[int, str]):
    """What each character becomes, worked out once, when it is first met."""

    def __init__(self, of: Callable[[str], str]) -> None:
        self._of = of

    def __missing__(self, code: int) -> str:
        found = self[code] = self._of(chr(code))
        return found

    def write(self, text: str) -> str:
        """Return what `text` becomes: `text.translate(self)`, in a tenth of the time for ASCII."""
        quick = self._quick
        if quick is None or not text.isascii():
            return text.translate(self)
        data = text.encode().translate(quick.table, quick.gone)
        for one, several in quick.longer:
            if one in data:
                data = data.replace(one, several)
        return data.decode()

    def lengths(self, text: str) -> Sequence[int]:
        """Return how many characters stand for each of `text`."""
        if self._quick is None or not text.isascii():
            return [len(self[ord(char)]) for char in text]
        return text.encode().translate(self._quick.lengths)

    @once
    def _quick(self) -> _Ascii | None:
        return _ascii([self[code] for code in range(128)])


class _Ascii(NamedTuple):
    """What ASCII characters become, byte by byte; `longer` are replaced by several afterwards."""

    table: bytes
    gone: bytes
    longer: Sequence[tuple[bytes, bytes]]
    lengths: bytes


def _ascii(said: Sequence[str]) -> _Ascii | None:
    """Return the table for what each of 128 characters becomes, None where there is none."""
    longer = [(bytes((n,)), one.encode()) for n, one in enumerate(said) if len(one) > 1]
    single = "".join([one for one in said if len(one) == 1])
    several = b"".join([one for _, one in longer])
    late = frozenset(b"".join([one for one, _ in longer]))
    if not (single.isascii() and late.isdisjoint(single.encode()) and late.isdisjoint(several)):
        return None
    table = bytes([ord(one) if len(one) == 1 else n for n, one in enumerate(said)])
    gone = bytes([n for n, one in enumerate(said) if not one])
    rest = bytes(128)
    return _Ascii(table + rest, gone, longer, bytes(map(len, said)) + rest)


class Lane:
    """The spellings of some terms in one sight, ready to be found.

    `terms` are given with the ranks of their entries. An occurrence spans at most `reach`
    characters of a text, which is set once all lanes of the same terms are known. `heads` are the
    first characters of spellings that go on, up to `HEAD` of them; `characters` are those of all
    spellings: both are for texts that still grow.
    """

    def __init__(self, sight: Sight, terms: Mapping[str, Sequence[int]]) -> None:
        self.sight = sight
        self.table = sight.table
        self._terms = terms
        spelled: dict[str, tuple[str, ...]] = {}
        for term in terms:
            alone = (term,)
            for text in sight.texts(term):
                known = spelled.setdefault(text, alone)
                if term not in known:
                    spelled[text] = (*known, term)
        self._texts = [*spelled]
        self._meant = [*spelled.values()]
        self._met: dict[int, Sequence[tuple[Spelling, Sequence[int]]]] = {}
        self.longest = self.reach = max(map(len, self._texts), default=0)
        automaton = AhoCorasick(self._texts, matchkind=MatchKind.Standard, store_patterns=False)
        self.find = automaton.find_matches_as_indexes

    def seen_by(self, sight: Sight) -> Lane:
        """Return this lane for another sight, which spells every term in the same way."""
        lane = copy(self)
        lane.sight = sight
        lane.table = sight.table
        return lane

    @property
    def empty(self) -> bool:
        """Whether no term is for this sight."""
        return not self._texts

    @once
    def heads(self) -> frozenset[str]:
        """Return the first characters of spellings that go on."""
        return frozenset(
            text[:n] for text in self._texts for n in range(1, min(HEAD + 1, len(text)))
        )

    @once
    def characters(self) -> frozenset[str]:
        """Return the characters of all spellings."""
        return frozenset().union(*self._texts)

    @once
    def _sorted(self) -> Sequence[str]:
        return sorted(self._texts)

    def prepare(self) -> None:
        """Make now what the first text in progress would."""
        _ = self.heads, self.characters, self._sorted

    def touches(self, text: str) -> bool:
        """Return whether some spelling stands in `text`, be it the term there or not."""
        return self.sight.worth(text) and bool(self.find(self.table.write(text), True))

    def spellings(self, pattern: int) -> Sequence[tuple[Spelling, Sequence[int]]]:
        """Return the spellings of one text, each with the ranks of its entries."""
        met = self._met.get(pattern)
        if met is None:
            text = self._texts[pattern]
            ranks: dict[Spelling, list[int]] = {}
            for term in self._meant[pattern]:
                for spelling in self.sight.spell(term):
                    if spelling.text == text:
                        ranks.setdefault(spelling, []).extend(self._terms[term])
            met = self._met[pattern] = tuple(ranks.items())
        return met

    def begins(self, folded: str) -> bool:
        """Return whether some spelling begins with `folded`, longer than `HEAD`, and goes on."""
        texts = self._sorted
        at = bisect_left(texts, folded)
        if at < len(texts) and texts[at] == folded:
            at += 1
        return at < len(texts) and texts[at].startswith(folded)
