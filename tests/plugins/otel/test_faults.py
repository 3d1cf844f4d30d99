"""Telemetry that fails, or that nobody listens to, is nothing to a call."""

from __future__ import annotations

import copy
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.metrics import NoOpMeter
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import NoOpTracerProvider
from tests.depth import scaled

from chopmark import (
    Chopmark,
    Context,
    Needs,
    OnError,
    PluginError,
    Policy,
    Request,
    calling,
    hookimpl,
)
from chopmark._scanners import WindowScanner
from chopmark.hookspecs import IdleScanner
from chopmark.testing import LogContract, MemoryLog, WordDetector, cuts, plugin, texts
from chopmark_jsonl import JsonlLog, read
from chopmark_otel import Otel
from chopmark_otel._border import Border
from chopmark_otel._instruments import Instruments
from chopmark_otel._logged import MeasuredLog
from chopmark_otel._timed import TimedDetector


def test_a_receiver_that_refuses_or_is_gone_is_nothing_to_a_call(telemetry: Any, make: Any) -> None:
    chop = make()

    @chop.guard
    def answer(prompt: str) -> str:
        return "an odd answer"

    telemetry.receiver.answer = 400  # 503 would be asked again, and again
    assert answer("hi") == "an odd answer"
    telemetry.flush()
    assert telemetry.receiver.refused >= 3
    assert telemetry.receiver.spans == []
    telemetry.receiver.answer = 200
    assert answer("hi") == "an odd answer"
    assert telemetry.span("chat")


class Broken(SpanProcessor):
    """Raises where the SDK passes errors on."""

    def __init__(self, at: str) -> None:
        self.at = at

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        if self.at == "start":
            raise OSError("no more files")

    def on_end(self, span: Any) -> None:
        if self.at == "end":
            raise OSError("no more files")


@pytest.mark.parametrize("at", ["start", "end"])
def test_a_pipeline_that_raises_is_told_once(at: str, caplog: pytest.LogCaptureFixture) -> None:
    tracers = TracerProvider()
    tracers.add_span_processor(Broken(at))
    log = MemoryLog()
    given = plugin(detectors=[WordDetector({"odd": "warn"})], log=log)
    chop = Chopmark(Policy(name="p"), plugins=[Otel(tracer_provider=tracers), given])

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        yield "an odd answer"

    with caplog.at_level(logging.WARNING, logger="chopmark"):
        for _ in range(3):
            assert list(answer("odd")) == ["an odd answer"] or "".join(answer("odd"))
    told = [r.getMessage() for r in caplog.records if "telemetry failed" in r.getMessage()]
    assert told == [
        "telemetry failed (OSError: no more files); calls go on, and this is not told again"
    ]
    assert all(record.ending == "completed" for record in log.records)


def test_where_nobody_listens_a_call_goes_by_untouched() -> None:
    seen: list[Request] = []

    def sees(request: Request) -> Any:
        seen.append(request)
        return (yield request)

    words = WordDetector({"odd": "warn"})
    given = plugin(detectors=[words], wrappers=[sees])
    chop = Chopmark(Policy(name="p", plugins=("otel",)), plugins=[given])

    @chop.guard
    def answer(prompt: str) -> str:
        return "fine"

    with calling(metadata={"note": 1}):
        assert answer("hi") == "fine"
    assert seen[0].metadata == {"note": 1}
    context = Context(direction="output", request=seen[0])
    assert type(TimedDetector(Open({"odd": "warn"})).open(context)) is WindowScanner
    assert TimedDetector(words).begin(context) is words


SETS_UP_LATER = """
import sys
from chopmark import Chopmark, Policy
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

url = sys.argv[1]
first, second = (Chopmark(Policy(name=name, plugins=("otel",))) for name in ("a", "b"))
spans = TracerProvider()
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url + "/v1/traces")))
trace.set_tracer_provider(spans)
reader = PeriodicExportingMetricReader(OTLPMetricExporter(url + "/v1/metrics"), 3_600_000)
metrics.set_meter_provider(MeterProvider([reader]))
for chop in (first, second):
    chop.guard(lambda prompt: "fine")("hi")
"""


