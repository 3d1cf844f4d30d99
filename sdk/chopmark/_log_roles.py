"""The roles of what keeps records: a log, and what more it can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

from ._kept import Content, Event, Record
from ._values import Receipt


@runtime_checkable
class Log(Protocol):
    """Takes records, and never changes one. Shared by threads.

    It may have `warm_up()`, which raises where the first record could not be taken, and makes
    nothing: `chopmark policy check` calls it, and so does the first call, before its model is
    asked, where `on_error.log` is `block`.

    It may have `too_short(days)`, which returns, as a sentence with the cure, which option has what
    is recorded end before so many days are over, or "" where none does.

    One that puts records in their place later may have `behind()`, which returns for how many
    seconds the oldest one waits for that, 0.0 where none waits. Telemetry asks for it now and then.
    """

    name: str
    blocking: bool

    def append(self, record: Record) -> Receipt:
        """Store `record` before returning; raise where that cannot be promised."""
        ...

    def close(self) -> None:
        """Release what is held; a later `append` may open it again."""
        ...


class ContentLog(Log, Protocol):
    """A log that keeps the contents of calls beside their records.

    `takes_content` True asks for them; it is read at every call. Content is personal data: such a
    log must be able to forget it, and what it commits to must not be opened by anything that it
    gave away.
    """

    takes_content: bool

    def append_with(self, record: Record, content: Content) -> Receipt:
        """Store both before returning; raise where that cannot be promised.

        It takes the place of `append`, which still takes a record alone.
        """
        ...


class EventLog(Log, Protocol):
    """A log that takes what happened beside the calls, too."""

    def append_event(self, event: Event) -> Receipt:
        """Store `event` before returning; raise where that cannot be promised."""
        ...


class ReadableLog(Log, Protocol):
    """A log that can be read again, for reports; also while others append to it.

    It may have `faults(told)`, which looks through all of it and returns, as sentences, where it
    does not hold; `told`, which may be left out, is called with how many entries are done.

    It may have `outlines(since, until)`, which yields what `read` does, but of each call what
    `chopmark.reading.outline` makes of it, where that is faster than to make the whole call.

    It may have `missing()`, which returns where the log was looked for, as people are told it,
    where there is none, and else None: an empty log is not one that was never made.
    """

    def read(self, since: int = 0, until: int | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield what was recorded from `since` to before `until`, milliseconds since 1970.

        In the order of the log. Each is plain data with `k`: "call", and the fields of `Record` by
        their names, scores in whole thousandths, or "event" and those of `Event`. What else a log
        holds is left out. Raises `LogError` for what cannot be read, after all that came before.
        """
        ...


class Entry(NamedTuple):
    """An entry of a log: at which place it is, and what it says, as `ReadableLog.read` has it."""

    place: int
    said: Mapping[str, Any]


class PagedLog(ReadableLog, Protocol):
    """A log that is read from any place on, at a cost that does not grow with all that it holds.

    Places are whole numbers from 0 on, which ascend in the order of the log and need not be
    without gaps. Here a log leaves nothing out: an entry that is no call and no event has a `k` of
    its own, `id` and `time`, and one that cannot be read has `k` "fault" and says `why`, so that
    it hides no other.
    """

    def end(self) -> int:
        """Return a place behind the last entry, 0 where there is none."""
        ...

    def forward(self, place: int = 0) -> Iterator[Entry]:
        """Yield entries from the first one at `place`, or behind it, on."""
        ...

    def backward(self, place: int | None = None) -> Iterator[Entry]:
        """Yield entries from the last one before `place` back; by default from the last of all."""
        ...

    def get(self, id: str) -> Entry | None:
        """Return the first entry of that id, None where the log has none."""
        ...
