"""Small real implementations of the roles, for tests that need one they can read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from .._kept import Event, Record
from .._values import Context, Mark, Outcome, Receipt, Request, Verdict
from ..hookspecs import Detector, Log, Marker, Marking, Needs, Span, Wrapper, hookimpl
from ..policy import Policy


class WordDetector:
    """Finds fixed words; each has an outcome. `needs` may be set to any kind, to try them.

    Args:
        words: a word and what finding it asks for.
        needs: by default a window as long as the longest word.
        replacement: what a `modify` puts in the word's place.
    """

    def __init__(
        self,
        words: Mapping[str, Outcome],
        *,
        name: str = "word",
        needs: Needs | None = None,
        blocking: bool = False,
        replacement: str = "***",
    ) -> None:
        self.name = name
        self.version = "1"
        self.blocking = blocking
        self.needs = needs or Needs.window(max(map(len, words), default=1))
        self._words = dict(words)
        self._replacement = replacement

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return a verdict for every occurrence, overlapping ones too."""
        found = []
        for word, outcome in self._words.items():
            at = text.find(word)
            while at >= 0:
                found.append(
                    Verdict(
                        category=f"{self.name}.{outcome}",
                        start=at,
                        end=at + len(word),
                        outcome=outcome,
                        replacement=self._replacement if outcome == "modify" else None,
                    )
                )
                at = text.find(word, at + 1)
        return found


class BrokenDetector:
    """Raises on every text that holds `trigger`."""

    def __init__(self, trigger: str = "", *, needs: Needs | None = None) -> None:
        self.name = "broken"
        self.version = "1"
        self.blocking = False
        self.needs = needs or Needs.window(1)
        self._trigger = trigger

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Raise `RuntimeError` where the trigger is in `text`."""
        if self._trigger in text:
            raise RuntimeError("this detector is broken on purpose")
        return ()


class SuffixMarker:
    """Writes `prefix` before an answer and `suffix` behind it; `strips` says that both are taken
    off what goes back to a model.
    """

    def __init__(
        self,
        prefix: str = "",
        suffix: str = "",
        *,
        fail: bool = False,
        kind: str = "visible",
        strips: bool = False,
    ) -> None:
        self.name = "suffix"
        self.version = "1"
        self.kind = kind
        self._prefix, self._suffix, self._fail = prefix, suffix, fail
        if strips:
            self.own = self._own

    def open(self, request: Request) -> Marking:
        """Return the marking of one answer."""
        return _SuffixMarking(self.name, self._prefix, self._suffix, self._fail)

    def detect(self, text: str) -> Sequence[Mark]:
        """Return the marks that `text` carries."""
        found = []
        if self._prefix and text.startswith(self._prefix):
            found.append(Mark(marker=self.name, kind=self.kind, where="start"))
        if self._suffix and text.endswith(self._suffix):
            found.append(Mark(marker=self.name, kind=self.kind, where="end"))
        return found

    def _own(self, text: str) -> Sequence[Span]:
        spans, end = [], len(text)
        if self._prefix and text.startswith(self._prefix):
            spans.append((0, len(self._prefix)))
        if self._suffix and text.endswith(self._suffix):
            start = end - len(self._suffix)
            if not spans or start >= spans[0][1]:
                spans.append((start, end))
        return spans


class _SuffixMarking:
    def __init__(self, name: str, prefix: str, suffix: str, fail: bool) -> None:
        self._name, self._prefix, self._suffix, self._fail = name, prefix, suffix, fail
        self._started = self._finished = False

    def feed(self, text: str) -> str:
        if self._fail:
            raise RuntimeError("this marker is broken on purpose")
        if self._started or not text:
            return text
        self._started = True
        return self._prefix + text

    def finish(self) -> tuple[str, Sequence[Mark]]:
        if self._finished:
            raise RuntimeError("finish was called twice")
        self._finished = True
        if not self._started:
            return "", ()
        marks = []
        if self._prefix:
            marks.append(Mark(marker=self._name, kind="visible", where="start"))
        if self._suffix:
            marks.append(Mark(marker=self._name, kind="visible", where="end"))
        return self._suffix, marks


class BesideMarker:
    """Puts `{"call": <id of the call>}` beside an answer, under `key`."""

    kind = "metadata"
    beside = True

    def __init__(self, key: str = "label", *, fail: bool = False) -> None:
        self.name = self._key = key
        self.version = "1"
        self._fail = fail

    def open(self, request: Request) -> Marking:
        """Return the marking of one answer."""
        if self._fail:
            raise RuntimeError("this marker is broken on purpose")
        return _BesideMarking(self._key, request.id)

    def detect(self, text: str) -> Sequence[Mark]:
        """Return nothing: the marks are not in the text."""
        return ()


class _BesideMarking:
    done = True

    def __init__(self, key: str, call: str) -> None:
        self._key, self._call = key, call

    def feed(self, text: str) -> str:
        return text

    def finish(self) -> tuple[str, Sequence[Mark]]:
        data = {"call": self._call}
        return "", [Mark(marker=self._key, kind="metadata", where=self._key, data=data)]


class MemoryLog:
    """Keeps records in a list, `records`, and events in another one."""

    def __init__(self, *, blocking: bool = False) -> None:
        self.name = "memory"
        self.blocking = blocking
        self.records: list[Record] = []
        self.events: list[Event] = []
        self._lock = threading.Lock()

    def append(self, record: Record) -> Receipt:
        """Keep `record`."""
        with self._lock:
            self.records.append(record)
            return Receipt(log=self.name, record=record.id, position=len(self.records) - 1)

    def append_event(self, event: Event) -> Receipt:
        """Keep `event`."""
        with self._lock:
            self.events.append(event)
            return Receipt(log=self.name, record=event.id, position=len(self.events) - 1)

    def close(self) -> None:
        """Keep everything."""


class BrokenLog(MemoryLog):
    """A log that cannot take a record until `mended` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.mended = False

    def append(self, record: Record) -> Receipt:
        """Raise `OSError` until the log is mended."""
        if not self.mended:
            raise OSError("no space left on device")
        return super().append(record)


class _Plugin:
    def __init__(
        self,
        detectors: Iterable[Detector],
        markers: Iterable[Marker],
        wrappers: Iterable[Wrapper],
        log: Log | None,
        recorded: Callable[[Record, Receipt], None] | None,
    ) -> None:
        self._detectors, self._markers = list(detectors), list(markers)
        self._wrappers, self._log, self._recorded = list(wrappers), log, recorded

    @hookimpl
    def chopmark_detectors(self, policy: Policy) -> Iterable[Detector]:
        return self._detectors

    @hookimpl
    def chopmark_markers(self, policy: Policy) -> Iterable[Marker]:
        return self._markers

    @hookimpl
    def chopmark_wrappers(self, policy: Policy) -> Iterable[Wrapper]:
        return self._wrappers

    @hookimpl
    def chopmark_log(self, policy: Policy) -> Log | None:
        return self._log

    @hookimpl
    def chopmark_recorded(self, record: Record, receipt: Receipt) -> None:
        if self._recorded is not None:
            self._recorded(record, receipt)


def plugin(
    *,
    detectors: Iterable[Detector] = (),
    markers: Iterable[Marker] = (),
    wrappers: Iterable[Wrapper] = (),
    log: Log | None = None,
    recorded: Callable[[Record, Receipt], None] | None = None,
) -> object:
    """Return a plugin that brings what is given, for `Chopmark(plugins=[...])`."""
    return _Plugin(detectors, markers, wrappers, log, recorded)
