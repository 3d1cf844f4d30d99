"""Finds labels in a text: our own exactly, and others by the elements that they must hold."""

from __future__ import annotations

import re

from chopmark import Mark

from ._known import KnownLabels, Line
from ._marking import make_mark
from ._opening import Opening
from ._wording import AI_ELEMENT, GENERATION_ELEMENT, STANDARD

WINDOW = 64
"""Characters at each end, white space not counted, in which verifiers look for a label."""

_READ = 4096
"""So much of a text is looked at for them, of which most may be white space."""
_ELEMENTS = {"standard": STANDARD, "language": "zh", "wording_ok": "yes", "match": "elements"}


def find_labels(text: str, known: KnownLabels) -> list[Mark]:
    """Return at most one mark for the start of `text`, one for the middle and one for its end."""
    rest = text.strip()
    marks = []
    starts, behind = _at_start(rest, known)
    if starts:
        marks.append(make_mark("start", _data(starts)))
        rest = behind
    ends = known.at_end(rest)
    if ends:
        rest = rest[: -len(ends.text)]
    first = _first(rest[:_READ])
    if not starts and (seen := _elements(first)):
        marks.append(make_mark("start", {**_ELEMENTS, "wording": _wording(first)}))
        rest = _after(rest, seen)
    if between := known.in_middle(rest):
        marks.append(make_mark("middle", {**_data(between[0]), "count": str(len(between))}))
    last = _first(rest[: -_READ - 1 : -1])[::-1]
    if ends:
        marks.append(make_mark("end", _data(ends)))
    elif _elements(last):
        marks.append(make_mark("end", {**_ELEMENTS, "wording": _wording(last)}))
    return marks


def _at_start(text: str, known: KnownLabels) -> tuple[Line | None, str]:
    """Return the label at the start of `text`, or behind its opening, and what follows it."""
    for form in ("plain", "markdown", "html"):
        at = Opening(form).end(text, complete=True) or 0
        if (at or form == "plain") and (line := known.at_start(text[at:])):
            return line, text[at:].lstrip()[len(line.text) :]
    return None, text


def _data(line: Line) -> dict[str, str]:
    return {**line.data, "match": "label", "wording": line.wording.text}


def _first(text: str) -> str:
    """Return the first characters of `text` that are not white space."""
    found = re.match(rf"(?:\s*\S){{1,{WINDOW}}}", text)
    return re.sub(r"\s+", "", found[0]) if found else ""


def _wording(window: str) -> str:
    """Return the part of `window` with its two elements, and a little of what is around them."""
    places = [m.span() for e in (AI_ELEMENT, GENERATION_ELEMENT) for m in [e.search(window)] if m]
    return window[max(0, min(places)[0] - 8) : max(end for _, end in places) + 8]


def _elements(window: str) -> int:
    """Return how many characters of `window` it takes to hold both elements, 0 for never."""
    ai, generation = AI_ELEMENT.search(window), GENERATION_ELEMENT.search(window)
    return max(ai.end(), generation.end()) if ai and generation else 0


def _after(text: str, count: int) -> str:
    """Return `text` after its first `count` characters that are not white space."""
    found = re.match(rf"(?:\s*\S){{{count}}}", text)
    return text[found.end() :] if found else ""
