"""Finds the labels that chopmark wrote into a text, to take them off what goes to a model.

Only where it writes them and as it writes them: at the start, or behind what opens the text, with a
blank line behind it; at the end, behind a blank line; between paragraphs. A sentence that speaks of
AI生成, or a label in a quotation or in code, is the text's own.
"""

from __future__ import annotations

import re

from chopmark.hookspecs import Span

from ._known import TRAILING_SPACE, KnownLabels, Line
from ._marking import GAP, follower, missing_breaks
from ._opening import Opening


class OwnLabels:
    """Finds labels of `known` wordings; with `between`, those between paragraphs too. Immutable."""

    def __init__(self, known: KnownLabels, *, between: bool) -> None:
        self._lines = {line.text: line for line in known.lines}
        self._firsts = frozenset(text[0] for text in self._lines)
        self._lasts = frozenset(text[-1] for text in self._lines)
        self._texts = tuple(self._lines)
        self._behind = tuple(text + GAP for text in self._lines)
        whole = "|".join(re.escape(text) for text in sorted(self._lines, key=len, reverse=True))
        self._between = re.compile(rf"(?<=\n)({whole}){GAP}(?=[^\n])") if between else None

    def spans(self, text: str) -> list[Span]:
        """Return where labels stand with the line breaks that part them from the text.

        A text that would be blank without them was not labelled by us, and keeps them.
        """
        found = self._at_start(text)
        start = found[-1][1] if found else 0
        ends = self._at_end(text, start)
        stop = ends[0][0] if ends else len(text)
        if self._between is not None and "\n" in text:
            found += self._inside(text, start, stop)
        found += ends
        if found and _is_blank(text, found):
            return []
        return found

    def _at_start(self, text: str) -> list[Span]:
        for at in self._openings(text):
            breaks = missing_breaks(text[:at])
            start = at + len(breaks)
            if text[start : start + 1] not in self._firsts or not text.startswith(breaks, at):
                continue
            end = at
            while text.startswith(breaks, end) and text.startswith(self._behind, end + len(breaks)):
                end += len(breaks) + len(self._line(text, end + len(breaks)).text) + len(GAP)
            if end > at:
                return [(at, end)]
        return []

    def _openings(self, text: str) -> list[int]:
        """Return where a label at the start can stand."""
        places = [0]
        if text.startswith(("---", "+++")):
            places.append(Opening("markdown").end(text, complete=True) or 0)
        elif text[:64].lstrip("\ufeff \t\r\n").startswith("<"):
            places.append(Opening("html").end(text, complete=True) or 0)
        return places if places[-1] else [0]

    def _line(self, text: str, at: int) -> Line:
        """Return the longest label at `at`, where there is one."""
        there = [line for line in self._texts if text.startswith(line + GAP, at)]
        return self._lines[max(there, key=len)]

    def _at_end(self, text: str, start: int) -> list[Span]:
        body = text.rstrip()
        first = end = len(body)
        if body[-1:] not in self._lasts or len(text) - end > TRAILING_SPACE:
            return []
        label = ""
        while body.endswith(self._texts, start, first):
            there = max((t for t in self._texts if body.endswith(t, start, first)), key=len)
            at = first - len(there) - len(GAP)
            if at < start or not body.startswith(GAP, at):
                break
            first, label = at, there
        if not label:
            return []
        before = follower(self._lines[label].format)
        before.feed(text[start : first + len(GAP)])
        return [] if before.finish() else [(first, end)]  # none is a line of code or a comment

    def _inside(self, text: str, start: int, stop: int) -> list[Span]:
        """Return the labels between the paragraphs of `text` from `start` to `stop`."""
        assert self._between is not None
        found: list[Span] = []
        markdown, fed = follower("markdown"), start
        for match in self._between.finditer(text, start, stop):
            at = match.start()
            if not _behind_blank_line(text, start, at):
                continue
            markdown.feed(text[fed:at])
            fed = at
            if self._lines[match[1]].format != "markdown" or markdown.between():
                found.append((at, match.end()))
                fed = match.end()
        return found


def _behind_blank_line(text: str, start: int, at: int) -> bool:
    """Return whether the line before the one that begins at `at` is blank."""
    at -= 2  # before the line break
    while at >= start and text[at] in " \t\r":
        at -= 1
    return at >= start and text[at] == "\n"


def _is_blank(text: str, spans: list[Span]) -> bool:
    last = 0
    for start, end in spans:
        if text[last:start].strip():
            return False
        last = end
    return not text[last:].strip()
