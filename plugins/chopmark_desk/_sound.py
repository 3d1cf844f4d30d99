"""The log as pages read it: an entry that has not the form of one is told as what cannot be read.

Whoever has the disk can write anything into a log. A verification finds it; until then no page
breaks on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chopmark.hookspecs import Entry, PagedLog

_Form = Mapping[str, tuple[type, ...]]
_TEXT, _NUMBER, _EITHER = (str,), (int,), (bool,)
_CALL: _Form = {
    "id": _TEXT, "time": _NUMBER, "duration": _NUMBER, "action": _TEXT, "ending": _TEXT,
    "model": _TEXT, "adapter": _TEXT, "audience": _TEXT, "policy": _TEXT, "sdk": _TEXT,
    "judged": _EITHER, "stream": _EITHER, "usage": (dict, type(None)),
    "verdicts": (list,), "marks": (list,), "failures": (list,),
}  # fmt: skip
_VERDICT: _Form = {
    "category": _TEXT, "outcome": _TEXT, "direction": _TEXT, "kind": _TEXT, "detector": _TEXT,
    "version": _TEXT, "detail": _TEXT, "start": _NUMBER, "end": _NUMBER, "part": _NUMBER,
    "score": _NUMBER,
}  # fmt: skip
_MARK: _Form = {
    "marker": _TEXT, "kind": _TEXT, "where": _TEXT, "placed": _EITHER, "reason": _TEXT,
    "data": (dict,),
}  # fmt: skip
_FAILURE: _Form = {"role": _TEXT, "name": _TEXT, "error": _TEXT, "handled": _TEXT}
_USAGE: _Form = {"input": _NUMBER, "output": _NUMBER}
_EVENT: _Form = {
    "id": _TEXT, "time": _NUMBER, "kind": _TEXT, "about": (list,), "actor": _TEXT, "data": (dict,),
}  # fmt: skip
_OTHER: _Form = {"id": _TEXT, "time": _NUMBER}
_LAST = 253_402_300_799_999
"""The end of the year 9999, in milliseconds since 1970."""


class SoundLog:
    """A log whose calls and events have the form that they must; what has not is a fault."""

    def __init__(self, log: PagedLog) -> None:
        self._log = log

    def end(self) -> int:
        """Return a place behind the last entry."""
        return self._log.end()

    def forward(self, place: int = 0) -> Iterator[Entry]:
        """Yield entries as `PagedLog.forward` does."""
        return map(_sound, self._log.forward(place))

    def backward(self, place: int | None = None) -> Iterator[Entry]:
        """Yield entries as `PagedLog.backward` does."""
        return map(_sound, self._log.backward(place))

    def get(self, id: str) -> Entry | None:
        """Return an entry as `PagedLog.get` does."""
        found = self._log.get(id)
        return None if found is None else _sound(found)


def is_event(said: object) -> bool:
    """Return whether `said` is what an event says."""
    return isinstance(said, dict) and said.get("k") == "event" and _is_sound("event", said)


def _sound(entry: Entry) -> Entry:
    said = entry.said
    kind = said["k"]
    if kind == "fault" or _is_sound(kind, said):
        return entry
    why = f"the entry at place {entry.place} has not the form of one; verify the log"
    return Entry(entry.place, {"k": "fault", "why": why})


def _is_sound(kind: object, said: Mapping[str, Any]) -> bool:
    form = _CALL if kind == "call" else _EVENT if kind == "event" else _OTHER
    if type(kind) is not str or not _has(said, form) or not 0 <= said["time"] <= _LAST:
        return False
    if kind == "event":
        deadline = said["data"].get("deadline", 0)  # which counts read of complaints
        complains = said["kind"].startswith("complaint.")
        return all(type(one) is str for one in said["about"]) and (
            type(deadline) is int or not complains
        )
    if kind != "call":
        return True
    return (
        (said["usage"] is None or _has(said["usage"], _USAGE))
        and all(_has(one, _VERDICT) for one in said["verdicts"])
        and all(_has(one, _MARK) for one in said["marks"])
        and all(_has(one, _FAILURE) for one in said["failures"])
    )


def _has(said: object, form: _Form) -> bool:
    if type(said) is not dict:
        return False
    for name, kinds in form.items():  # noqa: SIM110 - a generator would take twice as long
        if type(said.get(name)) not in kinds:
            return False
    return True
