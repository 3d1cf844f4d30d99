"""Detectors whose time is taken: a proxy that judges as the detector behind it does."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter_ns
from typing import Any

from opentelemetry.context import attach, detach

from chopmark import Context, Verdict
from chopmark.hookspecs import Detector, IdleScanner, Scanner

from ._call import Call, Timing, call_of


class TimedDetector:
    """Judges as `detector` does. What it has beside the protocol is reached through this, too.

    A detector that blocks works inside the span of the call, so that what it asks others is seen
    there.
    """

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.name, self.version = detector.name, detector.version
        self.needs, self.blocking = detector.needs, detector.blocking
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
        """Judge `text`, and take the time."""
        call = call_of(context.request)
        if call is None:
            return self._detector.judge(text, context)
        timing = call.timing(self.name, context.direction)
        with _Clock(timing, call if self.blocking else None):
            return self._detector.judge(text, context)

    def _begin(self, context: Context) -> Detector:
        self._note(context)
        begin = getattr(self._detector, "begin", None)
        return self if begin is None else TimedDetector(begin(context))

    def _open(self, context: Context) -> Scanner:
        opened: Any = self._detector
        scanner: Scanner = opened.open(context)
        call = self._note(context)
        if call is None or type(scanner) is IdleScanner:
            return scanner
        timing = call.timing(self.name, context.direction)
        return TimedScanner(scanner, timing, call if self.blocking else None)

    def _note(self, context: Context) -> Call | None:
        """A text begins: if it is the answer's, its first piece is here."""
        call = call_of(context.request)
        if call is not None and not call.first and context.direction == "output":
            call.first = perf_counter_ns()
        return call


class TimedScanner:
    """Scans as `scanner` does; `call` is None where it does not block."""

    def __init__(self, scanner: Scanner, timing: Timing, call: Call | None) -> None:
        self.settled = scanner.settled
        self._scanner, self._timing, self._call = scanner, timing, call
        self._feed = scanner.feed

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # a copy in the making has no scanner yet
            raise AttributeError(name)
        return getattr(self._scanner, name)

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece, and the time that it takes."""
        if self._call is not None:
            with _Clock(self._timing, self._call):
                found = self._feed(text)
            self.settled = self._scanner.settled
            return found
        began = perf_counter_ns()
        found = self._feed(text)
        timing = self._timing
        timing.ended = now = perf_counter_ns()
        timing.spent += now - began
        self.settled = self._scanner.settled
        return found

    def finish(self) -> Sequence[Verdict]:
        """End the text, and take the time."""
        with _Clock(self._timing, self._call):
            return self._scanner.finish()


class _Clock:
    """Takes the time of a block; inside the span of `call`, if that is not None."""

    __slots__ = ("_began", "_call", "_timing", "_token")

    def __init__(self, timing: Timing, call: Call | None) -> None:
        self._timing, self._call = timing, call

    def __enter__(self) -> None:
        self._token = attach(self._call.context) if self._call is not None else None
        self._began = perf_counter_ns()

    def __exit__(self, *broke: object) -> None:
        timing = self._timing
        timing.ended = now = perf_counter_ns()
        timing.spent += now - self._began
        if self._token is not None:
            detach(self._token)
