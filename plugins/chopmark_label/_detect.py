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

_ELEMENTS = {"standard": STANDARD, "language": "zh", "wording_ok": "yes", "match": "elements"}


def find_labels(text: str, known: KnownLabels) -> list[Mark]:
    """Return at most one mark for the start of `text` and one for its end."""
    rest = text.strip()
    marks = []
    starts, behind = _at_start(rest, known)
    if starts:
        marks.append(make_mark("start", _data(starts)))
        rest = behind
    ends = known.at_end(rest)
    if ends:
        rest = rest[: -len(ends.text)]
    if not starts and (seen := _elements(_first(rest))):
        marks.append(make_mark("start", _ELEMENTS))
        rest = _after(rest, seen)
    if ends:
        marks.append(make_mark("end", _data(ends)))
    elif _elements(_first(rest[::-1])[::-1]):
        marks.append(make_mark("end", _ELEMENTS))
    return marks


def _at_start(text: str, known: KnownLabels) -> tuple[Line | None, str]:
    """Return the label at the start of `text`, or behind its opening, and what follows it."""
    for form in ("plain", "markdown", "html"):
        at = Opening(form).end(text, complete=True) or 0
        if (at or form == "plain") and (line := known.at_start(text[at:])):
            return line, text[at:].lstrip()[len(line.text) :]
    return None, text


def _data(line: Line) -> dict[str, str]:
    return {**line.wording.data(), "format": line.format, "match": "label"}


def _first(text: str) -> str:
    """Return the first characters of `text` that are not white space."""
    found = re.match(rf"(?:\s*\S){{1,{WINDOW}}}", text)
    return re.sub(r"\s+", "", found[0]) if found else ""


def _elements(window: str) -> int:
    """Return how many characters of `window` it takes to hold both elements, 0 for never."""
    ai, generation = AI_ELEMENT.search(window), GENERATION_ELEMENT.search(window)
    return max(ai.end(), generation.end()) if ai and generation else 0


def _after(text: str, count: int) -> str:
    """Return `text` after its first `count` characters that are not white space."""
    found = re.match(rf"(?:\s*\S){{{count}}}", text)
    return text[found.end() :] if found else ""
