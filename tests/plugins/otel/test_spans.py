"""Every call has one span, in its place in the trace, and ends it, however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from opentelemetry import trace

from chopmark import PolicyBlocked, Refused, calling
from chopmark.testing import BrokenDetector, SuffixMarker, WordDetector

INTERNAL, CLIENT = 1, 3
ERROR = 2


def here() -> str:
    """Return the id of the current span."""
    return f"{trace.get_current_span().get_span_context().span_id:016x}"


def test_a_call_stands_between_the_application_and_the_model(telemetry: Any, make: Any) -> None:
    chop = make()

    @chop.guard
    def answer(prompt: str) -> str:
        with telemetry.tracer.start_as_current_span("http"):
            return "fine"

    with telemetry.tracer.start_as_current_span("handler"):
        assert answer("hi") == "fine"
        after = here()
    call, handler, http = map(telemetry.span, ("chat", "handler", "http"))
    assert (call.parent, http.parent, after) == (handler.id, call.id, handler.id)
    assert {call.trace, http.trace} == {handler.trace}
    assert (call.kind, call.status) == (CLIENT, 0)
    assert call.name.endswith("answer")
    assert call.start <= http.start <= http.end <= call.end


def test_a_stream_is_the_models_only_while_the_model_works(telemetry: Any, make: Any) -> None:
    chop = make()
    inside: list[str] = []

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        for piece in ("one ", "two ", "three "):
            inside.append(here())
            yield piece

    with telemetry.tracer.start_as_current_span("handler"):
        outside = [here() for _ in answer("hi")]
    call, handler = telemetry.span("chat"), telemetry.span("handler")
    assert set(inside) == {call.id}
    assert set(outside) == {handler.id}
    assert call.attributes["gen_ai.request.stream"] is True
    assert call.attributes["gen_ai.response.time_to_first_chunk"] >= 0


def test_streams_that_are_read_in_turns_keep_apart(telemetry: Any, make: Any) -> None:
    chop = make()
    inside: dict[str, set[str]] = {"a": set(), "b": set()}

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        for n in range(4):
            inside[prompt].add(here())
            yield f"{n} is a long enough piece "

    for _ in zip(answer("a"), answer("b"), strict=True):
        assert here() == "0" * 16
    ids = {span.id for span in telemetry.spans() if span.name.startswith("chat")}
    assert len(ids) == 2
    assert all(len(seen) == 1 for seen in inside.values())
    assert inside["a"] | inside["b"] == ids


async def test_tasks_keep_apart(telemetry: Any, make: Any) -> None:
    chop = make()

    @chop.guard
    async def stream(prompt: str) -> AsyncIterator[str]:
        for n in range(3):
            await asyncio.sleep(0)
            with telemetry.tracer.start_as_current_span(f"http {prompt}"):
                yield f"{n} is a piece "

    @chop.guard
    async def whole(prompt: str) -> str:
        with telemetry.tracer.start_as_current_span(f"http {prompt}"):
            await asyncio.sleep(0)
        return "fine"

    async def handle(name: str) -> None:
        with telemetry.tracer.start_as_current_span(f"handler {name}"):
            async for _ in stream(name):
                await asyncio.sleep(0)
            await whole(name)

    await asyncio.gather(*map(handle, "abc"))
    spans = {span.id: span for span in telemetry.spans()}
    https = [span for span in spans.values() if span.name.startswith("http")]
    assert len(https) == 12
    for http in https:
        call = spans[http.parent]
        assert call.name.startswith("chat")
        assert spans[call.parent].name == http.name.replace("http", "handler")


def test_a_guarded_call_within_another_is_its_child(telemetry: Any, make: Any) -> None:
    outer, inner = make(), make()

    @inner.guard
    def model(prompt: str) -> str:
        return "fine"

    @outer.guard
    def agent(prompt: str) -> str:
        return model(prompt)

    agent("hi")
    first, second = (span for span in telemetry.spans() if span.name.startswith("chat"))
    assert second.parent == first.id


def test_what_is_blocked_has_a_span_that_says_so(telemetry: Any, make: Any) -> None:
    chop = make()

    @chop.guard
    def answer(prompt: str) -> str:
        return "never"

    with pytest.raises(PolicyBlocked):
        answer("bad")
    call = telemetry.span("chat")
    assert call.status == 0  # the policy did what it is for
    assert call.attributes["chopmark.action"] == "block"
    assert call.attributes["gen_ai.response.finish_reasons"] == ["content_filter"]
    (event,) = call.events
    assert event == (
        "chopmark.block",
        {
            "chopmark.category": "word.deny",
            "chopmark.action": "block",
            "chopmark.direction": "input",
        },
    )


def test_a_stream_that_is_blocked_ends_its_span(telemetry: Any, make: Any) -> None:
    chop = make()

    @chop.guard(on_block="refuse")
    def answer(prompt: str) -> Iterator[str]:
        yield "this is "
        yield "bad, and"
        yield " more"

    list(answer("hi"))
    call = telemetry.span("chat")
    assert call.attributes["chopmark.ending"] == "blocked"
    assert [said["chopmark.direction"] for _, said in call.events] == ["output"]


def test_a_stream_that_is_left_ends_its_span(telemetry: Any, make: Any) -> None:
    chop = make()

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        while True:
            yield "on and on "

    stream = answer("hi")
    next(stream)
    assert [s for s in telemetry.spans() if s.name.startswith("chat")] == []
    stream.close()
    call = telemetry.span("chat")
    assert (call.attributes["chopmark.ending"], call.status) == ("abandoned", 0)


async def test_a_task_that_is_cancelled_ends_its_span(telemetry: Any, make: Any) -> None:
    chop = make()

    @chop.guard
    async def answer(prompt: str) -> AsyncIterator[str]:
        yield "first, and long enough"
        await asyncio.sleep(3600)

    async def read() -> None:
        async for _ in answer("hi"):
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert telemetry.span("chat").attributes["chopmark.ending"] == "cancelled"


def test_a_model_that_fails_is_an_error_without_its_words(telemetry: Any, make: Any) -> None:
    chop = make()

    @chop.guard
    def answer(prompt: str) -> str:
        raise ConnectionError(f"no answer to {prompt!r}")

    with pytest.raises(ConnectionError, match="my question"):
        answer("my question")
    call = telemetry.span("chat")
    assert (call.status, call.message) == (ERROR, "ConnectionError")
    assert call.attributes["error.type"] == "ConnectionError"
    assert call.attributes["chopmark.ending"] == "model_error"
    assert [record.id for record in chop.log.records] == [call.attributes["chopmark.call.id"]]
    assert not any(b"my question" in body for body in telemetry.receiver.bodies)


def test_a_wrapper_that_refuses_or_breaks_leaves_a_whole_span(telemetry: Any, make: Any) -> None:
    def refuses(request: Any) -> Any:
        if request.user == "spent":
            raise Refused("no more today")
        response = yield request
        if request.user == "broken":
            raise RuntimeError("at the end")
        return response

    chop = make(wrappers=[refuses])

    @chop.guard
    def answer(prompt: str) -> str:
        return "fine"

    with calling(user="spent"), pytest.raises(PolicyBlocked):
        answer("hi")
    with calling(user="broken"), pytest.raises(RuntimeError):
        answer("hi")
    spent, broken = (s for s in telemetry.spans() if s.name.startswith("chat"))
    assert spent.events[0][1]["chopmark.category"] == "wrapper"
    assert (broken.status, broken.attributes["chopmark.ending"]) == (ERROR, "wrapper_error")


def test_a_span_says_of_an_ending_what_the_record_says(telemetry: Any, make: Any) -> None:
    def breaks(request: Any) -> Any:
        if request.user == "broken":
            raise RuntimeError("before the model")
        return (yield request)

    whole, failing = make(wrappers=[breaks]), make(markers=[SuffixMarker(suffix="!", fail=True)])

    def answer(prompt: str) -> Iterator[str]:
        if prompt == "fail":
            raise TimeoutError
        yield "an answer" if prompt != "number" else 3  # type: ignore[misc]
        yield "bad"

    for chop, prompt, user in (
        (whole, "hi", ""), (whole, "hi", "broken"), (whole, "fail", ""), (whole, "number", ""),
        (failing, "hi", ""),
    ):  # fmt: skip
        with calling(user=user), pytest.raises(Exception):  # noqa: B017  each has its own
            list(chop.guard(answer)(prompt))
    said = {
        s.attributes["chopmark.call.id"]: (
            s.attributes["chopmark.action"], s.attributes["chopmark.ending"]
        )
        for s in telemetry.spans() if s.name.startswith("chat")
    }  # fmt: skip
    records = [record for chop in (whole, failing) for record in chop.log.records]
    assert said == {record.id: (record.action, record.ending) for record in records}
    endings = [ending for _, ending in said.values()]
    assert endings == ["blocked", "wrapper_error", "model_error", "model_error", "mark_error"]


def test_each_detector_has_a_span_that_says_what_it_found(telemetry: Any, make: Any) -> None:
    detectors = [
        WordDetector({"odd": "warn"}, name="first"),
        WordDetector({"odd": "modify"}, name="second", blocking=True),
    ]
    chop = make(detectors=detectors)

    @chop.guard
    def answer(prompt: str) -> str:
        return "an odd answer"

    answer("hi")
    call = telemetry.span("chat")
    spans = [s for s in telemetry.spans() if s.name.startswith("guardrail")]
    assert {(s.attributes["chopmark.detector"], s.attributes["chopmark.direction"]) for s in spans}
    assert len(spans) == 4
    for span in spans:
        assert (span.parent, span.kind) == (call.id, INTERNAL)
        assert span.attributes["openinference.span.kind"] == "GUARDRAIL"
        assert call.start <= span.start <= span.end <= call.end
    found = {
        s.attributes["chopmark.detector"]: s.attributes["chopmark.outcome"]
        for s in spans if s.attributes["chopmark.direction"] == "output"
    }  # fmt: skip
    assert found == {"first": "warn", "second": "modify"}


def test_what_a_blocking_detector_asks_is_seen_within_the_call(telemetry: Any, make: Any) -> None:
    class Remote(WordDetector):
        def judge(self, text: str, context: Any) -> Any:
            with telemetry.tracer.start_as_current_span("remote"):
                return super().judge(text, context)

    chop = make(detectors=[Remote({"odd": "warn"}, blocking=True)])

    @chop.guard
    async def answer(prompt: str) -> str:
        return "fine"

    asyncio.run(answer("hi"))
    call = telemetry.span("chat")
    remote = [span for span in telemetry.spans() if span.name == "remote"]
    assert remote
    assert {span.parent for span in remote} == {call.id}


def test_a_detector_that_breaks_is_an_error_of_its_span(telemetry: Any, make: Any) -> None:
    chop = make(detectors=[BrokenDetector()])

    @chop.guard
    def answer(prompt: str) -> str:
        return "never"

    with pytest.raises(PolicyBlocked):
        answer("hi")
    assert telemetry.span("guardrail").status == ERROR
    call = telemetry.span("chat")
    assert call.attributes["chopmark.judged"] is False
    assert call.events[0][1]["chopmark.category"] == "error.detector"


def test_a_verdict_is_an_event_of_its_call(telemetry: Any, make: Any) -> None:
    chop = make()

    @chop.guard
    def answer(prompt: str) -> str:
        return "an odd secret"

    answer("hi")
    call = telemetry.span("chat")
    events = telemetry.receiver.events
    assert {(e.name, e.trace, e.span) for e in events} == {
        ("gen_ai.evaluation.result", call.trace, call.id)
    }
    assert [
        (
            e.attributes["gen_ai.evaluation.name"],
            e.attributes["gen_ai.evaluation.score.value"],
            e.attributes["gen_ai.evaluation.score.label"],
            e.attributes["chopmark.call.id"],
        )
        for e in events
    ] == [(f"word.{o}", 1.0, o, call.attributes["chopmark.call.id"]) for o in ("warn", "modify")]


def test_verdicts_may_be_events_of_the_span_or_none(telemetry: Any, make: Any) -> None:
    for events in ("span", "none"):
        chop = make({"events": events})

        @chop.guard
        def answer(prompt: str) -> str:
            return "odd"

        answer("hi")
    on_span, nowhere = (s for s in telemetry.spans() if s.name.startswith("chat"))
    assert [name for name, _ in on_span.events] == ["gen_ai.evaluation.result"]
    assert nowhere.events == []
    assert telemetry.receiver.events == []


def test_beside_another_instrumentation_the_span_is_a_guards(telemetry: Any, make: Any) -> None:
    chop = make({"span": "guard", "detectors": False})

    @chop.guard
    def answer(prompt: str) -> str:
        return "fine"

    answer("hi")
    (span,) = telemetry.spans()
    assert (span.name.split()[0], span.kind) == ("guard", INTERNAL)
    assert span.attributes["openinference.span.kind"] == "CHAIN"
    assert telemetry.points("gen_ai.client.operation.duration") == []
    assert [p.value for p in telemetry.points("chopmark.calls")] == [1]


def test_marks_and_hold_back_are_told(telemetry: Any, make: Any) -> None:
    chop = make(markers=[SuffixMarker(suffix="!")])

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        yield from ("se", "cret")

    assert "".join(answer("hi")) == "***!"
    call = telemetry.span("chat")
    assert len(call.attributes["chopmark.marks"]) == 1
    assert call.attributes["chopmark.holdback"] > 0
