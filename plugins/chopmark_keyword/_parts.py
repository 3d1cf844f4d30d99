"""Sees a Chinese term of which characters are split into their parts: `木仓支` for `枪支`."""

from __future__ import annotations

from collections.abc import Iterable

from . import _evidence as evidence
from ._fold import fold
from ._lane import Match, Plain, Spelling, Table
from ._letters import count_han, in_simplified, is_han
from ._tables import parts, simplified


class Parts(Plain):
    """The sight of parts. It splits only the characters of the terms that it is made for."""

    name = "part"

    def __init__(self, terms: Iterable[str]) -> None:
        self._chars = frozenset(
            filter(is_han, {char for term in terms for char in in_simplified(term)})
        )
        self._found = parts(self._chars)
        self._splits: dict[str, str] = {}
        self.table = Table(self._split)

    def spell(self, term: str) -> Iterable[Spelling]:
        """Return the one spelling of `term`; it must have two Han characters, one to split."""
        chars = in_simplified(term)
        for text in self.texts(term):
            lengths = [len(self._splits[char]) for char in chars]
            yield Spelling(text, tuple(zip(chars, lengths, strict=True)))

    def texts(self, term: str) -> Iterable[str]:
        """Return the text of that."""
        chars = in_simplified(term)
        if count_han(chars) < 2:
            return ()
        known = self._splits
        for char in chars:
            if char not in known:
                known[char] = self._apart(char)
        text = "".join([known[char] for char in chars])
        return (text,) if len(text) > len(chars) else ()

    def weigh(self, spelling: Spelling, match: Match) -> float:
        """Return the bits where some characters are split, and the rest is as in the term."""
        bits = evidence.strewn(evidence.gaps(match.raw, match.sources))
        if bits is None:
            return 0.0
        at = 0
        last = -2
        split = False
        for char, length in spelling.units:
            first, final = match.sources[at], match.sources[at + length - 1]
            if at and first == match.sources[at - 1]:
                return 0.0
            at += length
            if first != final:
                split = True
                bits += self._found.bits.get(char, 0)
                continue
            shown = fold(match.raw[first])
            if simplified().get(shown, shown) != char:
                return 0.0
            bits += evidence.same(char, beside=last + 1 == first)
            last = first
        return bits if split else 0.0

    def worth(self, raw: str) -> bool:
        """Return whether there is more than ASCII, which has no parts of characters."""
        return not raw.isascii()

    def _split(self, char: str) -> str:
        folded = fold(char)
        return "".join([self._apart(simplified().get(one, one)) for one in folded if one.isalnum()])

    def _apart(self, char: str, above: str = "") -> str:
        """Return the parts of `char`, split as far as terms split them; `above` is what it is in.

        A part that has several forms is not split itself: so `扌` and `手` are the same.
        """
        found = self._found
        char = found.forms.get(char, char)
        split = found.splits.get(char) if char in self._chars else None
        split = split or found.longer.get(char)
        if split is None or char in above:
            return char
        return "".join([self._apart(part, above + char) for part in split])
