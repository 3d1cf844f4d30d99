"""Tells of one call: a wrapper that stands outside all others."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from time import perf_counter_ns

from opentelemetry._logs import Logger, SeverityNumber
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context

from chopmark import MarkError, Request, RequestError, Response

from . import _names as names
from ._border import Border
from ._call import KEY, Call, Within, call_of
from ._instruments import Instruments
from ._masked import input_messages, output_messages
from ._options import Options
from ._spans import about, beginning, blocks, counted, ending, evaluation, judging


class Watch:
    """A wrapper: opens a span for each call, and ends it with what became of the call.

    Shared by threads. `live` says whether anybody listens; where nobody does, the call goes by
    untouched. `roles` are those whose messages the policy has judged.
    """

    def __init__(
        self,
        options: Options,
        roles: tuple[str, ...],
        *,
        tracer: Tracer,
        logger: Logger,
        instruments: Instruments,
        border: Border,
        live: Callable[[], bool],
    ) -> None:
        self._options, self._roles = options, roles
        self._tracer, self._logger, self._instruments = tracer, logger, instruments
        self._border, self._live = border, live

    def __call__(self, request: Request) -> Generator[Request, Response, Response]:
        """Stand around one call."""
        call = self._begin(request) if self._live() else None
        if call is None:
            return (yield request)
        sent = replace(request, metadata={**request.metadata, KEY: call})
        try:
            response = yield sent
        except BaseException as error:
            self._end(call, partial(self._broke, call, error))
            raise
        self._end(call, partial(self._tell, call, response))
        return response

    def within(self, request: Request) -> AbstractContextManager[object] | None:
        """Return what has the call's span current while the framework works on it."""
        call = call_of(request)
        return None if call is None else Within(call)

    def _begin(self, request: Request) -> Call | None:
        with self._border:
            options = self._options
            model = options.span == "model"
            said = about(request, options)
            span = self._tracer.start_span(
                f"{'chat' if model else 'guard'} {request.model}".rstrip(),
                kind=SpanKind.CLIENT if model else SpanKind.INTERNAL,
                attributes={**said, **beginning(request, options)},
            )
            return Call(request, said, span, set_span_in_context(span))
        return None

    def _end(self, call: Call, tell: Callable[[], None]) -> None:
        with self._border:
            tell()
        with self._border:
            call.span.end()

    def _broke(self, call: Call, error: BaseException) -> None:
        """Tell of a call that an error ended: by its name alone, for its text may quote."""
        now, kind = perf_counter_ns(), type(error).__qualname__
        ended = {names.ACTION: "block", names.ENDING: "wrapper_error"}
        if isinstance(error, MarkError):
            ended[names.ENDING] = "mark_error"
        elif error is call.failed or isinstance(error, RequestError):
            ended = {names.ACTION: "allow", names.ENDING: "model_error"}
        ended[names.ERROR] = kind
        call.span.set_status(Status(StatusCode.ERROR, kind))
        call.span.set_attributes(
            {**ended, names.CALL: call.request.id, names.ADDED: call.added(now) / 1e9}
        )
        self._judged(call, None)
        self._measure(call, now, ended)

    def _tell(self, call: Call, response: Response) -> None:
        now = perf_counter_ns()
        if call.span.is_recording():
            said = ending(response, self._options)
            said[names.ADDED] = call.added(now) / 1e9
            if call.request.stream and call.first and call.asking:
                said[names.TO_FIRST_CHUNK] = (call.first - call.asking) / 1e9
            if self._options.content == "masked":
                asked = input_messages(call, response, self._roles)
                answered = output_messages(call, response)
                said.update(zip(names.MESSAGES, (asked, answered), strict=True))
            call.span.set_attributes(said)
            for stop in blocks(response):
                call.span.add_event(names.BLOCK, stop)
        self._judged(call, response)
        self._evaluate(call, response)
        ended: dict[str, str] = {
            names.ACTION: response.action,
            names.ENDING: response.ending,
        }
        self._measure(call, now, ended)
        self._count(call, response)

    def _judged(self, call: Call, response: Response | None) -> None:
        """Tell what each detector did: a metric, and a span that is made when all is over."""
        for (detector, direction), timing in call.timings.items():
            self._instruments.detector.record(
                timing.spent / 1e9,
                {names.DETECTOR: detector, names.DIRECTION: direction},
                context=call.context,
            )
            if not (self._options.detectors and call.span.is_recording()):
                continue
            verdicts = [
                v for v in (response.verdicts if response else ())
                if v.detector == detector and v.direction == direction
            ]  # fmt: skip
            said = judging(detector, direction, verdicts)
            said[names.TIME] = timing.spent / 1e9
            span = self._tracer.start_span(
                f"guardrail {detector}",
                context=call.context,
                attributes=said,
                start_time=timing.wall,
            )
            for failure in response.failures if response else ():
                if failure.role == "detector" and failure.name == detector:
                    span.set_attribute(names.ERROR, failure.error)
                    span.set_status(Status(StatusCode.ERROR, failure.error))
            span.end(timing.wall + timing.ended - timing.began)

    def _evaluate(self, call: Call, response: Response) -> None:
        where = self._options.events
        if where == "none":
            return
        for verdict in response.verdicts:
            said = evaluation(verdict)
            if where == "span":
                call.span.add_event(names.EVALUATION, said)
                continue
            self._logger.emit(
                timestamp=time.time_ns(),
                context=call.context,
                severity_number=SeverityNumber.INFO,
                attributes={**said, names.CALL: response.id},
                event_name=names.EVALUATION,
            )

    def _measure(self, call: Call, now: int, ended: dict[str, str]) -> None:
        instruments, context = self._instruments, call.context
        said, streamed = {**call.about, **ended}, {names.STREAM: call.request.stream}
        instruments.calls.add(1, {**said, **streamed}, context=context)
        instruments.added.record(call.added(now) / 1e9, streamed, context=context)
        if self._options.span == "model":
            instruments.duration.record((now - call.started) / 1e9, counted(said), context=context)

    def _count(self, call: Call, response: Response) -> None:
        instruments, context = self._instruments, call.context
        for stop in blocks(response):
            instruments.blocks.add(1, stop, context=context)
        if call.request.stream:
            instruments.holdback.record(response.holdback, context=context)
        usage = response.usage
        if usage is not None and self._options.span == "model":
            said = counted(call.about)
            for kind, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
                instruments.tokens.record(tokens, {**said, names.TOKEN_TYPE: kind}, context=context)
