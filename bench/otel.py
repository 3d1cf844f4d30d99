"""What telemetry costs: microseconds a call and a chunk, over the same policy without the plugin.

The policy has two small detectors, and judges the request and the answer. Ways that take turns:
without the plugin; with it where no SDK is set up; with spans, events and metrics collected, as an
application that watches itself has them, and the same without a span for each detector. Times are
those of the calling thread on a processor, the least of all rounds; what exports has a thread of
its own, and drops all.

    python bench/otel.py [--repeat N]

Exits with 1 where a limit is exceeded.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExportResult
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

from chopmark import Chopmark, Policy
from chopmark.testing import WordDetector, plugin
from chopmark_otel import Otel

PIECES = [f"piece {n} of an answer, " for n in range(400)]
SOME = 380  # of them are timed: neither the first nor the end of a stream
LIMITS = {  # microseconds over the policy without the plugin: a call, a chunk
    "no SDK": (20.0, 0.3),
    "collected": (450.0, 3.0),
    "collected, detectors = false": (300.0, 3.0),
}


class Dropped:
    """An exporter that has nothing to do."""

    def __init__(self, success: Any) -> None:
        self._success = success

    def export(self, batch: Sequence[Any]) -> Any:
        return self._success

    def shutdown(self) -> None:
        pass

    def force_flush(self, timeout_millis: int = 0) -> bool:
        return True


def collected() -> Otel:
    tracers, loggers = TracerProvider(), LoggerProvider()
    spans: Any = Dropped(SpanExportResult.SUCCESS)
    events: Any = Dropped(LogRecordExportResult.SUCCESS)
    tracers.add_span_processor(BatchSpanProcessor(spans))
    loggers.add_log_record_processor(BatchLogRecordProcessor(events))
    meters = MeterProvider([InMemoryMetricReader()])
    return Otel(tracer_provider=tracers, meter_provider=meters, logger_provider=loggers)


def guarded(
    *more: Any, **settings: object
) -> tuple[Callable[[str], str], Callable[[str], Iterator[str]]]:
    """Return a function that answers and one that streams, under two detectors."""
    words = [WordDetector({"warned": "warn"}, name=name) for name in ("first", "second")]
    policy = Policy(name="bench", settings={"otel": settings} if settings else {})
    chop = Chopmark(policy, plugins=[*more, plugin(detectors=words)])

    @chop.guard
    def answer(prompt: str) -> str:
        return "a short answer"

    @chop.guard
    def stream(prompt: str) -> Iterator[str]:
        yield from PIECES

    return answer, stream


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=1_500)
    repeat = parser.parse_args().repeat
    ways = {
        "without": guarded(),
        "no SDK": guarded(Otel()),
        "collected": guarded(collected()),
        "collected, detectors = false": guarded(collected(), detectors=False),
    }
    calls: dict[str, list[float]] = {name: [] for name in ways}
    chunks: dict[str, list[float]] = {name: [] for name in ways}
    gc.disable()
    for n in range(repeat):
        for name, (answer, stream) in ways.items():
            started = time.thread_time()
            answer("a question")
            calls[name].append((time.thread_time() - started) * 1e6)
            if n % 10 == 0:
                pieces = stream("a question")
                next(pieces)
                started = time.thread_time()
                for _ in islice(pieces, SOME):
                    pass
                chunks[name].append((time.thread_time() - started) * 1e6 / SOME)
                pieces.close()  # type: ignore[attr-defined]
        if n % 100 == 0:
            gc.collect()
    fine = True
    print(f"{'microseconds':<38}{'least':>10}{'median':>10}{'a chunk':>10}")
    for name in ways:
        least, median = min(calls[name]), statistics.median(calls[name])
        print(f"{name:<38}{least:>10.1f}{median:>10.1f}{min(chunks[name]):>10.2f}")
    for name, (a_call, a_chunk) in LIMITS.items():
        over_call = min(calls[name]) - min(calls["without"])
        over_chunk = min(chunks[name]) - min(chunks["without"])
        fine = fine and over_call <= a_call and over_chunk <= a_chunk
        print(
            f"{name}: {over_call:.1f} more a call (limit {a_call:g}), "
            f"{over_chunk:.2f} more a chunk (limit {a_chunk:g})"
        )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
