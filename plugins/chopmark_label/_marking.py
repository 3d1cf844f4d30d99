"""Puts the label on one answer, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from chopmark import Mark, MarkError

from ._breaks import Breaks
from ._forms import Format
from ._html import HtmlText
from ._known import TRAILING_SPACE, KnownLabels, Line
from ._markdown import MarkdownBlocks
from ._opening import Opening

Place = Literal["start", "middle", "end"]
NAME = "label"
KIND = "visible"
GAP = "\n\n"
"""What parts a label from the text."""


class Follower(Protocol):
    """Follows a text to know what a label behind it would fall into."""

    def feed(self, text: str) -> None:
        """Take the next piece."""

    def between(self) -> bool:
        """Return whether a paragraph put behind the text, which ends a line, stands by itself."""
        ...

    def finish(self) -> str:
        """Return the name of what the text ends inside of, empty where it is nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Plain:
    """Follows plain text, behind which a label can always stand."""

    def feed(self, text: str) -> None:
        """Take the next piece."""

    def between(self) -> bool:
        """Return that a paragraph can stand anywhere."""
        return True

    def finish(self) -> str:
        """Return that nothing is open."""
        return ""


def make_mark(
    where: Place, data: Mapping[str, str], *, placed: bool = True, reason: str = ""
) -> Mark:
    """Return a mark of this plugin."""
    return Mark(marker=NAME, kind=KIND, where=where, placed=placed, reason=reason, data=data)


class LabelMarking:
    """One answer being labelled.

    The label at the start goes out with the first text that is not white space. It waits only
    while what came so far could be a label of ours that the answer already has, at most as long
    as the longest label that we know; or while it is front matter or the head of a page, behind
    which the label stands (`_opening`). With `every`, another one stands between two paragraphs
    after so many characters, unless the answer already has one at its start. `done` is True once
    nothing is left to do before the end.
    """

    def __init__(
        self, label: Line, known: KnownLabels, places: tuple[Place, ...], every: int = 0
    ) -> None:
        self.done = False
        self._label = label
        self._known = known
        self._places = places
        self._follower = follower(label.format if "end" in places or every else "plain")
        self._breaks = Breaks(every, self._follower) if every else None
        self._between = 0  # how many labels stand between paragraphs
        self._head: str | None = ""  # what is held back; None once the start is decided
        self._opening = Opening(label.format)
        self._ends = "end" in places
        self._tail = ""  # what the answer ends with, without the pieces behind it
        self._pieces: list[str] = []  # that nobody looked at yet, of `_kept` characters
        self._kept = 0
        self._keep = known.longest + TRAILING_SPACE + 1
        self._empty = True
        self._made: list[Mark] = []
        self._finished = False

    def feed(self, text: str) -> str:
        """Take the next piece of the answer and return what goes out for it."""
        if self._finished or not text:
            self._check_open()
            return ""
        if self._empty:
            self._empty = text.isspace()
        if self._head is None or "start" not in self._places:
            return self._part(text)
        self._head += text
        at = self._opening.end(self._head, complete=False)
        if at is None or self._known.undecided(self._head[at:]):  # white space alone is, too
            return ""
        return self._start(self._head, at)

    def finish(self) -> tuple[str, list[Mark]]:
        """Return the text that ends the answer, and the marks; may be called once."""
        self._check_open()
        self._finished = True
        held = self._head or ""
        if self._empty:
            reason = "the answer is empty, so there is nothing to label"
            data = self._data(self._label)
            return held, [make_mark(p, data, placed=False, reason=reason) for p in self._places]
        if held:
            held = self._start(held, self._opening.end(held, complete=True) or 0)
        if self._between:
            data = {**self._data(self._label), "count": str(self._between)}
            self._made.append(make_mark("middle", data))
        if self._ends:
            held += self._end()
        return held, self._made

    def _start(self, head: str, at: int) -> str:
        """Return `head` with the label, behind its first `at` characters."""
        self._head = None
        there = self._known.at_start(head[at:])
        if there:
            self._breaks = None
        self.done = not self._ends and self._breaks is None
        self._made.append(make_mark("start", self._data(self._label, there)))
        self._tail = first = head[:at]
        head = self._part(head[at:])
        if there:
            return first + head
        return f"{first}{missing_breaks(first)}{self._label.text}{GAP}{head}"

    def _part(self, text: str) -> str:
        """Put labels between the paragraphs of the next piece, where some are due."""
        if self._ends:
            self._pieces.append(text)
            self._kept += len(text)
            if self._kept > 8 * self._keep:
                self._catch_up()
        if self._breaks is None or self._breaks.pass_by(text):
            return text
        parts = self._breaks.feed(text)
        self._between += len(parts) - 1
        return f"{self._label.text}{GAP}".join(parts)

    def _end(self) -> str:
        tail = self._catch_up()
        if self._breaks is not None:
            self._breaks.catch_up()
        inside = self._follower.finish()
        if inside:  # never into it: what is code for the reader must stay the model's
            reason = f"the answer ends inside {inside}, where a label would change what it holds"
            data = self._data(self._label)
            self._made.append(make_mark("end", data, placed=False, reason=reason))
            return ""
        there = self._known.at_end(tail)
        self._made.append(make_mark("end", self._data(self._label, there)))
        if there:
            return ""
        return f"{missing_breaks(tail)}{self._label.text}"

    def _catch_up(self) -> str:
        """Look at the pieces that came; return of the text as much as can be a label at its end."""
        passed = "".join(self._pieces)
        self._pieces.clear()
        self._kept = 0
        if self._breaks is None:  # which follows by itself
            self._follower.feed(passed)
        self._tail = (self._tail + passed)[-self._keep :]
        return self._tail

    def _data(self, line: Line, there: Line | None = None) -> dict[str, str]:
        return {**line.data} if there is None else {**there.data, "already": "yes"}

    def _check_open(self) -> None:
        if self._finished:
            raise MarkError("the label of this answer is finished; open another marking")


def missing_breaks(text: str) -> str:
    """Return the line breaks that part a label from `text` before it."""
    ends = text[-2:]
    return GAP[len(ends) - len(ends.rstrip("\n")) :] if text else ""


def follower(form: Format) -> Follower:
    """Return what follows a text of this format."""
    if form == "markdown":
        return MarkdownBlocks()
    return HtmlText() if form == "html" else Plain()
