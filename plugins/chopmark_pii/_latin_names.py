"""Names of persons in Latin script: given and family names, titles, and words before."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from ._gazetteers import LatinGazetteer, any_of
from ._hits import Hit

_LETTER = "A-Za-zÀ-ÖØ-öø-ɏ"
_UP = "A-ZÀ-ÖØ-ÞĀ-Ž"
_TOKEN = rf"[{_UP}](?:[{_LETTER}]|['’-](?=[{_LETTER}]{{2}})){{0,24}}(?![{_LETTER}])"
_PARTICLE = "van|von|de|der|den|la|del|di|da|dos|bin|al|ten|ter|le|du|el"
_BETWEEN = (
    r"(?: |(?<![A-Za-z][A-Z])(?<=[A-Z])\. "  # a full stop only behind an initial
    rf"| (?:{_PARTICLE})(?: (?:la|der|den|los))? )"
)
_chain = re.compile(rf"(?<![{_LETTER}@._/\\#&$-]){_TOKEN}(?:{_BETWEEN}{_TOKEN}){{0,5}}").finditer
_part = re.compile(_TOKEN).finditer
_CUED = 40  # characters before a name
# My name is X: any word may be one. I am X, dear X: what looks like one.
_anybody = re.compile(
    r"\b(?:name(?: is| was|:|'s|\?)|named(?: him| her)?|called|nicknamed|attn:)\s{1,6}\Z", re.I
).search
_stated = re.compile(r"\b(?:dear|i am|i'm|this is)\s{1,6}\Z", re.I).search
_greeted = re.compile(r"\b(?:dear|hi|hello|hey)\s\Z", re.I).search
_titled = re.compile(
    r"\b(?:mr|mrs|ms|miss|dr|prof|insp|sgt|lt|capt|gen|col|rev|sen|rep|gov)\.? \Z", re.I
).search
_line_before = re.compile(r"(?:\A|\n)[\s>*•?-]{0,5}\Z").search
_line_after = re.compile(r"\s?(?:\n|\Z)").match
_starts = re.compile(r"(?:\A|[.!?:;>\n\"“”•*-]\s*|\A\s+)\Z").search
_speaks = re.compile(r":\s").match


class _Part(NamedTuple):
    word: str
    start: int
    end: int


class LatinNames:
    """Finds names. Immutable, shared by threads."""

    def __init__(self, names: LatinGazetteer) -> None:
        self._given = names.given
        self._family = names.family
        self._titles = frozenset(names.cues["titles"])
        self._no_name = frozenset(names.cues["plain"])
        self._behind = frozenset(names.cues["things behind"])
        self._before = re.compile(
            rf"\b(?:{any_of(names.cues['things before'])})\.? \Z", re.I
        ).search
        before = any_of(names.cues["before"])
        self._cue = re.compile(
            rf"\b(?:{before}|directed by|written by|ask for|speak to|speak with)[\s,:]{{1,6}}\Z"
        ).search

    def __call__(self, text: str, start: int, seen: Collection[str] = ()) -> Iterator[Hit]:
        """Yield the names from `start` on, and what is a part of a name in `seen`."""
        known: set[str] | None = None
        for chain in _chain(text, start):
            if known is None:
                known = {part for name in seen for part in name.split() if len(part) > 2}
            yield from self._judge(text, _parts(text, chain.start(), chain.end()), known)

    def _judge(self, text: str, parts: Sequence[_Part], known: Collection[str]) -> Iterator[Hit]:
        titled = False
        at = 0
        while at < len(parts):
            word = parts[at].word.lower()
            if word in self._titles:
                titled, at = True, at + 1
                continue
            found = self._named(text, parts[at:], titled=titled)
            titled = False
            if found is None and parts[at].word in known and not self._is_word(word):
                found = 1, 0.6
            if found is None:
                at += 1
                continue
            size, score = found
            if self._is_thing(text, parts, at, size):
                at += size
                continue
            last = parts[at + size - 1]
            yield Hit("name", parts[at].start, last.end, score, "context")
            at += size

    def _is_thing(self, text: str, parts: Sequence[_Part], at: int, size: int) -> bool:
        """Return whether the name is that of a place or a thing: Clark County, Saint Louis."""
        behind = parts[at + size : at + size + 1]
        if behind and behind[0].word.lower() in self._behind:
            return behind[0].start == parts[at + size - 1].end + 1
        first = parts[at].start
        return self._before(text, max(0, first - 8), first) is not None

    def _named(
        self, text: str, parts: Sequence[_Part], *, titled: bool
    ) -> tuple[int, float] | None:
        """Return how many of `parts` are a name that begins with the first, and its score."""
        first = parts[0]
        low = max(0, first.start - _CUED)
        titled = titled or _titled(text, low, first.start) is not None
        anybody = _anybody(text, low, first.start) is not None
        stated = anybody or _stated(text, low, first.start) is not None
        greeted = stated or _greeted(text, low, first.start) is not None
        cued = greeted or self._cue(text, low, first.start) is not None
        size = self._size(parts)
        word = first.word.lower()
        pair = size > 1 and self._pair(parts, size)
        if (
            word in self._no_name
            and not pair
            and not ((cued or titled) and (word in self._given or word in self._family))
        ):
            return None
        if titled or pair:
            return size, 0.9
        if len(first.word) > 2 and first.word.isupper():
            return None  # an abbreviation, more likely
        if size > 1:
            return self._of_several(text, parts, size, cued=cued, stated=stated)
        if len(first.word) < 3:
            return None
        free = word not in self._no_name
        if free and (anybody or (greeted and text[first.end : first.end + 1] == ",")):
            return 1, 0.75
        return self._single(text, first, cued=cued, stated=stated)

    def _size(self, parts: Sequence[_Part]) -> int:
        size = 1
        while size < min(len(parts), 4) and not self._is_plain(parts[size]):
            size += 1
        while size > 1 and len(parts[size - 1].word) == 1:  # an initial does not end a name
            size -= 1
        return size

    def _of_several(
        self, text: str, parts: Sequence[_Part], size: int, *, cued: bool, stated: bool
    ) -> tuple[int, float] | None:
        """Judge words of which not both the first and the last are known."""
        first, word = parts[0], parts[0].word.lower()
        known = word in self._given
        last = self._last_known(parts, size)
        plain = any(part.word.lower() in self._no_name for part in parts[1 : size + 1])
        if self._given.get(word) is False and not plain:
            return size, 0.85 if cued else 0.75 if size == 2 else 0.6
        if cued and (known or word in self._family or last):
            return size, 0.75
        if stated:
            return size, 0.75
        if not last:
            foreign = not (parts[0].word + parts[size - 1].word).isascii() and not plain
            return (size, 0.5) if foreign else None
        if _line_before(text, max(0, first.start - 6), first.start) is not None:
            return (size, 0.6) if _line_after(text, parts[size - 1].end) is not None else None
        if known or _starts(text, max(0, first.start - 4), first.start) is not None:
            return None
        return size, 0.5

    def _single(
        self, text: str, part: _Part, *, cued: bool, stated: bool
    ) -> tuple[int, float] | None:
        word = part.word.lower()
        given, family = self._given.get(word), self._family.get(word)  # None: not in the list
        sure = given is False
        if cued and (sure or (stated and (given is not None or family is not None))):
            return 1, 0.85
        if sure and word not in self._no_name:
            starts = _starts(text, max(0, part.start - 4), part.start) is not None
            return 1, 0.5 if starts and _speaks(text, part.end) is None else 0.6
        if cued and (given is not None or family is False):
            return 1, 0.5
        return None

    def _pair(self, parts: Sequence[_Part], size: int) -> bool:
        """Return whether a given name and a family name are there, not both of them words too."""
        if size < 2:
            return False
        given, family = parts[0].word.lower(), parts[size - 1].word.lower()
        if len(given) == 1:  # J. K. Miller
            dotted = parts[1].start > parts[0].end + 1
            return dotted and family in self._family and family not in self._no_name
        if given not in self._given or family not in self._family:
            return False
        doubtful = self._given[given] or given in self._no_name
        return not (doubtful and (self._family[family] or family in self._no_name))

    def _last_known(self, parts: Sequence[_Part], size: int) -> bool:
        family = parts[size - 1].word.lower()
        return family in self._family and not self._family[family] and family not in self._no_name

    def _is_word(self, word: str) -> bool:
        listed = self._given.get(word, False) or self._family.get(word, False)
        return listed or word in self._no_name

    def _is_plain(self, part: _Part) -> bool:
        word = part.word.lower()
        if len(part.word) == 1:
            return False
        return word in self._titles or (word in self._no_name and word not in self._family)


def _parts(text: str, start: int, end: int) -> list[_Part]:
    found = []
    for match in _part(text, start, end):
        word = match.group().removesuffix("'s").removesuffix("’s")
        found.append(_Part(word, match.start(), match.start() + len(word)))
    return found
