"""Sees a term in letters through look-alikes, digits for letters, and signs or spaces strewn in.

Every letter becomes the plain one that it looks like, digits and signs that stand for letters
become those, other signs and spaces nothing: `fυck`, `sh1t`, `f.u.c.k`, `b o m b`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate, pairwise

from . import _evidence as evidence
from ._fold import fold
from ._lane import Match, Plain, Spelling, Table, joints
from ._letters import count_han, letter
from ._scripts import joint

_FLAGS: Mapping[str, str] = {chr(0x1F1E6 + n): chr(0x61 + n) for n in range(26)}
# Two letters of these make a flag; people write words with them, too.

FEWEST = 3
"""The fewest letters of a term that this sight looks for."""

GLUED = 12
"""The fewest letters of a term that is seen without the spaces between its words."""

ORDERED = 4
"""The fewest words of a term that is seen with its words from the last to the first."""

BROKEN = 7
"""The fewest letters of a term of several words that is seen with one space more."""

FOR_LETTERS: Mapping[str, str] = {
    "0": "o", "1": "i", "2": "z", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "i", "€": "e", "£": "i", "¢": "c", "l": "i",
    **_FLAGS, "\U0001f1f1": "i",
}  # fmt: skip


_WORD = re.compile("[0-9A-Za-z]+").findall
_READ = re.compile("[0-9A-Za-z\U0001f1e6-\U0001f1ff]").search


class Words(Plain):
    """The sight of words in letters."""

    name = "look"
    lettered = True

    def __init__(self) -> None:
        self.table = Table(_written)
        self._letters = Table(_letter)

    def texts(self, term: str) -> Iterable[str]:
        """Return the texts of its spellings."""
        if not term.isascii():
            return () if count_han(term) else super().texts(term)
        kept = "".join(filter(str.isalnum, term))
        fit = sum(map(str.isalpha, kept)) >= FEWEST
        text = kept.translate(self._letters)
        if not fit or len(kept) < GLUED:
            return (text,) if fit else ()
        words = [word.translate(self._letters) for word in _WORD(term)]
        ordered = ["".join(reversed(words))] if len(words) >= ORDERED else []
        return [text, text[::-1], "".join([word[::-1] for word in words]), *ordered]

    def spell(self, term: str) -> Iterable[Spelling]:
        """Return the spellings of `term`; it must be letters, figures and signs alone.

        A long one has others, backwards: of the whole, of each word, and of the order of words.
        """
        units: list[tuple[str, int]] = []
        breaks: set[int] = set()
        apart = False
        for char in fold(term):
            if char.isalnum():
                if not joint(char):
                    return
                if apart and units:
                    breaks.add(len(units))
                units.append((char, 1))
            apart = not char.isalnum()
        if sum(char.isalpha() for char, _ in units) >= FEWEST:
            words = _parted("".join(char for char, _ in units), breaks)
            yield _spelling(words)
            if len(units) >= GLUED:
                whole = [word[::-1] for word in reversed(words)]
                turned = [whole, [word[::-1] for word in words]]
                if len(words) >= ORDERED:
                    turned.append(words[::-1])
                for back in turned:
                    if back != words:
                        yield _spelling(back, clue="back")

    def weigh(self, spelling: Spelling, match: Match) -> float:
        """Return the bits of the letters, if what stands between them is as in the term."""
        raw, sources = match.raw, match.sources
        shown = [raw[n] for n in sources]
        bits = evidence.WORD
        same = plain = other = flags = 0
        for (char, _), seen in zip(spelling.units, shown, strict=True):
            if char in fold(seen):
                same += 1
                plain += seen.isascii()
                bits += evidence.LETTER
            elif seen in "iIlL" and not _mistaken(char, seen, shown):
                return 0.0
            else:
                flags += seen in _FLAGS
                foreign = not seen.isascii() and (seen.isalpha() or seen in _FLAGS)
                other += foreign
                bits += evidence.LETTER if foreign else evidence.ALIKE
        if (same + other) * 3 < len(shown) or not (plain or flags >= GLUED):
            return 0.0
        if (spelling.clue and same < len(shown)) or not _together(spelling, raw, sources):
            return 0.0
        return bits

    def worth(self, raw: str) -> bool:
        """Return whether there is a letter or a figure that `weigh` may be content with."""
        return _READ(raw) is not None

    def unseen(self, char: str) -> bool:
        """Return whether nobody sees `char`, or it is an accent or a stroke through a letter."""
        return super().unseen(char) or unicodedata.combining(char) != 0

    def joins(self, edge: str, neighbour: str, *, before: bool) -> bool:
        """Return whether `neighbour` belongs to the word; to a digit for a letter, anything."""
        if neighbour in _FLAGS:
            return edge in _FLAGS
        inner, outer = (0, 1) if before else (1, 0)
        one, other = joints(edge)[inner], joints(neighbour)[outer]
        return other != "" and (one == other or one != "letter")


def _parted(text: str, breaks: Collection[int]) -> list[str]:
    ends = [0, *sorted(breaks), len(text)]
    return [text[at:end] for at, end in pairwise(ends)]


def _spelling(words: Sequence[str], clue: str = "") -> Spelling:
    text = "".join(words)
    breaks = frozenset(accumulate(map(len, words[:-1])))
    units = tuple((char, 1) for char in text)
    return Spelling("".join(map(_letter, text)), units, breaks, clue)


def _written(char: str) -> str:
    if char.isspace():
        return ""
    return "".join([_letter(one) for one in _unaccented(char)])


def _unaccented(char: str) -> str:
    kept = letter(char)  # a capital may look like another letter than its small one
    return kept if kept != char.casefold() else fold(char)


def _letter(char: str) -> str:
    """Return the letter that `char` is taken for, nothing for other signs."""
    plain = letter(char)
    found = FOR_LETTERS.get(plain)
    if found is None:
        found = plain if plain.isalnum() else ""
    return found


def _mistaken(char: str, seen: str, shown: Sequence[str]) -> bool:
    """Return whether `seen` can be taken for `char`: I among small letters, l among capitals."""
    small = any(other.islower() for other in shown if other not in "iIlL")
    return (char == "l" and seen == "I" and small) or (char == "i" and seen == "l" and not small)


def _together(spelling: Spelling, raw: str, sources: Sequence[int]) -> bool:
    """Return whether the gaps of a place are those of the term, or of one who spaces it out."""
    words: list[list[str]] = [[]]
    glued = False
    for n in range(1, len(sources)):
        one, other = sources[n - 1], sources[n]
        gap = "" if other <= one + 1 else evidence.visible(raw[one + 1 : other])
        if len(gap) > evidence.WIDEST:
            return False
        if n not in spelling.breaks:
            words[-1].append(gap)
            continue
        words.append([])
        if not gap:
            glued = True
        elif not evidence.CLAUSE.isdisjoint(gap) and not _enclosing(gap, sources):
            return False
    if glued and len(sources) < GLUED:
        return False
    inner = [gap for word in words for gap in word]
    if inner and all(inner):
        return True
    # A word of which every letter stands alone, in the same way, is no accident.
    spaced = [gap for word in words if not _apart(word) for gap in word if gap]
    if any(gap in "'’" or not evidence.CLAUSE.isdisjoint(gap) for gap in spaced):
        return False
    blank = sum(1 for gap in spaced if any(char.isspace() for char in gap))
    return blank == 0 or (blank == 1 and (not spelling.breaks or len(sources) >= BROKEN))


def _enclosing(gap: str, sources: Sequence[int]) -> bool:
    """Return whether `gap` only puts a part of a long term in brackets or quotation marks."""
    return len(sources) >= GLUED and evidence.AROUND(gap) is not None


def _apart(gaps: Sequence[str]) -> bool:
    """Return whether the same gap, no clause's, stands between all letters of a word."""
    return len(gaps) > 1 and gaps[0] != "" and len({*gaps}) == 1
