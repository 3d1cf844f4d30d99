"""Finds the terms of a matcher in a text that is there from the beginning, as a request is.

So it may be looked at more than once: as it stands, with its codes read, and behind what the same
user said before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chopmark import Context, Verdict
from chopmark.decoding import decode
from chopmark.together import together

from ._deep import DeepScanner
from ._glance import ends
from ._lane import LETTERED, Lane
from ._matcher import Matcher
from ._scanner import KeywordScanner

_SHORT = 2000
"""Up to so many characters are searched to see that there is nothing, and again where there is."""


class WholeScanner:
    """One text; it is looked at when it ends.

    Nothing of it is let go before, and so nobody asks for each piece what may still begin there.
    The common text, which no lane finds anything in, is compared plainly alone.
    """

    __slots__ = ("_context", "_matcher", "_text", "settled")

    calm = False  # what was fed once is fed to its end

    def __init__(self, matcher: Matcher, context: Context) -> None:
        self.settled = 0
        self._matcher = matcher
        self._context = context
        self._text = ""

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece."""
        self._text += text
        return ()

    def finish(self) -> Sequence[Verdict]:
        """Judge the whole text."""
        text, self._text = self._text, ""
        self.settled += len(text)
        found = _find(self._matcher, text)
        more = [*self._in_codes(text), *self._across(text)]
        if not more:
            return found
        further = [v for v in dict.fromkeys(more) if not any(_is_same(v, w) for w in found)]
        return sorted([*found, *further], key=lambda verdict: (verdict.start, -verdict.end))

    def glance(self, text: str) -> int:
        """Return the length of `text`: all of it is open until the text ends."""
        return len(text)

    def ends(self, text: str) -> bool:
        """Return False: whether there is anything was asked before (`is_clear`)."""
        return False

    def skip(self, text: str) -> None:
        """Keep `text`: nothing of it was let go."""
        self._text += text

    def _in_codes(self, text: str) -> Iterator[Verdict]:
        """Yield what the codes of the text say, each at the place of its code."""
        coded = self._matcher.coded
        for part in decode(text) if coded else ():
            for verdict in _find(self._matcher, part.text):
                place = part.source(verdict.start, verdict.end)
                if place is not None and _entry(verdict) in coded:
                    detail = f"{_entry(verdict)}/code"
                    yield replace(verdict, start=place[0], end=place[1], detail=detail)

    def _across(self, text: str) -> Iterator[Verdict]:
        """Yield the terms that began in an earlier message and end in this one."""
        found = together(text, self._context, _reach(self._matcher))
        if found is None:
            return
        for verdict in _find(self._matcher, found.text):
            if verdict.start < found.begins < verdict.end:
                end = verdict.end - found.begins + found.since
                yield replace(verdict, start=found.since, end=end)


def open_text(matcher: Matcher, context: Context) -> KeywordScanner | DeepScanner | WholeScanner:
    """Return a scanner of one text for all that `matcher` looks for in one of this context."""
    if _is_whole(matcher, context):
        return WholeScanner(matcher, context)
    return DeepScanner(matcher, matcher.lanes) if matcher.lanes else KeywordScanner(matcher)


def is_clear(matcher: Matcher, text: str, context: Context) -> bool:
    """Return whether a glance shows that nothing is to be found in the whole `text`."""
    if not _is_whole(matcher, context):
        return not matcher.lanes and matcher.glance is not None and ends(matcher.glance, text)
    if not _is_free(matcher, text) or (matcher.coded and decode(text)):
        return False
    found = together(text, context, _reach(matcher))
    return found is None or _is_free(matcher, found.text)


def _is_whole(matcher: Matcher, context: Context) -> bool:
    return context.direction == "input" and bool(
        matcher.request_lanes or (context.part and context.role == "user")
    )


def _reach(matcher: Matcher) -> int:
    return 2 * matcher.longest


def _is_free(matcher: Matcher, text: str) -> bool:
    """Return whether there is nothing in `text`: a long one is not searched for that."""
    glance = matcher.glance
    if glance is not None and ends(glance, text) and not _touching(matcher, text):
        return True
    return len(text) <= _SHORT and not _find(matcher, text)


def _find(matcher: Matcher, text: str) -> Sequence[Verdict]:
    lanes = _touching(matcher, text)
    if lanes:  # the others have nothing to say
        return DeepScanner(matcher, lanes).whole(text)
    plain = KeywordScanner(matcher)
    plain.advance(text)
    return plain.finish()


def _touching(matcher: Matcher, text: str) -> Sequence[Lane]:
    lanes = matcher.request_lanes if LETTERED(text) is not None else matcher.unlettered_lanes
    return [lane for lane in lanes if lane.touches(text)]


def _is_same(one: Verdict, other: Verdict) -> bool:
    """Return whether both are of one entry, and overlap."""
    apart = one.end <= other.start or other.end <= one.start
    return not apart and _entry(one) == _entry(other)


def _entry(verdict: Verdict) -> str:
    return verdict.detail.partition("/")[0]
