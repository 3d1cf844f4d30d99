"""Finds the call that a complaint is about: by an id that the complainant has, or by the text.

An id stands in the receipt, in the answer's metadata, and as `ProduceID` in the AIGC label beside
it or in a file. Whatever of these is given, as it is or as `chopmark inspect --json` prints it, the
ids in it are looked up; the log says which is one of its calls.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from chopmark import LogError
from chopmark.hookspecs import Log
from chopmark.reading import paged, readable

from ._errors import ComplaintError

By = Literal["record", "label", "text", "nothing"]

ID = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r"(?![0-9a-f])",
    re.IGNORECASE,
)
"""A record's id: a UUID of version 7, whose first 48 bits are its time."""
_IN_LABEL = re.compile(r"ProduceID\W{1,16}$")
_SALT = re.compile(r"\"salt\"\s*:\s*\"([0-9a-f]{32})\"")
_MOST = 100
_DAY = 86_400_000


class _Match(Protocol):
    record: str
    worth: str


class _Finding(Protocol):
    matches: Sequence[_Match]


class TextLog(Log, Protocol):
    """A log in which answers can be found by their text, or by a part of it."""

    def find(self, text: str) -> _Finding:
        """Return the answers that have parts of `text`, the best first, each with its `worth`.

        `enough` calls it an answer of this log. Raises `LogError` where it cannot look.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The id of the call that was found, "" where none was, and by what.

    `same` says whether the text that came with a receipt's salt is the answer that was recorded;
    None where that could not be compared. `note` says why nothing could be looked for.
    """

    record: str = ""
    by: By = "nothing"
    same: bool | None = None
    note: str = ""


def locate(log: Log, about: str, answer: str) -> Found:
    """Return the call that `about` has an id of, else the one that gave the text `answer`.

    Raises:
        ComplaintError: `about` has no id, or none of a call of this log.
        LogError: the log cannot be read.
    """
    if about.strip():
        return _by_id(log, about, answer)
    return _by_text(log, answer) if answer.strip() else Found()


def _by_id(log: Log, about: str, answer: str) -> Found:
    ids = {one.group().lower(): one.start() for one in reversed(list(ID.finditer(about))[:_MOST])}
    if not ids:
        raise ComplaintError(
            f"{_cut(about)!r} has no id of a call: give the record's id, the receipt, the answer's "
            "metadata or its AIGC label, or leave it out and give the answer's text"
        )
    calls = _calls(log, ids)
    for id, start in sorted(ids.items(), key=lambda item: item[1]):
        if id in calls:
            by: By = "label" if _IN_LABEL.search(about[max(0, start - 40) : start]) else "record"
            return Found(record=id, by=by, same=_same(calls[id], about, answer))
    raise ComplaintError(
        f"log {log.name!r} has no call {', '.join(ids)}; look whether the id is whole and of this "
        "service, or leave it out and give the answer's text"
    )


def _calls(log: Log, ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """Return the calls of those `ids`. A log that can only be read through is, around their times:
    where there are several in a complaint, that may be all of it.
    """
    if hasattr(log, "get"):
        looked = [paged(log).get(id) for id in ids]
        entries: Iterable[Mapping[str, Any]] = [one.said for one in looked if one is not None]
    else:
        times = [int(id[:8] + id[9:13], 16) for id in ids]
        entries = readable(log).read(min(times) - _DAY, max(times) + _DAY)
    return {e["id"]: e for e in entries if e["id"] in ids and e["k"] == "call"}


def _same(call: Mapping[str, Any], about: str, answer: str) -> bool | None:
    salt, committed = _SALT.search(about), call.get("answer")
    if salt is None or not answer or not isinstance(committed, Mapping):
        return None
    text = answer.encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(bytes.fromhex(salt[1]) + text).hexdigest()
    return digest == committed.get("digest")


def _by_text(log: Log, answer: str) -> Found:
    if not hasattr(log, "find"):
        note = f'log {log.name!r} keeps no texts to look in; a log that does is "log"'
        return Found(note=note)
    try:
        matches = cast(TextLog, log).find(answer).matches
    except LogError as error:
        return Found(note=str(error))
    for match in matches:
        if match.worth == "enough":
            return Found(record=match.record, by="text")
    return Found(note="no answer of the log has enough of the text; that proves nothing")


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
