"""Finds the credentials in a text on its way to a model, which reads them as thousands of tokens.

These are wrappers (A.8) and pointers, the block of structured text (A.9) and the elements of HTML
(A.7), where and as this plugin writes them. Of a wrapper that lost its U+FEFF or its end on the way
what is left counts, too: its magic stands in no other text. One with a forged length or of another
version is somebody else's.
"""

from __future__ import annotations

import re

from chopmark.hookspecs import Span

from ._armour import BEGIN, COMMENTS, END, RESERVED
from ._html import HEAD_END, REL, TYPE
from ._wrapper import MAGIC, POINTER, find_wrappers

_LEFT = ("", "no_marker", "truncated")
_FIRST_SELECTOR = "\U000e0133"  # of C, with which both magics begin
_REFERENCE = r"[!#-;=?-~]+"
_BLOCK = "|".join(
    " ".join(filter(None, (re.escape(before), BEGIN, _REFERENCE, END, re.escape(after))))
    for before, after in sorted(set(COMMENTS.values()))
)
_FIRST_LINES = re.compile(rf"(?:(?:{_BLOCK})\r?\n)+")
_LAST_LINE = re.compile(rf"\r?\n(?:{_BLOCK})\Z")
_ELEMENT = re.compile(
    rf'<script type="{TYPE}">[A-Za-z0-9+/]*=*</script>\n'
    rf'|<link rel="{REL}" href="[^"<>\n]*" type="{TYPE}">\n'
)


def own_spans(text: str) -> list[Span]:
    """Return where credentials stand in `text`, in order; takes linear time."""
    found: list[Span] = []
    if _FIRST_SELECTOR in text:
        for magic in (MAGIC, POINTER):
            wrappers = find_wrappers(text, magic)
            found += [(w.start, w.end) for w in wrappers if w.problem in _LEFT]
    if BEGIN in text:
        found += _blocks(text)
    if TYPE in text:
        found += _elements(text)
    return _apart(sorted(found))


def _blocks(text: str) -> list[Span]:
    first = _FIRST_LINES.match(text)
    if first:
        return [first.span()]
    at = text.rfind("\n", 0, text.rfind(BEGIN))
    if at < 0 or not RESERVED.match(text):
        return []
    last = _LAST_LINE.match(text, at - text.startswith("\r\n", at - 1))
    return [last.span()] if last else []


def _elements(text: str) -> list[Span]:
    """Return the runs of elements right before the end of a head."""
    found: list[Span] = []
    start = last = 0
    for match in _ELEMENT.finditer(text):
        if match.start() != last:
            start = match.start()
        last = match.end()
        if HEAD_END.match(text, last):
            found.append((start, last))
    return found


def _apart(spans: list[Span]) -> list[Span]:
    """Return `spans` without those that begin inside another."""
    found: list[Span] = []
    for start, end in spans:
        if start < end and (not found or start >= found[-1][1]):
            found.append((start, end))
    return found
