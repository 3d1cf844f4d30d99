"""A log whose appends are measured: a proxy that stores what the log behind it does."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from chopmark import Content, Receipt, Record
from chopmark.hookspecs import Log

from . import _names as names
from ._border import Border
from ._instruments import Instruments


class MeasuredLog:
    """Stores as `log` does. What it has beside the protocol is reached through this, too."""

    def __init__(self, log: Log, instruments: Instruments, border: Border) -> None:
        self._log, self._instruments, self._border = log, instruments, border
        self.name, self.blocking = log.name, log.blocking
        if hasattr(log, "append_with"):
            self.append_with = self._append_with

    @property
    def takes_content(self) -> bool:
        """The log's."""
        return bool(getattr(self._log, "takes_content", False))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # a copy in the making has no log yet
            raise AttributeError(name)
        return getattr(self._log, name)

    def __repr__(self) -> str:
        return f"<{self._log!r}, measured>"

    def append(self, record: Record) -> Receipt:
        """Store `record`, and measure that."""
        return self._measured(record, lambda: self._log.append(record))

    def _append_with(self, record: Record, content: Content) -> Receipt:
        log: Any = self._log
        return self._measured(record, lambda: log.append_with(record, content))

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def _measured(self, record: Record, append: Callable[[], Receipt]) -> Receipt:
        began = perf_counter_ns()
        error: str = ""
        try:
            return append()
        except Exception as broke:
            error = type(broke).__name__
            raise
        finally:
            with self._border:
                self._tell(record, perf_counter_ns() - began, error)

    def _tell(self, record: Record, took: int, error: str) -> None:
        about = {names.LOG: self.name}
        failed = {names.ERROR: error} if error else {}
        self._instruments.append.record(took / 1e9, {**about, **failed})
        # Of a call for which an append fails, the record is kept: its own, or one kept before was
        # tried. What was kept says so, and is tried again until it is taken.
        late = any(failure.role == "log" for failure in record.failures)
        if error:
            self._instruments.gaps.add(1, about)
        elif late:
            self._instruments.gaps.add(-1, about)
