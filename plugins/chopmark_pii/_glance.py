"""Sees at a glance that a text holds no personal data, and where at its end some may begin."""

from __future__ import annotations

import re
from collections.abc import Callable

from chopmark.hookspecs import Spelled, Wary

from ._alphabet import HYPHENS, PLATE_DOTS, PROVINCES, RUN, SPACES, WIDE_LETTERS, WIDE_RUN
from ._hits import LOOK_AHEAD

MOST = LOOK_AHEAD + 8
"""The most characters that are open."""

_ENDS = re.escape(WIDE_RUN + PROVINCES + PLATE_DOTS + SPACES)
_BEFORE_RUN = frozenset(PROVINCES + PLATE_DOTS)
_plate = re.compile(
    rf"[{PROVINCES}](?:[{WIDE_LETTERS}](?:"
    rf"[{re.escape(SPACES + HYPHENS)}]|[{PLATE_DOTS}]?[{WIDE_LETTERS}]{{0,6}}))?\Z"
).search


def make_wary(hot: str) -> Wary:
    """Return `GlancingScanner.wary`, for the same set `hot`."""
    return Wary(_ENDS, rf"\Z(?<=[{_ENDS}])", hot, frozenset(PROVINCES))


def make_spelled(is_hot: Callable[[str], object]) -> Spelled:
    """Return `GlancingScanner.spelled`, where `is_hot` finds a character of that set."""
    hot = "".join(filter(is_hot, map(chr, range(128))))
    return Spelled(hot=hot, run=RUN, most=MOST, exact=True)


def make_glance(hot: str) -> Callable[[str], int]:
    """Return `GlancingScanner.glance`; whatever can be found holds a character of the set `hot`."""
    is_hot = re.compile(f"[{hot}]").search
    # One set of characters in front of all lets `search` run over the others.
    is_wary = re.compile(f"[{hot}{_ENDS}](?:\\Z|(?<=[{hot}]))").search

    def glance(text: str) -> int:
        if text.isascii():
            if is_hot(text):
                return -1
            waiting = len(text) - len(text.rstrip(RUN))
            return waiting if waiting < MOST else MOST
        if is_wary(text) is None:
            return 0
        if is_hot(text):
            return -1
        kept = text.rstrip(WIDE_RUN)
        waiting = len(text) - len(kept)
        before = kept[-1:]
        if before in _BEFORE_RUN or (not waiting and before in SPACES):
            plate = _plate(text, max(0, len(text) - 9))
            if plate is not None:
                return len(text) - plate.start()
        return waiting if waiting < MOST else MOST

    return glance
