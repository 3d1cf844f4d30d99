"""Finds the places inside a long answer where a label can stand: between two of its paragraphs."""

from __future__ import annotations

import re
from typing import Protocol

_BLANK_LINE = re.compile(r"\n[ \t\r]*\n+")


class Blocks(Protocol):
    """Follows a text, and knows whether a new paragraph may begin where it ends."""

    def feed(self, text: str) -> None:
        """Take the next piece."""

    def between(self) -> bool:
        """Return whether a paragraph put behind the text, which ends a line, stands by itself."""
        ...


class Breaks:
    """One text in progress. A place is due behind the first blank line after `every` characters.

    It counts from the start, and anew from every place. The place itself is before the next
    character that is no line break, so that no label ends an answer; nothing waits for it.
    """

    def __init__(self, every: int, blocks: Blocks) -> None:
        self._every = every
        self._blocks = blocks
        self._since = 0
        self._line = ""  # the last line break and what is behind it, while that is blank
        self._due = False
        self._passed: list[str] = []  # pieces that nobody looked at yet
        self._ahead = 0  # `_since`, and the characters of those
        self._blind = False  # whether there may be line breaks in them

    def pass_by(self, text: str) -> bool:
        """Take the next piece and return True where no place can be in it or before it."""
        if self._due:
            return False
        ahead = self._ahead + len(text)
        if ahead < self._every:
            self._blind = True
        elif self._blind or self._line or "\n" in text:
            return False
        self._passed.append(text)
        self._ahead = ahead
        return True

    def catch_up(self) -> None:
        """Let the blocks follow the pieces that were passed by."""
        if self._passed:
            self.feed("")

    def feed(self, text: str) -> list[str]:
        """Take the next piece; return it in parts, between which there is a place."""
        passed = "".join(self._passed)
        if not text and not passed:
            return [text]
        self._passed.clear()
        self._blind = False
        whole = self._line + passed + text
        parts: list[str] = []
        at = len(self._line)  # how far the text was looked at
        start = at + len(passed)  # of the part in progress
        if self._due:
            at = self._skip(whole, at)
            if at < len(whole):
                parts.append(whole[start:at])
                start = at
                self._place()
        search = 0
        while at < len(whole):
            found = _BLANK_LINE.search(whole, search)
            if found is None:
                break
            end = found.end()
            search = end - 1  # its last line break may begin another
            if end <= at:
                continue
            self._blocks.feed(whole[at:end])
            self._since += end - at
            at = end
            if self._since >= self._every and self._blocks.between():
                self._due = True
                if at < len(whole):  # what follows is no line break: those were taken
                    parts.append(whole[start:at])
                    start = at
                    self._place()
        if at < len(whole):
            self._blocks.feed(whole[at:])
            self._since += len(whole) - at
        last = whole.rfind("\n")
        self._line = whole[last:] if last >= 0 and not whole[last:].strip(" \t\r\n") else ""
        self._ahead = self._since
        return [*parts, whole[start:]]

    def _skip(self, whole: str, at: int) -> int:
        """Pass over line breaks from `at` on."""
        end = at
        while end < len(whole) and whole[end] == "\n":
            end += 1
        self._blocks.feed(whole[at:end])
        self._since += end - at
        return end

    def _place(self) -> None:
        self._since, self._due = 0, False
