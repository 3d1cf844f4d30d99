"""Cuts a text in progress into units that no name, address or organisation crosses.

Where a unit ends depends on the text up to there and on one character more, so a stream can be
decided unit by unit: what stands in one is found from it and from `LEFT` characters before it.
A unit is a Chinese clause, or English words up to the first that cannot be inside a name.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LEFT = 48
"""The most characters before a unit that a decision may look at."""

MOST = 160
"""The most characters of a unit."""

HAN = "㐀-䶿一-鿿"
_LONG = 40  # a run without spaces of so many characters is no name: it is code, or a link
_RUN = r"!-+\--~"  # what is no space, comma or other script

# Small words that stand inside names and addresses: `Bank of America`, `12 rue de la Paix`.
_INSIDE = (
    "of|and|the|for|at|de|la|le|les|du|des|del|della|delle|di|da|do|das|dos|van|von|der|den|ter|ten|"
    "zu|zum|zur|am|an|et|el|bin|al|und|y|rue|via|floor|suite|unit|apt|apartment|room|corner|box"
)
_BREAK = re.compile(
    rf"(?<![{_RUN}])(?=[{_RUN}]{{{_LONG}}})(?P<run>)"
    r"|[。！？；，：…]"
    rf"|[!?;:](?=[^{_RUN}])"
    rf"|(?<=[{HAN}]),|,(?=[{HAN}])"
    r"|(?P<line>\n)"
    rf"|(?<!\S)(?!(?:{_INSIDE})[,.)]?\s)[a-z]{{2,}}[,.)]?\s"
).search
_in_run = re.compile(rf"[{_RUN}]*").match
_run_before = re.compile(rf"[{_RUN}]+\Z").search
_STREET = re.compile(
    r"\d.*[A-Za-z]|\b(?:Street|St|Avenue|Ave|Road|Rd|Suite|Apt|Unit|Box|Floor|Lane|Drive|Court)\b"
).search
_LINES = 5
_SHORT = 40


class Unit(NamedTuple):
    """Where a unit ends, and whether it is (a part of) a long run, in which nothing is found."""

    end: int
    blank: bool = False


def unit(text: str, start: int) -> Unit | None:
    """Return the unit that begins at `start`; None where its end is not known yet."""
    if start >= len(text):
        return None
    if start and _run_before(text, start - 1, start) is not None:
        rest = _in_run(text, start)  # of a long run
        if rest is not None and rest.end() > start:
            return Unit(rest.end(), blank=True)
    at = start
    while (found := _BREAK(text, at, start + MOST + _LONG)) is not None:
        if found["run"] is not None:
            if found.start() > start:
                return Unit(_capped(text, start, found.start()))
            return Unit(start + _LONG, blank=True)
        at = found.end()
        if found["line"] is None or not _goes_on(text, start, at):
            return Unit(_capped(text, start, at))
    return Unit(_capped(text, start, len(text))) if len(text) - start >= MOST + _LONG else None


def _capped(text: str, start: int, end: int) -> int:
    if end - start <= MOST:
        return end
    end = start + MOST
    run = _run_before(text, start, end)
    return end if run is None or run.start() == start else run.start()


def _goes_on(text: str, start: int, end: int) -> bool:
    """Return whether the line that ends before `end` is one of an address of several lines."""
    before = text[start : end - 1]
    first, *more = before.split("\n")
    if len(more) >= _LINES or len(before) - before.rfind("\n") > _SHORT:
        return False
    return bool(more) or _STREET(first) is not None
