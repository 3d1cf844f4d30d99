"""Detectors whose time is taken: a proxy that judges as the detector behind it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import Any

from chopmark import Context, Verdict
from chopmark.hookspecs import Detector, IdleScanner, Scanner

from ._call import Call, Timing, call_of


class TimedDetector:
    """Judges as `detector` does. What it has beside the protocol is reached through this, too.

    What is glanced at before it is opened would not be timed: it has no `sight`.

    A detector that blocks works inside the span of the call, so that what it asks others is seen
    there.
    """

    sight = None

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.name, self.version = detector.name, detector.version
        self.needs, self.blocking = detector.needs, detector.blocking
        self._inner_begin: Callable[[Context], Detector] | None = getattr(detector, "begin", None)
        self._inner_clears: Callable[[str, Context], bool] | None
        self._inner_clears = getattr(detector, "clears", None)
        if self._inner_clears is not None:
            self.clears = self._clears
        if hasattr(detector, "open"):
            self.open = self._open
        else:
            self.begin = self._begin

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # a copy in the making has no detector yet
            raise AttributeError(name)
        return getattr(self._detector, name)

    def __repr__(self) -> str:
        return f"<{self._detector!r}, timed>"

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Judge `text`; what is timed is the work on a text of a call, which `begin` begins."""
        return self._detector.judge(text, context)

    def _begin(self, context: Context) -> Detector:
        call = self._note(context)
        begin = self._inner_begin
        detector = self._detector if begin is None else begin(context)
        if call is None:
            return detector
        timing = call.timing(self.name, context.direction)
        return TimedText(detector, timing, call if self.blocking else None)

    def _open(self, context: Context) -> Scanner:
        opened: Any = self._detector
        scanner: Scanner = opened.open(context)
        call = self._note(context)
        if call is None or type(scanner) is IdleScanner:
            return scanner
        timing = call.timing(self.name, context.direction)
        return TimedScanner(scanner, timing, call if self.blocking else None)

    def _clears(self, text: str, context: Context) -> bool:
        assert self._inner_clears is not None
        call = call_of(context.request)
        if call is None:
            return self._inner_clears(text, context)
        timing = call.timing(self.name, context.direction)
        began = perf_counter_ns()
        try:
            return self._inner_clears(text, context)
        finally:
            timing.took(began)

    def _note(self, context: Context) -> Call | None:
        """A text begins: if it is the answer's, its first piece is here."""
        call = call_of(context.request)
        if call is not None and not call.first and context.direction == "output":
            call.first = perf_counter_ns()
        return call


class TimedText:
    """Judges one text as `detector` does; `call` is None where that does not block."""

    def __init__(self, detector: Detector, timing: Timing, call: Call | None) -> None:
        self.name, self.version = detector.name, detector.version
        self.needs, self.blocking = detector.needs, detector.blocking
        self._judge = detector.judge if call is None else call.inside(detector.judge)
        self._timing = timing

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Judge a piece, and take the time."""
        began = perf_counter_ns()
        try:
            return self._judge(text, context)
        finally:
            self._timing.took(began)


class TimedScanner:
    """Scans one text as `scanner` does; `call` is None where that does not block."""

    def __init__(self, scanner: Scanner, timing: Timing, call: Call | None) -> None:
        self.settled = scanner.settled
        self._scanner, self._timing = scanner, timing
        self._feed, self._finish = scanner.feed, scanner.finish
        if call is not None:
            self._feed, self._finish = call.inside(self._feed), call.inside(self._finish)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # a copy in the making has no scanner yet
            raise AttributeError(name)
        return getattr(self._scanner, name)

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece, and the time that it takes."""
        began = perf_counter_ns()
        try:
            return self._feed(text)
        finally:
            self._timing.took(began)
            self.settled = self._scanner.settled

    def finish(self) -> Sequence[Verdict]:
        """End the text, and take the time."""
        began = perf_counter_ns()
        try:
            return self._finish()
        finally:
            self._timing.took(began)
            self.settled = self._scanner.settled
