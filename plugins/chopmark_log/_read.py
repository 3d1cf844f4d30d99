"""What a log says, in the form that the SDK has for every log that can be read again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any
from uuid import UUID

from chopmark import LogError
from chopmark.hookspecs import Entry
from chopmark.parsing import parse
from chopmark.reading import Outline, outline

from ._folder import LogFolder
from ._leaf import CALL, MARK, VERDICT, VERSION
from ._store import Store
from ._tree import WIDTH

_USUAL = {name: value for name, value in CALL.items() if name not in ("tokens", "payload")}
_NO_LEAF = (LogError, ValueError, KeyError, TypeError, RecursionError)
_OTHER = ("v", "w", "t", "commit", "payload", "characters", "tokens")
"""What a leaf of a call has that is no field of a record, or is one by another name."""
_STRANGE = "another version wrote it; read it with the chopmark that did"
_NO_TOKENS = {"in": 0, "out": 0}
_ACTION, _ENDING, _JUDGED = CALL["action"], CALL["ending"], CALL["judged"]
_STREAM, _AUDIENCE = CALL["stream"], CALL["audience"]
_PLACED, _REASON = MARK["placed"], MARK["reason"]
_DIRECTION, _NO_VERSION = VERDICT["direction"], VERDICT["version"]


def read(folder: LogFolder, since: int = 0, until: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the calls and events from `since` to before `until`, milliseconds since 1970.

    What still waits in a spool is not in the log yet. Whether a leaf is written as it must be is
    for `chopmark log verify` to say: to check that here would take three times as long.

    Raises:
        LogError: the log is damaged; what came before was yielded.
    """
    return _said(folder, since, until, _FORMS)


def outlines(
    folder: LogFolder,
    since: int = 0,
    until: int | None = None,
    start: int = 0,
    end: int | None = None,
) -> Iterator[Outline | dict[str, Any]]:
    """Yield the same, of each call its outline alone: nothing else is made of its leaf.

    They are those of the entries from index `start` to before `end`, by default of all.

    Raises:
        LogError: the log is damaged; what came before was yielded.
    """
    return _said(folder, since, until, _OUTLINES, _outliner(), start, end)


def _said(
    folder: LogFolder,
    since: int,
    until: int | None,
    forms: Mapping[str, Callable[[Any], Any]],
    brief: Callable[[bytes], Outline | None] | None = None,
    start: int = 0,
    end: int | None = None,
) -> Iterator[Any]:
    """Yield what `forms` make of leaves, or what `brief` does of one, where it makes anything."""
    if not folder.is_log:
        return
    with closing(folder.open()) as store:
        for run in store.runs(start, store.size if end is None else end):
            for index, leaf in enumerate(run.leaves, run.first):
                usual = brief(leaf) if brief is not None else None
                if usual is not None:
                    if usual[0] >= since and (until is None or usual[0] < until):
                        yield usual
                    continue
                try:
                    data = parse(leaf)  # as `_leaf` does, without a call for each
                    if data["v"] != VERSION:
                        raise LogError(_STRANGE)
                    form, time = forms.get(data["k"]), data["t"]
                    if form is None or time < since or (until is not None and time >= until):
                        continue
                    found = form(data)
                except _NO_LEAF as error:
                    raise _wrong(index, error) from error
                yield found


def _outliner() -> Callable[[bytes], Outline | None] | None:
    """Return what makes the outlines of usual calls; without msgspec there is none."""
    try:
        from ._read_outlines import (
            leaf_outliner,  # for who counts alone: a log is written without it
        )
    except ImportError:
        return None
    return leaf_outliner()


def end(folder: LogFolder) -> int:
    """Return how many entries the log has."""
    if not folder.is_log:
        return 0
    with closing(folder.open()) as store:
        return store.size


