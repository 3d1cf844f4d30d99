"""A receiver of OTLP over HTTP: what a collector would have been told, decoded."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def value(any_value: Any) -> Any:
    """Return an AnyValue as plain Python."""
    kind = any_value.WhichOneof("value")
    if kind == "array_value":
        return [value(one) for one in any_value.array_value.values]
    return getattr(any_value, kind) if kind else None


def attributes(pairs: Iterable[Any]) -> dict[str, Any]:
    return {pair.key: value(pair.value) for pair in pairs}


@dataclass
class Span:
    name: str
    kind: int  # 1 is internal, 3 is client
    trace: str
    id: str
    parent: str
    start: int
    end: int
    status: int  # 0 is unset, 2 is an error
    message: str
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]


@dataclass
class Event:
    name: str
    trace: str
    span: str
    attributes: dict[str, Any]


@dataclass
class Point:
    """One series of a metric: `value` is a sum, a gauge's value, or a histogram's sum."""

    unit: str
    attributes: dict[str, Any]
    value: float
    count: int


@dataclass
class Receiver:
    """What arrived. `answer` is the status with which it answers from now on."""

    spans: list[Span] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    metrics: dict[str, list[Point]] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    answer: int = 200
    refused: int = 0

    def __enter__(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if receiver.answer == 200:
                    receiver.take(self.path, body)
                else:
                    receiver.refused += 1
                self.send_response(receiver.answer)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *broke: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, path: str, body: bytes) -> None:
        self.bodies.append(body)
        if path == "/v1/traces":
            traces = ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in _scopes(traces, "spans"):
                self.spans += [_span(span) for span in scope.spans]
        elif path == "/v1/logs":
            logs = ExportLogsServiceRequest.FromString(body).resource_logs
            for scope in _scopes(logs, "logs"):
                self.events += [
                    Event(r.event_name, r.trace_id.hex(), r.span_id.hex(), attributes(r.attributes))
                    for r in scope.log_records
                ]
        elif path == "/v1/metrics":
            metrics = ExportMetricsServiceRequest.FromString(body).resource_metrics
            for scope in _scopes(metrics, "metrics"):
                for metric in scope.metrics:
                    self.metrics[metric.name] = list(_points(metric))


def _scopes(resources: Iterable[Any], what: str) -> Iterable[Any]:
    """Return what comes from us and from the application: some SDKs measure themselves, too."""
    for resource in resources:
        for scope in getattr(resource, f"scope_{what}"):
            if scope.scope.name in ("chopmark", "application"):
                yield scope


def _span(span: Any) -> Span:
    return Span(
        span.name, span.kind, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(),
        span.start_time_unix_nano, span.end_time_unix_nano, span.status.code, span.status.message,
        attributes(span.attributes), [(e.name, attributes(e.attributes)) for e in span.events],
    )  # fmt: skip


def _points(metric: Any) -> Iterable[Point]:
    kind = metric.WhichOneof("data")
    for point in getattr(metric, kind).data_points:
        said = attributes(point.attributes)
        if kind == "histogram":
            yield Point(metric.unit, said, point.sum, point.count)
        else:
            yield Point(metric.unit, said, getattr(point, point.WhichOneof("value")), 1)