def test_an_sdk_that_is_set_up_later_is_found(receiver: Any) -> None:
    """In a process of its own: what is set up globally stays."""
    subprocess.run([sys.executable, "-c", SETS_UP_LATER, receiver.url], check=True)
    assert [span.name[:4] for span in receiver.spans] == ["chat", "chat"]
    assert sum(point.value for point in receiver.metrics["chopmark.calls"]) == 2


def test_without_the_api_the_error_names_the_extra(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["opentelemetry"] = None
from chopmark import Chopmark, Policy, PluginError
try:
    Chopmark(Policy(name="p", plugins=("otel",)))
except PluginError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "pip install 'chopmark[otel]'" in ran.stdout


class Open(WordDetector):
    """A detector that follows streams, and leaves some texts alone."""

    def open(self, context: Context) -> Any:
        return IdleScanner() if context.role == "system" else WindowScanner(self, context)


class Breaking(Open):
    """One that breaks in the middle of a text."""

    def judge(self, text: str, context: Context) -> Any:
        if "x" in text:
            raise ValueError("x")
        return super().judge(text, context)


class TestAMeasuredLog(LogContract):
    def make(self, folder: Path) -> Any:
        instruments = Instruments(NoOpMeter("none"), dict)
        return MeasuredLog(JsonlLog({"path": str(folder / "log.jsonl")}), instruments, Border())

    def ids(self, log: Any, folder: Path) -> list[str]:
        return [str(line.record["id"]) for line in read(folder / "log.jsonl") if line.record]


def test_a_plugin_that_is_wrong_is_still_named() -> None:
    class Wrong:
        __name__ = "wrong"

        @hookimpl
        def chopmark_detectors(self, policy: Policy) -> Any:
            return 3

    class Right:
        @hookimpl
        def chopmark_detectors(self, policy: Policy) -> Any:
            return []

    otel = Otel(tracer_provider=NoOpTracerProvider())
    with pytest.raises(PluginError, match=r"plugin 'wrong': chopmark_detectors\(\) returned 3"):
        Chopmark(Policy(name="p"), plugins=[otel, Wrong(), Right()])


def test_proxies_can_be_copied() -> None:
    timed = TimedDetector(WordDetector({"odd": "warn"}, name="words"))
    assert copy.copy(timed).name == "words"


TEXTS = texts(["bad", "secret", "odd", "an odd secret. Bad", "x bad"])


@settings(max_examples=scaled(60))
@given(st.data(), st.sampled_from(["allow", "block"]))
def test_a_call_that_is_watched_answers_as_one_that_is_not(
    data: st.DataObject, broken: Literal["allow", "block"]
) -> None:
    text = data.draw(TEXTS)
    pieces = data.draw(cuts(text))
    detectors = [
        WordDetector({"bad": "deny", "secret": "modify"}),
        WordDetector({"odd": "warn"}, name="clause", needs=Needs.clause()),
        Open({"odd": "warn", "an": "modify"}, name="open"),
        Breaking({"odd": "warn"}, name="breaking"),
    ]
    policy = Policy(name="p", on_error=OnError(detector=broken))
    answers = []
    for otel in ([Otel(tracer_provider=NoOpTracerProvider())], []):
        log = MemoryLog()
        chop = Chopmark(policy, plugins=[*otel, plugin(detectors=detectors, log=log)])

        @chop.guard(on_block="refuse")
        def answer(prompt: str) -> Iterator[str]:
            yield from pieces

        got = list(answer(text))
        (record,) = log.records
        answers.append((got, record.verdicts, record.holdback, record.ending, record.failures))
    assert answers[0] == answers[1]
