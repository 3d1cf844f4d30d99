"""How far a text in progress can be decided, whatever comes next.

What is found lies in one unbroken run of letters, digits and a few signs, or in groups of digits
with single spaces between; so only the run at the end of the text, the groups before it, and what
may begin a number plate are still open. Behind a plus groups may be in brackets, and behind a word
for birth a date has other signs between.
"""

from __future__ import annotations

import re

from ._alphabet import PROVINCES, RUN
from ._email import LOCAL_MOST, MOST
from ._hits import LOOK_AHEAD, near

_REACH_BACK = 20
"""The most characters before its anchor at which a hit other than an e-mail address begins."""

LONGEST = LOOK_AHEAD + LOCAL_MOST + MOST
"""The most characters that are ever held back."""

_TAIL = 64
_GROUP_MOST = 24  # a last group, and the letters behind it that decide on it
_PLATE = frozenset(PROVINCES + "·")
_OPEN = frozenset("年月/")
_domain = re.compile(r"[A-Za-z0-9.-]*").fullmatch
_in_run = re.escape(RUN)
_groups = re.compile(
    r"(?<![0-9])[A-Za-z]{0,2}(?:\+86|1[3-9][0-9]{5}|[0-9]{3,4}|[1-9][0-9]{5}|0[0-9]{1,4})"
    rf"(?:[ -][0-9]{{2,8}}){{0,4}} (?:[0-9][{_in_run}]{{0,{_GROUP_MOST - 1}}})?\Z"
    r"|(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?: [A-Za-z0-9]{4}){0,7} [A-Za-z0-9]{0,4}\Z"
    rf"|[{PROVINCES}][A-Za-z] [0-9A-Za-z]{{0,6}}\Z"
).search
_country = re.compile(r"(?:\+|00)86 \Z").search
_abroad = re.compile(rf"\+(?:\(?[0-9]\)?[ .-]?){{1,15}}\(?[{_in_run}]{{0,{_GROUP_MOST}}}\Z").match
_date = re.compile(
    r"(?:(?:19|20)[0-9]{2}(?:年[0-9]{0,2}|年[0-9]{1,2}月[0-9]{0,2})"
    r"|[0-9]{1,2}/(?:[0-9]{1,2}/)?[0-9]{0,4}|(?:19|20)[0-9]{2}/(?:[0-9]{1,2}/)?[0-9]{0,2})\Z"
).search
_DATE_MOST = 10
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
    found = None
    if before == " ":
        if end - run <= _GROUP_MOST:
            found = _groups(text, max(0, end - _TAIL))
            start = run if found is None else found.start()
        found = _country(text, max(0, start - 5), start)
    elif before in _PLATE:
        found = _plate(text, max(0, end - 9))
    elif before in _OPEN:
        found = _date(text, max(0, end - _DATE_MOST))
        if found is not None and not near("birth", text, found.start()):
            found = None
    start = start if found is None else found.start()
    plus = text.rfind("+", max(0, start - LOOK_AHEAD), start)
    if plus >= 0 and _abroad(text, plus) is not None:
        start = plus
    if start < run:  # what begins with letters may end in these digits
        letters = text[max(0, start - _REACH_BACK) : start]
        return start, start - len(letters) + len(letters.rstrip(RUN))
    return start, start
