r"""Lets a scanner judge JSON text as a reader would: `\u70b8\u836f` is judged as `炸药`.

A model's JSON (structured answers, tool arguments) may hide any word behind escapes (RFC 8259,
section 7). The scanner inside sees the characters; verdicts and `settled` point into the text
with its escapes, so that a span can be cut out of it.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from ._checked import checked
from ._values import Verdict
from .hookspecs import Scanner

_ESCAPE = re.compile(
    r'\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(["\\/bfnrt]))'
)
_UNFINISHED = re.compile(
    r"\\(?:u(?:[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?|[0-9a-fA-F]{0,3})?)?\Z"
)
_PLAIN = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def escape(text: str) -> str:
    """Return `text` as it must stand inside a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def unescape(literal: str) -> tuple[str, list[int]]:
    """Return what a JSON string says, and where each character of that begins in it.

    One more place is behind the last. `literal` is what stands between the quotes.
    """
    said: list[str] = []
    places: list[int] = []
    last = 0
    for match in _ESCAPE.finditer(literal):
        said.append(literal[last : match.start()])
        places += range(last, match.start() + 1)
        said.append(_character(match))
        last = match.end()
    said.append(literal[last:])
    return "".join(said), [*places, *range(last, len(literal) + 1)]


def _character(match: re.Match[str]) -> str:
    high, low, single, plain = match.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
    return chr(int(single, 16)) if single else _PLAIN.get(plain, plain)


class JsonScanner:
    """A scanner of JSON text around a scanner of the characters that it stands for."""

    def __init__(self, inner: Scanner) -> None:
        self.settled = 0
        self._inner = inner
        self._held = ""  # an escape that is not complete yet
        self._read = 0  # code points of JSON text that were decoded
        self._decoded = 0
        self._marks = [0]  # decoded offsets behind which the shift changes
        self._raw = [0]  # and where those are in the JSON text

    def due(self, text: str) -> bool:
        """Return whether the inner scanner would ask its detector."""
        due = getattr(self._inner, "due", None)
        return due is None or bool(due(text))

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece of JSON text."""
        text = self._held + text
        self._held = ""
        unfinished = _UNFINISHED.search(text) if "\\" in text[-12:] else None
        if unfinished is not None and not _escaped_backslash(text, unfinished.start()):
            self._held = text[unfinished.start() :]
            text = text[: unfinished.start()]
        return self._step(self._inner.feed(self._decode(text)))

    def finish(self) -> Sequence[Verdict]:
        """End the text; an unfinished escape is judged as it stands."""
        rest, self._held = self._held, ""
        found = list(self._inner.feed(self._decode(rest))) if rest else []
        found += self._inner.finish()
        return self._step(found)

    def _decode(self, text: str) -> str:
        if "\\" not in text:
            self._read += len(text)
            self._decoded += len(text)
            return text
        out: list[str] = []
        last = 0
        for match in _ESCAPE.finditer(text):
            out.append(text[last : match.start()])
            self._decoded += match.start() - last
            for decoded, raw in ((0, match.start()), (1, match.end())):
                self._marks.append(self._decoded + decoded)
                self._raw.append(self._read + raw)
            out.append(_character(match))
            self._decoded += 1
            last = match.end()
        out.append(text[last:])
        self._decoded += len(text) - last
        self._read += len(text)
        return "".join(out)

    def _at(self, offset: int) -> int:
        """Return where the character at the decoded `offset` begins in the JSON text."""
        n = bisect_right(self._marks, offset) - 1
        return self._raw[n] + offset - self._marks[n]

    def _step(self, found: Sequence[Verdict]) -> Sequence[Verdict]:
        self.settled = self._at(self._inner.settled)
        if not found:
            return ()
        sound = checked(found, self._decoded)
        return [replace(v, start=self._at(v.start), end=self._at(v.end)) for v in sound]


def _escaped_backslash(text: str, at: int) -> bool:
    """Return whether the backslash at `at` is itself escaped by an odd run before it."""
    run = 0
    while at - run - 1 >= 0 and text[at - run - 1] == "\\":
        run += 1
    return run % 2 == 1
