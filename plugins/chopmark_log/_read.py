"""What a log says, in the form that the SDK has for every log that can be read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ._folder import LogFolder
from ._leaf import decode, filled

_SAME = (
    "policy", "adapter", "model", "audience", "sdk", "stream", "messages", "judged", "holdback",
    "action", "ending", "duration", "verdicts", "failures",
)  # fmt: skip


def read(folder: LogFolder, since: int = 0, until: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the calls and events from `since` to before `until`, milliseconds since 1970.

    What still waits in a spool is not in the log yet.

    Raises:
        LogError: the log is damaged; what came before was yielded.
    """
    if not folder.is_log:
        return
    store = folder.open()
    try:
        for entry in store.entries(0, store.size):
            leaf = decode(entry.leaf)
            form = _FORMS.get(leaf["k"])
            if form is not None and since <= leaf["t"] and (until is None or leaf["t"] < until):
                yield {"k": leaf["k"], "id": leaf["id"], "time": leaf["t"], **form(leaf)}
    finally:
        store.close()


def _call(leaf: Mapping[str, Any]) -> dict[str, Any]:
    whole = filled(leaf)
    tokens = whole["tokens"]
    return {
        **{name: whole[name] for name in _SAME},
        "marks": [{**mark, "data": dict(mark["data"])} for mark in whole["marks"]],
        "usage": None if tokens is None else {"input": tokens["in"], "output": tokens["out"]},
    }


def _event(leaf: Mapping[str, Any]) -> dict[str, Any]:
    return {name: leaf[name] for name in ("kind", "about", "actor", "data")}


_FORMS = {"call": _call, "event": _event}
