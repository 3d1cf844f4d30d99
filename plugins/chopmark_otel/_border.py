"""Keeps a fault of telemetry from the call that it tells of."""

from __future__ import annotations

import logging
from types import TracebackType

_logger = logging.getLogger("chopmark")


class Border:
    """A context manager that swallows what breaks in its block, and tells of each kind once.

    A failing exporter is not a failing call. Shared by threads, and entered by many at once.
    """

    def __init__(self) -> None:
        self._told: set[type[BaseException]] = set()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if kind is None or not issubclass(kind, Exception):
            return False
        if kind not in self._told:
            self._told.add(kind)
            _logger.warning(
                "telemetry failed (%s: %s); calls go on, and this is not told again",
                kind.__name__,
                error,
            )
        return True
