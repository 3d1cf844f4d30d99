"""Verifies the log in the background, one at a time, and keeps what came of the last one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from chopmark import ChopmarkError
from chopmark.hookspecs import Log
from chopmark.reading import new_event, takes_events

KIND = "log.verified"
"""Of the event that says what came of it, so that other desks, and this one later, know."""
_TOLD, _LONGEST = 10, 400
"""Faults that the event has, and their characters; the desk that looked has them all, in memory."""


class VerifiableLog(Log, Protocol):
    """A log that looks through all that it has; see `ReadableLog`."""

    def faults(self, told: Callable[[int], object]) -> list[str]:
        """Return where the log does not hold."""

    def end(self) -> int:
        """Return how many entries it has."""


def verifiable(log: Log) -> VerifiableLog | None:
    """Return `log` where it can be verified, else None."""
    both = hasattr(log, "faults") and hasattr(log, "end")
    return cast(VerifiableLog, log) if both else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a verification. Times are milliseconds since 1970; `ended` 0: it runs.

    `done` of `entries` are looked at. `faults` are sentences, `more` how many others there are.
    `failed` says why it could not be ended, `unlogged` why the log did not take that it was.
    """

    began: int
    entries: int
    actor: str = ""
    ended: int = 0
    done: int = 0
    faults: tuple[str, ...] = ()
    more: int = 0
    failed: str = ""
    unlogged: str = ""

    @property
    def holds(self) -> bool:
        """Whether all was looked at, and nothing is wrong."""
        return bool(self.ended) and not self.faults and not self.failed

    def to_data(self) -> dict[str, str | int | bool]:
        """Return it as the data of an event."""
        told = {f"fault.{n:02}": fault[:_LONGEST] for n, fault in enumerate(self.faults[:_TOLD])}
        return {
            "holds": self.holds,
            "began": self.began,
            "entries": self.entries,
            "faults": len(self.faults) + self.more,
            "failed": self.failed[:_LONGEST],
            **told,
        }

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Result:
        """Return what an event says, as `ReadableLog.read` has it."""
        data = event["data"]
        faults = tuple(str(data[key]) for key in sorted(data) if key.startswith("fault."))
        entries = _number(data, "entries")
        return cls(
            began=_number(data, "began"),
            ended=event["time"],
            entries=entries,
            done=entries,
            actor=event["actor"],
            faults=faults,
            more=max(0, _number(data, "faults") - len(faults)),
            failed=str(data.get("failed", "")),
        )


def _number(data: Mapping[str, Any], name: str) -> int:
    """Return a number that an event says, 0 where it says none."""
    value = data.get(name)
    return value if type(value) is int else 0


class _StoppedError(Exception):
    """The desk is closed."""


class Verification:
    """The verifications of a log. Shared by threads."""

    def __init__(self, log: VerifiableLog, clock: Callable[[], int]) -> None:
        self._log, self._clock = log, clock
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self._last: Result | None = None
        self._stop = threading.Event()

    @property
    def last(self) -> Result | None:
        """The one that runs, else the last one that this desk made, if it made one."""
        with self._lock:
            return self._last

    def start(self, actor: str) -> None:
        """Begin one, for `actor`, unless one runs.

        Raises:
            LogError: the log cannot be read.
        """
        entries = self._log.end()
        with self._lock:
            if self._last is not None and not self._last.ended:
                return
            self._last = Result(began=self._clock(), entries=entries, actor=actor)
            self._worker = threading.Thread(target=self._run, name="chopmark-verify", daemon=True)
            self._worker.start()

    def close(self) -> None:
        """Break off the one that runs."""
        self._stop.set()
        if self._worker is not None:
            self._worker.join()

    def _run(self) -> None:
        faults: tuple[str, ...] = ()
        failed = ""
        try:
            faults = tuple(self._log.faults(self._progress))
        except _StoppedError:
            return
        except (ChopmarkError, OSError) as error:
            failed = str(error)
        except Exception as error:  # noqa: BLE001 - a plugin's, of a log that may be anything
            failed = repr(error)
        with self._lock:
            assert self._last is not None
            ended = replace(self._last, ended=self._clock(), faults=faults, failed=failed)
        unlogged = ""
        try:
            event = new_event(KIND, actor=ended.actor, data=ended.to_data())
            takes_events(self._log).append_event(event)
        except ChopmarkError as error:
            unlogged = str(error)
        with self._lock:
            self._last = replace(ended, unlogged=unlogged)

    def _progress(self, count: int) -> None:
        if self._stop.is_set():
            raise _StoppedError
        with self._lock:
            assert self._last is not None
            self._last = replace(self._last, done=count, entries=max(count, self._last.entries))
