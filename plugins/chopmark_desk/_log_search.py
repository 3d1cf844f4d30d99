"""Asks the log for a text: which of its answers have parts of it, where, and how rare these are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol, cast

from chopmark import LogError
from chopmark.hookspecs import Log, Span

Worth = Literal["enough", "common", "short"]
Unasked = Literal["", "no_text", "no_search", "failed", "unseen"]
"""Why the log says nothing: there is no text, it keeps none to compare with, it failed, or it could
not take down that it is asked."""

MOST = 5
"""Answers that are told of."""
_AROUND = 80
_SHORT = re.compile(
    r"the text has (?P<count>\d+) letters and digits; (?P<enough>\d+) in common are enough, or "
    r"(?P<whole>\d+) where they are all of an answer"
)
"""A note that pages say in their own words; others are quoted."""


class Part(Protocol):
    """A part of the text that is in an answer.

    `text` is where, `matched` how many letters and digits are the same, `entries` in how many
    entries of the log such a part is, and `worth` whether that is enough to call it ours.
    """

    text: Span
    matched: int
    entries: int
    worth: Worth


class Match(Protocol):
    """An answer that has parts of the text: its place, id, time (ms since 1970) and model.

    `how` says whether it is the text: "identical", "but for formatting", or "in part".
    """

    index: int
    record: str
    time: int
    model: str
    how: str
    matched: int
    worth: Worth
    parts: Sequence[Part]


class Found(Protocol):
    """What a log of `entries` finds of a text that has `compared` letters and digits."""

    compared: int
    entries: int
    matches: Sequence[Match]
    notes: Sequence[str]


class _TextLog(Protocol):
    def find(self, text: str) -> Found: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What the log says of a text, or why it says nothing."""

    found: Found | None = None
    unasked: Unasked = ""
    detail: str = ""

    @property
    def matches(self) -> Sequence[Match]:
        """The answers that are told of, the best one first."""
        return self.found.matches[:MOST] if self.found else ()

    @property
    def worth(self) -> Worth | None:
        """What the best of them is worth, None where there is none."""
        return self.matches[0].worth if self.matches else None

    @property
    def few(self) -> Mapping[str, str]:
        """How many characters there were to compare, where those are few, and how many suffice."""
        found = filter(None, map(_SHORT.fullmatch, self.found.notes if self.found else ()))
        return next((one.groupdict() for one in found), {})

    @property
    def notes(self) -> Sequence[str]:
        """What else the log says, in its words."""
        return [
            one for one in (self.found.notes if self.found else ()) if not _SHORT.fullmatch(one)
        ]


def search(log: Log, text: str) -> Search:
    """Return what `log` has of `text`. The first time it may make an index, which takes long."""
    if not any(character.isalnum() for character in text):
        return Search(unasked="no_text")
    if not hasattr(log, "find"):
        return Search(unasked="no_search")
    try:
        return Search(found=cast(_TextLog, log).find(text))
    except LogError as error:
        return Search(unasked="failed", detail=str(error))


class Passage(NamedTuple):
    """A piece of a text; `worth` is "" for what no answer has. `cut`: one was here, and is long."""

    text: str
    worth: Worth | Literal[""]
    cut: bool = False


def passages(text: str, match: Match) -> list[Passage]:
    """Return `text` in pieces: those that the answer has, and what stands around them.

    Of a longer piece between two of them only both ends are left.
    """
    worths: dict[Span, Worth] = {part.text: part.worth for part in match.parts}
    cuts = sorted({0, len(text), *(at for span in worths for at in span if at <= len(text))})
    found: list[Passage] = []
    for start, end in pairwise(cuts):
        worth: Worth | Literal[""] = next(
            (worth for (a, b), worth in worths.items() if a <= start and end <= b), ""
        )
        piece = text[start:end]
        if worth or len(piece) <= 2 * _AROUND:
            found.append(Passage(piece, worth))
            continue
        if start:
            found.append(Passage(piece[:_AROUND], ""))
        found.append(Passage("", "", cut=True))
        if end < len(text):
            found.append(Passage(piece[-_AROUND:], ""))
    return found
