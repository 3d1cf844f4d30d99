"""Lifts a plain `Detector` to a `Scanner`: by window, by clause, or on the whole answer.

Where a detector is asked depends only on positions in the text, never on how it was cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ._checked import checked
from ._errors import PolicyError
from ._values import Context, Verdict
from ._waiting import PatientScanner
from .hookspecs import Detector, Needs, Scanner

# One character ends a clause, or a full stop with the white space behind it: so that the end of
# a clause is known as soon as it is there. Commas do not end one: a classifier needs the context.
# One set of characters in front of all lets `search` run over the others.
_CLAUSE_END = re.compile(r"[。！？；!?;\n….](?:(?<!\.)|\s)")
# Where a clause that is longer than the cap is cut, if it can be.
_PART_END = re.compile(r"[，、：,:\s]")


def open_scanner(detector: Detector, context: Context, cap: int) -> Scanner:
    """Return a scanner of one text; `cap` is the most characters that it may leave unsettled."""
    opened = getattr(detector, "open", None)  # a StreamDetector; isinstance costs 20 µs a call
    if opened is not None:
        scanner: Scanner = opened(context)
        return scanner
    begin = getattr(detector, "begin", None)
    if begin is not None:
        detector = begin(context)
    if detector.needs.kind == "window":
        return WindowScanner(detector, context)
    if detector.needs.kind == "clause":
        return ClauseScanner(detector, context, cap)
    return WholeScanner(detector, context, cap)


def check_needs(detector: Detector, cap: int) -> None:
    """Raise `PolicyError` where `detector` must hold back more than the policy's cap."""
    needs: Needs = detector.needs
    if needs.kind == "window" and needs.characters > cap:
        raise PolicyError(
            f"detector {detector.name!r} needs to hold back {needs.characters} characters, the "
            f"policy's `holdback` is {cap}; raise it, or take the detector out"
        )


def _moved(found: Sequence[Verdict], length: int, by: int) -> list[Verdict]:
    """Check verdicts on a text of `length` characters, which begins at `by` in the whole one."""
    verdicts = checked(found, length)
    if not by:
        return verdicts
    return [replace(v, start=v.start + by, end=v.end + by) for v in verdicts]


class WindowScanner:
    """Asks about the held tail and a window before it; takes what can no longer change."""

    def __init__(self, detector: Detector, context: Context) -> None:
        self.settled = 0
        self._detector = detector
        self._context = context
        self._window = detector.needs.characters
        self._text = ""
        self._base = 0

    def due(self, text: str) -> bool:
        """Return True: every piece is judged."""
        return True

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece."""
        self._text += text
        return self._judge(self._base + len(self._text) - self._window + 1)

    def finish(self) -> Sequence[Verdict]:
        """Judge what is left."""
        return self._judge(self._base + len(self._text)) if self._text else ()

    def _judge(self, until: int) -> Sequence[Verdict]:
        since = self.settled
        if until <= since:
            return ()
        found = self._detector.judge(self._text, self._context)
        self.settled = until
        moved = _moved(found, len(self._text), self._base)
        keep = max(0, until - self._window - self._base)
        if keep:
            self._text = self._text[keep:]
            self._base += keep
        return [v for v in moved if since <= v.start < until]


class ClauseScanner(PatientScanner):
    """Asks clause by clause; a clause longer than the cap is judged in windows that overlap.

    A window is as long as the cap, and only its first half is settled then: a denied span of up to
    half the cap is in some window whole before any of it is let go.
    """

    def __init__(self, detector: Detector, context: Context, cap: int) -> None:
        self.settled = 0
        self._detector = detector
        self._context = context
        self._cap = cap
        self._held = ""
        self._told = Told()
        self._broken: Exception | None = None

    def due(self, text: str) -> bool:
        """Return whether `text` completes a clause, so that the detector will be asked."""
        return (
            len(self._held) + len(text) >= self._cap
            or self._broken is not None
            or _CLAUSE_END.search(self._held[-1:] + text) is not None
        )

    def wait(self, text: str) -> None:
        """Take the next piece, which completes no clause."""
        self._held += text

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece; judge the clauses that it completes."""
        if self._broken is not None:
            raise self._broken
        searched = max(0, len(self._held) - 1)
        held = self._held + text
        start = 0
        found: list[Verdict] = []
        while True:
            end = _CLAUSE_END.search(held, searched, start + self._cap)
            if end is not None:
                until = searched = end.end()
                window = held[start:until]
            elif len(held) - start >= self._cap:
                window = held[start : start + self._cap]
                until, searched = start + _first_half(window), start + self._cap - 1
            else:
                self._held = held[start:]
                return found
            try:
                found += self._judge(window, until - start)
            except Exception as error:
                if not found:
                    raise
                self._broken = error  # behind what was found before it, which counts
                return found
            start = until

    def finish(self) -> Sequence[Verdict]:
        """Judge the clause that the end of the text completes."""
        if self._broken is not None:
            raise self._broken
        rest, self._held = self._held, ""
        return self._judge(rest, len(rest)) if rest else ()

    def _judge(self, clause: str, settles: int) -> Sequence[Verdict]:
        found: Sequence[Verdict] = ()
        if not clause.isspace():
            found = self._detector.judge(clause, self._context)
        if found == () or found == []:  # nearly always, and a text may be of nothing but full stops
            self.settled += settles
            return ()
        moved = _moved(found, len(clause), self.settled)
        self.settled += settles
        return self._told.new(moved, self.settled)


