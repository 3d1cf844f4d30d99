"""Telemetry by OpenTelemetry: spans, events and metrics of every guarded call.

Enable it with `plugins = ["otel"]`; the application brings and configures the SDK, as for all
else that it emits. Where there is none, calls go by untouched. Options, under `[settings.otel]`:

    content = "none"        # or "masked": texts, with all that a detector found in them replaced
    events = "log"          # where gen_ai.evaluation.result goes: "log", "span" or "none"
    span = "model"          # or "guard", where another instrumentation makes the model's span
    detectors = true        # a span of its own for each detector
    provider = "openai"     # what gen_ai.provider.name says

It is a view, never the record: queues that run over and processes that die lose telemetry. The
record of a call is that of the log.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import cache
from typing import TYPE_CHECKING, Any

from chopmark import PluginError, Policy, hookimpl
from chopmark.lazy import lazily

if TYPE_CHECKING:
    from ._otel import Otel
else:  # OpenTelemetry is loaded with it
    __getattr__, __dir__ = lazily(__name__, {"_otel": ["Otel"]})

__all__ = ["Otel", "chopmark_detectors", "chopmark_log", "chopmark_wrappers"]
Brought = Generator[None, Any, Any]


@hookimpl(wrapper=True)
def chopmark_wrappers(policy: Policy) -> Brought:
    """Put the span of a call around it."""
    return (yield from _shared().chopmark_wrappers(policy))


@hookimpl(wrapper=True)
def chopmark_detectors(policy: Policy) -> Brought:
    """Take the time of every detector."""
    return (yield from _shared().chopmark_detectors(policy))


@hookimpl(wrapper=True)
def chopmark_log(policy: Policy) -> Brought:
    """Measure what the log takes."""
    return (yield from _shared().chopmark_log(policy))


@cache
def _shared() -> Otel:
    """Return the process's one, as its providers are: an instrument made twice counts once."""
    try:
        from ._otel import Otel
    except ImportError as error:
        raise PluginError(
            f"plugin 'otel' needs {error.name}; run: pip install 'chopmark[otel]'"
        ) from error
    return Otel()
