"""What a process emits its telemetry with, and the hooks that bring it to a policy's calls."""

from __future__ import annotations

import weakref
from collections.abc import Generator, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any

from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import LoggerProvider
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from chopmark import Policy, PolicyError, __version__, hookimpl
from chopmark.hookspecs import Detector, Log, Wrapper

from . import _names as names
from ._border import Border
from ._instruments import Instruments
from ._logged import MeasuredLog
from ._masked import Tap, keep_asked
from ._options import read_options
from ._timed import TimedDetector
from ._watch import Watch

_IDLE = ("opentelemetry.trace", "opentelemetry.metrics", "opentelemetry._logs")
"""Where the providers are made that do nothing: in the API, which is there before any SDK is."""
_AGAIN = 0.1
"""Seconds between two looks for an SDK; one takes some microseconds, as environments are read."""


class Otel:
    """A plugin that emits what becomes of guarded calls, by the providers given.

    Those left out are the process's own, which an application sets up where and when it likes:
    `plugins = ["otel"]` in a policy does that. Give providers to keep telemetry apart:
    `Chopmark(policy, plugins=[Otel(tracer_provider=...)])`. Options are those of
    `[settings.otel]`.
    """

    __name__ = "otel"

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        logger_provider: LoggerProvider | None = None,
    ) -> None:
        self._border = Border()
        self._logs: weakref.WeakSet[Any] = weakref.WeakSet()
        self._found = any((tracer_provider, meter_provider, logger_provider))
        self._looked = 0.0
        self._tracer = trace.get_tracer(names.SCOPE, __version__, tracer_provider)
        self._logger = _logs.get_logger(names.SCOPE, __version__, logger_provider)
        meter = metrics.get_meter(names.SCOPE, __version__, meter_provider)
        self._instruments = Instruments(meter, self._lags)

    @hookimpl(wrapper=True)
    def chopmark_wrappers(
        self, policy: Policy
    ) -> Generator[None, list[Iterable[Wrapper]], list[Iterable[Wrapper]]]:
        """Stand outside all other wrappers; where texts are emitted, inside them, too.

        Raises:
            PolicyError: an option is unknown, or has a value that it cannot have.
        """
        found = yield
        options = read_options(policy)
        watch = Watch(
            options,
            policy.roles,
            tracer=self._tracer,
            logger=self._logger,
            instruments=self._instruments,
            border=self._border,
            live=self._live,
        )
        return [[watch], *found, *([[keep_asked]] if options.content == "masked" else [])]

    @hookimpl(wrapper=True)
    def chopmark_detectors(
        self, policy: Policy
    ) -> Generator[None, list[Iterable[Detector]], list[Iterable[Detector]]]:
        """Take the time of every detector.

        Raises:
            PolicyError: texts shall be emitted, and there is no detector to mask them by.
        """
        found = yield
        timed = [_timed(brought) for brought in found]
        if read_options(policy).content == "none":
            return timed
        if not any(timed):
            raise PolicyError(
                f"policy {policy.name!r}: settings.otel.content is 'masked', and no plugin brings "
                "a detector to mask by; enable one, such as pii, or take the option out"
            )
        return [*timed, [Tap()]]

    @hookimpl(wrapper=True)
    def chopmark_log(self, policy: Policy) -> Generator[None, Log | None, Log | None]:
        """Measure what the log takes."""
        log = yield
        if not all(hasattr(log, member) for member in ("name", "blocking", "append", "close")):
            return log  # there is none, or one that the SDK refuses
        assert log is not None
        if hasattr(log, "behind"):
            with self._border:  # not every object can be referred to weakly
                self._logs.add(log)
        return MeasuredLog(log, self._instruments, self._border)

    def _live(self) -> bool:
        """Return whether anything listens. What was once set up stays."""
        if self._found:
            return True
        now = monotonic()
        if now - self._looked < _AGAIN:
            return False
        self._looked = now
        with self._border:
            providers = (
                trace.get_tracer_provider(),
                metrics.get_meter_provider(),
                _logs.get_logger_provider(),
            )
            self._found = not all(type(p).__module__.startswith(_IDLE) for p in providers)
        return self._found

    def _lags(self) -> Mapping[str, float]:
        """Return how far the logs are behind, by name: of several of one name, the worst."""
        lags: dict[str, float] = {}
        for log in list(self._logs):
            with self._border:
                lags[log.name] = max(lags.get(log.name, 0.0), log.behind())
        return lags


def _timed(brought: Any) -> Any:
    """Return what a plugin brought with each detector timed; the SDK refuses what is none."""
    if not isinstance(brought, Iterable):
        return brought
    members = ("name", "version", "needs", "blocking", "judge")
    found: Sequence[Any] = list(brought)
    return [TimedDetector(d) if all(hasattr(d, m) for m in members) else d for d in found]