def forward(folder: LogFolder, place: int) -> Iterator[Entry]:
    """Yield the entries from index `place` on; what is no call and no event, too."""
    if not folder.is_log:
        return
    with closing(folder.open()) as store:
        size = store.size
        for number in range(max(place, 0) // WIDTH, -(-size // WIDTH)):
            yield from _of_bundle(store, max(place, number * WIDTH), size)


def backward(folder: LogFolder, place: int | None) -> Iterator[Entry]:
    """Yield the entries before index `place`, by default all, the last first."""
    if not folder.is_log:
        return
    with closing(folder.open()) as store:
        size = store.size if place is None else min(max(place, 0), store.size)
        for number in reversed(range(-(-size // WIDTH))):
            yield from reversed(_of_bundle(store, number * WIDTH, size))


def get(folder: LogFolder, id: str) -> Entry | None:
    """Return the first entry of that id.

    Raises:
        LogError: the log is damaged there.
    """
    try:
        name = UUID(id).bytes
    except ValueError:
        return None
    if not folder.is_log:
        return None
    with closing(folder.open()) as store:
        found = store.find(name)
        return None if found is None else _entry(found.index, found.leaf)


def _of_bundle(store: Store, start: int, end: int) -> list[Entry]:
    """Return the entries from `start` to `end` that are in one bundle with the first."""
    end = min(end, (start // WIDTH + 1) * WIDTH)
    try:
        return [_entry(*entry) for entry in store.entries(start, end)]
    except LogError as error:
        return [_fault(start, error)]


def _entry(index: int, leaf: bytes) -> Entry:
    try:
        data = _leaf(leaf)
        return Entry(index, _FORMS.get(data["k"], _other)(data))
    except _NO_LEAF as error:
        return _fault(index, _wrong(index, error))


def _fault(index: int, error: LogError) -> Entry:
    return Entry(index, {"k": "fault", "why": str(error)})


def _leaf(leaf: bytes) -> dict[str, Any]:
    data: dict[str, Any] = parse(leaf)
    if data["v"] != VERSION:
        raise LogError(_STRANGE)
    return data


def _wrong(index: int, error: Exception) -> LogError:
    why = error if isinstance(error, LogError) else repr(error)
    return LogError(f"entry {index} is no leaf: {why}")


def _call(leaf: dict[str, Any]) -> dict[str, Any]:
    whole = _USUAL | leaf
    whole["time"] = leaf["t"]
    tokens = leaf.get("tokens")
    whole["usage"] = None if tokens is None else {"input": tokens["in"], "output": tokens["out"]}
    if "verdicts" in leaf:
        whole["verdicts"] = [VERDICT | one for one in leaf["verdicts"]]
    if "marks" in leaf:
        whole["marks"] = [
            {**MARK, **one, "data": dict(one.get("data", ()))} for one in leaf["marks"]
        ]
    for name in _OTHER:
        whole.pop(name, None)
    return whole


def _outline(leaf: dict[str, Any]) -> Outline:
    if "failures" in leaf:  # few have any
        return outline(_call(leaf))
    get = leaf.get
    tokens = get("tokens") or _NO_TOKENS
    terms = (
        get("action", _ACTION),
        get("ending", _ENDING),
        get("judged", _JUDGED),
        get("stream", _STREAM),
        leaf["adapter"],
        leaf["model"],
        get("audience", _AUDIENCE),
        leaf["policy"],
        leaf["sdk"],
    )
    return (
        leaf["t"],
        leaf["duration"],
        tokens["in"],
        tokens["out"],
        terms,
        tuple(map(_sign, leaf["marks"])) if "marks" in leaf else (),
        tuple(map(_finding, leaf["verdicts"])) if "verdicts" in leaf else (),
        (),
    )


def _sign(mark: Mapping[str, Any]) -> tuple[Any, ...]:
    return mark["marker"], mark["kind"], mark.get("placed", _PLACED), mark.get("reason", _REASON)


def _finding(verdict: Mapping[str, Any]) -> tuple[Any, ...]:
    get = verdict.get
    direction, version = get("direction", _DIRECTION), get("version", _NO_VERSION)
    return verdict["category"], verdict["outcome"], direction, verdict["detector"], version


def _event(leaf: Mapping[str, Any]) -> dict[str, Any]:
    names = ("k", "id", "kind", "about", "actor", "data")
    return {"time": leaf["t"], **{name: leaf[name] for name in names}}


def _other(leaf: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in leaf.items() if name not in ("v", "w", "t")}
    return {"id": "", "time": leaf["t"], **found}


_FORMS = {"call": _call, "event": _event}
_OUTLINES: Mapping[str, Callable[[Any], Outline | dict[str, Any]]]
_OUTLINES = {"call": _outline, "event": _event}
