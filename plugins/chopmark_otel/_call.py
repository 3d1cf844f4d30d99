"""One call as telemetry sees it: its span, and where its time went."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Token
from time import perf_counter_ns, time_ns
from types import TracebackType
from typing import ParamSpec, TypeVar

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span

from chopmark import Direction, Request

from ._spans import Attributes

P = ParamSpec("P")
T = TypeVar("T")
KEY = "chopmark_otel"
"""Under it a request's `metadata` carries its call to the detectors, and to the model."""


class Timing:
    """What one detector did in one direction of a call; nanoseconds."""

    __slots__ = ("began", "ended", "spent", "wall")

    def __init__(self) -> None:
        self.began = self.ended = perf_counter_ns()
        self.wall = time_ns()  # at `began`
        self.spent = 0

    def took(self, began: int) -> None:
        """Add what was begun at `began` and has just ended."""
        self.ended = now = perf_counter_ns()
        self.spent += now - began


class Call:
    """One call. Its steps come one after the other, though not all on one thread.

    `about` is what metrics say of it. `context` has its span as the current one. `asked` is the
    request as it is judged, `said` the answers as they are, by index: both only where texts are
    emitted.
    """

    __slots__ = (
        "about", "asked", "asking", "context", "failed", "first", "model", "request", "said",
        "span", "started", "timings",
    )  # fmt: skip

    def __init__(self, request: Request, about: Attributes, span: Span, context: Context) -> None:
        self.request, self.about, self.span, self.context = request, about, span, context
        self.started = perf_counter_ns()
        self.asking = 0  # when the model was asked
        self.first = 0  # when the first text of an answer came
        self.model = 0  # what the model took
        self.failed: BaseException | None = None  # what the model raised
        self.timings: dict[tuple[str, Direction], Timing] = {}
        self.asked: Request | None = None
        self.said: dict[int, list[str]] = {}

    def timing(self, detector: str, direction: Direction) -> Timing:
        """Return the clock of a detector in one direction."""
        key = (detector, direction)
        timing = self.timings.get(key)
        if timing is None:
            timing = self.timings[key] = Timing()
        return timing

    def inside(self, work: Callable[P, T]) -> Callable[P, T]:
        """Return `work`, done with the call's span as the current one."""

        def done(*args: P.args, **kwargs: P.kwargs) -> T:
            token = attach(self.context)
            try:
                return work(*args, **kwargs)
            finally:
                detach(token)

        return done

    def added(self, now: int) -> int:
        """Return the nanoseconds that the call took beside the model, up to `now`.

        Of a stream it is the time until the model is asked, and that of the detectors after that:
        between two pieces nobody can tell the caller's time from ours.
        """
        if not self.asking:
            return now - self.started
        if not self.request.stream:
            return now - self.started - self.model
        judged = sum(t.spent for (_, way), t in self.timings.items() if way == "output")
        return self.asking - self.started + judged


class Within:
    """Has the call's span current while the framework works on it, and takes the time."""

    __slots__ = ("_began", "_call", "_token")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._token: Token[Context] | None = None
        self._began = 0

    def __enter__(self) -> None:
        call = self._call
        self._token = attach(call.context)
        self._began = perf_counter_ns()
        if not call.asking:
            call.asking = self._began

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._call.model += perf_counter_ns() - self._began
        self._call.failed = error
        if self._token is not None:
            detach(self._token)


def call_of(request: Request | None) -> Call | None:
    """Return the call that a request belongs to, None where nobody watches it."""
    found = request.metadata.get(KEY) if request is not None else None
    return found if isinstance(found, Call) else None
