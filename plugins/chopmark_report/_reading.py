"""Counts all of a log: where it can be cut, and there are processors, in processes side by side."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from chopmark import LogError
from chopmark.hookspecs import ReadableLog
from chopmark.reading import outlines

from . import _slice_process as process
from ._added import add
from ._packed import unpacked
from ._tally import Tally, count

T = TypeVar("T")
MOST = 4
"""Processes: each takes a hundred megabytes, and what only one can do takes a second."""
_WORTH = 50_000
"""Entries for each process; to begin one takes as long as to count so many."""


def count_log(
    log: ReadableLog,
    since: int,
    until: int | None,
    tally: Tally,
    told: Callable[[int], object] | None = None,
    processes: int | None = None,
) -> None:
    """Count what `log` has from `since` to before `until` (ms since 1970) onto an empty `tally`.

    That is the same in however many processes.

    Args:
        log: of which calls and events are counted.
        since: the first millisecond.
        until: the one behind the last, None for all that is there.
        tally: which is changed.
        told: hears now and then how many entries are counted, where somebody wants to know.
        processes: at the most; by default one for each processor and 50,000 entries, up to 4.

    Raises:
        LogError: the log cannot be read to its end; what came before is counted.
    """
    cut = _cut(log, processes)
    helpers = [_Helper(process.Asked(one, since, until)) for one in cut[1:]]
    try:
        entries = cut[0].outlines(since, until) if cut else outlines(log, since, until)
        if told is not None:
            entries = _counted(entries, told, helpers)
        count(entries, tally)
        for one in helpers:
            behind, unread = one.counted()
            add(tally, behind)
            if unread:
                raise LogError(unread)
    finally:
        for one in helpers:
            one.stop()


def _cut(log: ReadableLog, processes: int | None) -> list[process.Slice]:
    """Return the slices of `log`, none where it is not cut."""
    slices: Callable[[int], list[process.Slice]] | None = getattr(log, "slices", None)
    most = min(_processors(), MOST) if processes is None else processes
    if slices is None or most < 2:
        return []
    if processes is None:
        most = min(most, sum(map(len, slices(1))) // _WORTH)
    return slices(most) if most > 1 else []


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _counted(
    entries: Iterator[T], told: Callable[[int], object], helpers: Sequence[_Helper]
) -> Iterator[T]:
    for number, entry in enumerate(entries, 1):
        if number % process.EVERY == 0:
            told(number + sum(one.done for one in helpers))
        yield entry


class _Helper:
    """A process that counts a slice. Where it cannot, that is done here, in the end."""

    def __init__(self, asked: process.Asked) -> None:
        self.done = 0
        self._asked = asked
        self._said: dict[str, Any] | None = None
        self._begun: subprocess.Popen[bytes] | None = None
        with suppress(OSError):  # too many processes, or they are forbidden
            self._begun = subprocess.Popen(
                [sys.executable, "-m", process.__name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=os.path.abspath(os.sep),  # modules are looked for there
                start_new_session=True,  # Ctrl-C is for who began it, and ends it
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def counted(self) -> tuple[Tally, str]:
        """Return the counts, and why not all could be read, "" where it could."""
        self._reader.join()
        if self._said is not None:
            return unpacked(self._said["tally"]), str(self._said["unread"])
        tally = Tally()
        try:
            count(self._asked.slice.outlines(self._asked.since, self._asked.until), tally)
        except LogError as error:
            return tally, str(error)
        return tally, ""

    def stop(self) -> None:
        """End the process, whatever it has done."""
        if self._begun is not None:
            self._begun.kill()
            self._begun.wait()
        self._reader.join()

    def _read(self) -> None:
        """Hear what the process says."""
        begun = self._begun
        if begun is None or begun.stdin is None or begun.stdout is None:
            return
        with begun.stdout, suppress(OSError, ValueError):  # it ended before it had said all
            with begun.stdin:
                pickle.dump(self._asked, begun.stdin)
            for line in begun.stdout:
                said = json.loads(line)
                if isinstance(said, int):
                    self.done = said
                else:
                    self._said = said
