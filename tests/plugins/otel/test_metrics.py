"""The metrics say what happened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from chopmark import Chopmark, LogError, Policy, PolicyBlocked, Receipt, Record, Usage
from chopmark.testing import MemoryLog, WordDetector


def told(telemetry: Any, metric: str, *names: str) -> dict[tuple[Any, ...], float]:
    """Return the values of a metric by the attributes `names`."""
    points = telemetry.points(metric)
    return {tuple(p.attributes.get(name) for name in names): p.value for p in points}


def test_calls_and_blocks_are_counted(telemetry: Any, make: Any) -> None:
    chop = make()

    @chop.guard
    def answer(prompt: str) -> str:
        return "a bad and bad answer" if prompt == "worse" else "fine"

    for prompt in ("hi", "hi", "bad", "worse"):
        if prompt == "hi":
            answer(prompt)
        else:
            with pytest.raises(PolicyBlocked):
                answer(prompt)
    by = ("chopmark.action", "chopmark.ending")
    assert told(telemetry, "chopmark.calls", *by) == {
        ("allow", "completed"): 2,
        ("block", "blocked"): 2,
    }
    assert told(telemetry, "chopmark.blocks", "chopmark.category", "chopmark.direction") == {
        ("word.deny", "input"): 1,
        ("word.deny", "output"): 1,
    }


def test_time_is_told_apart(telemetry: Any, make: Any) -> None:
    class Slow(WordDetector):
        def judge(self, text: str, context: Any) -> Any:
            time.sleep(0.02)
            return super().judge(text, context)

    chop = make(detectors=[Slow({"odd": "warn"}, name="slow"), WordDetector({}, name="quick")])

    @chop.guard
    def answer(prompt: str) -> str:
        time.sleep(0.1)
        return "fine"

    answer("hi")
    by = ("chopmark.detector", "chopmark.direction")
    detectors = told(telemetry, "chopmark.detector.duration", *by)
    assert set(detectors) == {(d, w) for d in ("slow", "quick") for w in ("input", "output")}
    assert min(detectors["slow", "input"], detectors["slow", "output"]) >= 0.02
    assert max(detectors["quick", "input"], detectors["quick", "output"]) < 0.02
    (added,) = told(telemetry, "chopmark.call.added").values()
    (duration,) = told(telemetry, "gen_ai.client.operation.duration").values()
    assert 0.04 <= added < duration - 0.09
    assert duration >= 0.14
    span = telemetry.span("chat")
    assert span.attributes["chopmark.added"] == pytest.approx(added, abs=0.01)


def test_what_a_stream_adds_is_not_the_callers_time(telemetry: Any, make: Any) -> None:
    chop = make()

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        for _ in range(3):
            time.sleep(0.02)
            yield "a piece that is long enough "

    for _ in answer("hi"):
        time.sleep(0.02)
    (added,) = told(telemetry, "chopmark.call.added").values()
    assert 0 < added < 0.02


def test_hold_back_is_that_of_streams(telemetry: Any, make: Any) -> None:
    chop = make()

    @chop.guard
    def stream(prompt: str) -> Iterator[str]:
        yield from ("abcdefghij", "klm")

    @chop.guard
    def whole(prompt: str) -> str:
        return "fine"

    whole("hi")
    "".join(stream("hi"))
    (point,) = telemetry.points("chopmark.call.holdback")
    assert (point.unit, point.count, point.value) == ("{character}", 1, 5)


def test_tokens_are_counted_where_the_provider_did(telemetry: Any, make: Any) -> None:
    from chopmark import Chunk, Request

    class Counted:
        text = None

        def read(self, raw: str) -> Any:
            return (Chunk(raw, last=True),)

        def write(self, raw: str, texts: Any, tails: Any) -> Any:
            return ("".join(texts) + "".join(t.text for t in tails),)

        def seal(self, held: Any, response: Any) -> Any:
            return held

        def usage(self, raw: str) -> Usage:
            return Usage(input_tokens=7, output_tokens=11)

    chop = make({"provider": "openai"})
    request = Request(model="gpt-x", adapter="mine", parameters={"temperature": 0.5, "top_p": True})
    shape: Any = Counted()
    shape.text = lambda raw: None
    assert chop.run(request, shape, lambda sent: "an answer") == "an answer"
    by = ("gen_ai.token.type", "gen_ai.provider.name", "gen_ai.request.model")
    assert told(telemetry, "gen_ai.client.token.usage", *by) == {
        ("input", "openai", "gpt-x"): 7,
        ("output", "openai", "gpt-x"): 11,
    }
    said = telemetry.span("chat gpt-x").attributes
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == (7, 11)
    assert said["gen_ai.request.temperature"] == 0.5
    assert "gen_ai.request.top_p" not in said


class Faulty(MemoryLog):
    """Takes nothing while `broken`."""

    broken = False
    waits = 0.0

    def append(self, record: Record) -> Receipt:
        if self.broken:
            raise LogError("no space")
        return super().append(record)

    def behind(self) -> float:
        return self.waits


def test_records_that_the_log_lacks_are_gaps_until_it_has_them(telemetry: Any, make: Any) -> None:
    log = Faulty()
    chop = make(log=log)

    @chop.guard
    def answer(prompt: str) -> str:
        return "fine"

    answer("hi")
    log.broken = True
    for _ in range(2):
        with pytest.raises(LogError):
            answer("hi")
    gaps = told(telemetry, "chopmark.log.gaps", "chopmark.log")
    assert gaps == {(log.name,): 2}
    log.broken = False
    answer("hi")
    assert told(telemetry, "chopmark.log.gaps", "chopmark.log") == {(log.name,): 0}
    assert len(log.records) == 4
    taken, failed = sorted(
        telemetry.points("chopmark.log.append.duration"), key=lambda p: len(p.attributes)
    )
    assert (taken.count, failed.count, failed.attributes["error.type"]) == (4, 2, "LogError")
    calls = [s for s in telemetry.spans() if s.name.startswith("chat")]
    assert len(calls) == 4


def test_how_far_a_log_is_behind_is_asked_of_it(telemetry: Any, make: Any) -> None:
    log = Faulty()
    chop = make(log=log)
    log.waits = 2.5
    assert told(telemetry, "chopmark.log.lag", "chopmark.log") == {(log.name,): 2.5}
    assert chop.log.waits == 2.5  # what it has beside the protocol is still there


def test_the_log_of_the_policy_tells_how_far_it_is_behind(telemetry: Any, tmp_path: Any) -> None:
    settings = {"log": {"path": str(tmp_path / "log"), "integrate": False}}
    policy = Policy(name="logged", plugins=("log",), settings=settings)
    chop = Chopmark(policy, plugins=[telemetry.otel])

    @chop.guard
    def answer(prompt: str) -> str:
        return "fine"

    assert told(telemetry, "chopmark.log.lag", "chopmark.log") == {("log",): 0}  # there is none yet
    answer("hi")
    time.sleep(0.02)
    (behind,) = told(telemetry, "chopmark.log.lag").values()
    assert 0.02 <= behind < 5
    chop.close()
    taking = Chopmark(policy.with_options("log", integrate=True), plugins=[telemetry.otel])
    taking.guard(lambda prompt: "fine")("hi")
    taking.close()  # takes all in
    assert list(told(telemetry, "chopmark.log.lag").values()) == [0]
