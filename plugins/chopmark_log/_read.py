"""What a log says, in the form that the SDK has for every log that can be read again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chopmark import LogError

from ._folder import LogFolder
from ._leaf import CALL, MARK, VERDICT, VERSION

_USUAL = {name: value for name, value in CALL.items() if name not in ("tokens", "payload")}
_OTHER = ("v", "w", "t", "commit", "payload", "characters", "tokens")
"""What a leaf of a call has that is no field of a record, or is one by another name."""


def read(folder: LogFolder, since: int = 0, until: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the calls and events from `since` to before `until`, milliseconds since 1970.

    What still waits in a spool is not in the log yet. Whether a leaf is written as it must be is
    for `chopmark log verify` to say: to check that here would take three times as long.

    Raises:
        LogError: the log is damaged; what came before was yielded.
    """
    if not folder.is_log:
        return
    store = folder.open()
    try:
        for entry in store.entries(0, store.size):
            try:
                leaf = json.loads(str(entry.leaf, "utf-8"))
                if leaf["v"] != VERSION:
                    raise LogError(f"entry {entry.index} is of another version; read it with the "
                                   "chopmark that wrote it")  # fmt: skip
                form = _FORMS.get(leaf["k"])
                if form is None or leaf["t"] < since or (until is not None and leaf["t"] >= until):
                    continue
                found = form(leaf)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise LogError(f"entry {entry.index} is no leaf: {error!r}") from error
            yield found
    finally:
        store.close()


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


def _event(leaf: Mapping[str, Any]) -> dict[str, Any]:
    names = ("k", "id", "kind", "about", "actor", "data")
    return {"time": leaf["t"], **{name: leaf[name] for name in names}}


_FORMS = {"call": _call, "event": _event}