class WholeScanner(PatientScanner):
    """Asks at the end; before that, where the cap forces it, about everything so far.

    Then half of what is held is settled, as in `ClauseScanner`. Spans that begin in what an earlier
    judgement let go are clipped to what is still held.
    """

    def __init__(self, detector: Detector, context: Context, cap: int) -> None:
        self.settled = 0
        self._detector = detector
        self._context = context
        self._cap = cap
        self._text = ""
        self._told = Told()
        self._broken: Exception | None = None

    def due(self, text: str) -> bool:
        """Return whether `text` reaches the cap, so that the detector will be asked."""
        return len(self._text) - self.settled + len(text) >= self._cap or self._broken is not None

    def wait(self, text: str) -> None:
        """Take the next piece, which does not reach the cap."""
        self._text += text

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece; judge where the cap forces it."""
        if self._broken is not None:
            raise self._broken
        self._text += text
        found: list[Verdict] = []
        while len(self._text) - self.settled >= self._cap:
            until = self.settled + self._cap
            settles = self.settled + _first_half(self._text[self.settled : until])
            try:
                found += self._judge(until, settles)
            except Exception as error:
                if not found:
                    raise
                self._broken = error  # behind what was found before it, which counts
                break
        return found

    def finish(self) -> Sequence[Verdict]:
        """Judge the whole text."""
        if self._broken is not None:
            raise self._broken
        end = len(self._text)
        return self._judge(end, end) if end > self.settled else ()

    def _judge(self, until: int, settles: int) -> Sequence[Verdict]:
        since = self.settled
        found = checked(self._detector.judge(self._text[:until], self._context), until)
        self.settled = settles  # only now: where a judgement broke, nothing of its text is settled
        new = self._told.new(found, settles)
        return [replace(v, start=max(v.start, since)) for v in new if v.end > since]


class Told:
    """What was found in text that is still held: the next window finds it again."""

    def __init__(self) -> None:
        self._held: set[tuple[str, int, int]] = set()

    def new(self, found: Sequence[Verdict], settled: int) -> list[Verdict]:
        """Return what was not returned yet, and remember what reaches behind `settled`."""
        if not found:
            return []
        new = [v for v in found if _place(v) not in self._held]
        self._held = {_place(v) for v in found if v.end > settled}
        return new


def _place(verdict: Verdict) -> tuple[str, int, int]:
    return verdict.category, verdict.start, verdict.end


def _first_half(window: str) -> int:
    """Return how much of a window to settle: half, or less, where a part or a word ends there."""
    half = max(1, len(window) // 2)
    places = [end.end() for end in _PART_END.finditer(window, half // 2, half)]
    return places[-1] if places else half
