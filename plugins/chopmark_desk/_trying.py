"""Tries texts against the word lists: what is found, and what a change would find beside, or not.

A harmless sample, one text a line, says how often a change would be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from chopmark_keyword import Entry, Place, Trial, WordList

from ._lists import Lists
from ._spans import Piece, pieces

SHOWN = 20
"""Texts of a sample that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An entry of a list that is found in a text, once the change holds (`stays`, `comes`) or not.

    `way` is how it was seen, "" where it stands there plainly.
    """

    what: Literal["stays", "comes", "goes"]
    list: str
    entry: Entry
    way: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """Of a sample: how many texts it has, in how many something is found, before and after.

    In `coming` of them a change finds what is not found now; `shown` are the first of these.
    """

    texts: int
    before: int
    after: int
    coming: int
    shown: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a trial. `text` is cut in pieces with the numbers, from 1, of the `hits`."""

    text: Sequence[Piece]
    hits: Sequence[Hit]
    sample: Sampled | None


def try_out(
    lists: Lists, today: date, text: str, sample: Sequence[str], instead: WordList | None = None
) -> Tried:
    """Return what is found in `text` and `sample`, with `instead` in the place of its list.

    Raises:
        PolicyError: the lists do not go together, so that a service would not take them.
    """
    before = lists.trial(today)
    after = before if instead is None else lists.trial(today, instead)
    words = {one.words.name: one.words for one in lists.all(today) if one.words is not None}
    changed = words if instead is None else {**words, instead.name: instead}
    was, now = before.places(text), after.places(text)
    found: dict[int, tuple[int, int]] = {}
    hits = []
    for place in sorted({*was, *now}, key=lambda one: (one.start, one.end, one.list, one.number)):
        what: Literal["stays", "comes", "goes"] = (
            "comes" if place not in was else "stays" if place in now else "goes"
        )
        hits.append(_hit(what, place, words if what == "goes" else changed))
        found[len(hits)] = (place.start, place.end)
    return Tried(
        text=pieces(text, found) if text else (),
        hits=hits,
        sample=_sampled(before, after, sample) if sample else None,
    )


def texts_in(data: bytes) -> list[str] | None:
    """Return the texts of a file, one a line; None where it is not UTF-8."""
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return None
    return [line for line in lines if line.strip()]


def _hit(what: Literal["stays", "comes", "goes"], place: Place, words: dict[str, WordList]) -> Hit:
    entry = words[place.list].entries[place.number - 1]
    return Hit(what=what, list=place.list, entry=entry, way=place.way)


def _sampled(before: Trial, after: Trial, sample: Sequence[str]) -> Sampled:
    was = [before.places(text) for text in sample]
    now = was if after is before else [after.places(text) for text in sample]
    coming = [
        text
        for text, old, new in zip(sample, was, now, strict=True)
        if any(place not in old for place in new)
    ]
    return Sampled(
        texts=len(sample), before=sum(map(bool, was)), after=sum(map(bool, now)),
        coming=len(coming), shown=coming[:SHOWN],
    )  # fmt: skip
