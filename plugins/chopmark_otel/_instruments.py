"""The metrics, as instruments of one meter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from . import _names as names

_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_SHORT = tuple(step * 10**n for n in range(-5, 1) for step in (1.0, 2.5, 5.0))
_TOKENS = tuple(4**n for n in range(14))
_CHARACTERS = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)

Lags = Callable[[], Mapping[str, float]]
"""Returns for how many seconds the oldest record of each log in use waits, by the log's name."""


class Instruments:
    """What is counted and measured. Shared by threads."""

    def __init__(self, meter: Meter, lags: Lags) -> None:
        def histogram(name: str, unit: str, bounds: Iterable[float], what: str) -> Any:
            return meter.create_histogram(
                name, unit, what, explicit_bucket_boundaries_advisory=list(bounds)
            )

        self.duration = histogram(names.DURATION_METRIC, "s", _SECONDS, "How long a call took.")
        self.tokens = histogram(names.TOKENS_METRIC, "{token}", _TOKENS, "Tokens of a call.")
        self.calls = meter.create_counter(names.CALLS_METRIC, "{call}", "Guarded calls.")
        self.blocks = meter.create_counter(
            names.BLOCKS_METRIC, "{call}", "Calls that were blocked or escalated, by category."
        )
        self.added = histogram(names.ADDED_METRIC, "s", _SHORT, "What chopmark added to a call.")
        self.holdback = histogram(
            names.HOLDBACK_METRIC, "{character}", _CHARACTERS, "The most that a stream held back."
        )
        self.detector = histogram(
            names.DETECTOR_METRIC, "s", _SHORT, "What a detector took in a call."
        )
        self.append = histogram(names.APPEND_METRIC, "s", _SHORT, "What taking a record took.")
        self.gaps = meter.create_up_down_counter(
            names.GAPS_METRIC, "{record}", "Records that the log did not take and still lacks."
        )

        def observe(options: CallbackOptions) -> Iterable[Observation]:
            return [Observation(lag, {names.LOG: name}) for name, lag in lags().items()]

        meter.create_observable_gauge(
            names.LAG_METRIC, [observe], "s", "For how long the oldest record waits to be logged."
        )
