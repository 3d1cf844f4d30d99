"""A receiver of OTLP, and an SDK that sends it what the plugin emits."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chopmark import Chopmark, Policy, Rules
from chopmark.testing import MemoryLog, WordDetector, plugin

collect_ignore_glob = []
if importlib.util.find_spec("opentelemetry.sdk") is None:
    collect_ignore_glob.append("test_*.py")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parents[1] / "adapters" / "openai"))

if TYPE_CHECKING:
    from receiver import Point, Receiver, Span


@dataclass
class Telemetry:
    """An SDK of its own; reading anything first has all sent that is still on its way."""

    receiver: Receiver
    otel: Any
    providers: tuple[Any, Any, Any]

    @property
    def tracer(self) -> Any:
        return self.providers[0].get_tracer("application")

    def flush(self) -> None:
        for provider in self.providers:
            provider.force_flush()

    def spans(self) -> list[Span]:
        self.flush()
        return sorted(self.receiver.spans, key=lambda span: span.start)

    def span(self, prefix: str) -> Span:
        (found,) = [span for span in self.spans() if span.name.startswith(prefix)]
        return found

    def points(self, metric: str) -> list[Point]:
        self.flush()
        return self.receiver.metrics.get(metric, [])

    def close(self) -> None:
        for provider in self.providers:
            provider.shutdown()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    from receiver import Receiver

    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def telemetry(receiver: Receiver) -> Iterator[Telemetry]:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from chopmark_otel import Otel

    tracers, loggers = TracerProvider(), LoggerProvider()
    tracers.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(f"{receiver.url}/v1/traces", timeout=20))
    )
    loggers.add_log_record_processor(
        BatchLogRecordProcessor(OTLPLogExporter(f"{receiver.url}/v1/logs", timeout=20))
    )
    exporter = OTLPMetricExporter(f"{receiver.url}/v1/metrics", timeout=20)
    meters = MeterProvider([PeriodicExportingMetricReader(exporter, 3_600_000)])
    otel = Otel(tracer_provider=tracers, meter_provider=meters, logger_provider=loggers)
    telemetry = Telemetry(receiver, otel, (tracers, meters, loggers))
    yield telemetry
    telemetry.close()


@pytest.fixture
def make(telemetry: Telemetry) -> Callable[..., Chopmark]:
    """Return what makes a policy that denies `bad`, masks `secret` and warns of `odd`."""

    def make(settings: dict[str, Any] | None = None, **brought: Any) -> Chopmark:
        words = WordDetector({"bad": "deny", "secret": "modify", "odd": "warn"})
        log = brought.pop("log", None) or MemoryLog()
        given = plugin(detectors=brought.pop("detectors", [words]), log=log, **brought)
        policy = Policy(
            name="watched", settings={"otel": settings or {}}, audiences={"minor": Rules()}
        )
        return Chopmark(policy, plugins=[telemetry.otel, given])

    return make
