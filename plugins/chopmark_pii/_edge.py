"""How far a text in progress can be decided, whatever comes next.

What is found lies in one unbroken run of letters, digits and a few signs, or in groups of digits
with single spaces between; so only the run at the end of the text, the groups before it, and what
may begin a number plate are still open.
"""

from __future__ import annotations

import re

from ._alphabet import PROVINCES, RUN
from ._email import LOCAL_MOST, MOST
from ._hits import LOOK_AHEAD

_REACH_BACK = 8
"""The most characters before its anchor at which a hit other than an e-mail address begins."""

LONGEST = LOOK_AHEAD + LOCAL_MOST + MOST
"""The most characters that are ever held back."""

_TAIL = 64
_GROUP_MOST = 24  # a last group, and the letters behind it that decide on it
_PLATE = frozenset(PROVINCES + "·")
_domain = re.compile(r"[A-Za-z0-9.-]*").fullmatch
_in_run = re.escape(RUN)
_groups = re.compile(
    r"(?<![0-9])[A-Za-z]{0,2}(?:\+86|0086|1[3-9][0-9]{5}|[0-9]{3}|[1-68][0-9]{3}|[1-9][0-9]{5})"
    rf"(?:[ -][0-9]{{2,8}}){{0,4}} (?:[0-9][{_in_run}]{{0,{_GROUP_MOST - 1}}})?\Z"
    r"|(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?: [A-Za-z0-9]{4}){0,7} [A-Za-z0-9]{0,4}\Z"
    rf"|[{PROVINCES}][A-Za-z] [0-9A-Za-z]{{0,6}}\Z"
).search
_country = re.compile(r"(?:\+|00)86 \Z").search
_plate = re.compile(rf"[{PROVINCES}](?:[A-Za-z][·-]?[A-Za-z0-9]{{0,6}})?\Z").search


def edge(text: str) -> tuple[int, int]:
    """Return up to where anchors can be decided, and before where no new hit can begin."""
    end = len(text)
    run = len(text.rstrip(RUN))
    limit = end
    at = text.rfind("@", run)
    if at >= 0 and end - at <= MOST and _domain(text, at + 1) is not None:
        limit = at  # the domain may go on
    low = limit - LOOK_AHEAD
    if run < low:
        at = text.find("@", low, limit + 1)
        return low, low - _REACH_BACK if at < 0 else min(low - _REACH_BACK, at - LOCAL_MOST)
    start = run
    before = text[run - 1] if run else ""
    if before == " ":
        if end - run <= _GROUP_MOST:
            found = _groups(text, max(0, end - _TAIL))
            start = run if found is None else found.start()
        found = _country(text, max(0, start - 5), start)
    elif before in _PLATE:
        found = _plate(text, max(0, end - 9))
    else:
        return run, run
    start = start if found is None else found.start()
    return start, start
