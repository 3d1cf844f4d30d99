"""Takes our own marks off texts on their way to a model, and knows where everything stood.

A mark is for people and verifiers. A model would pay for it in tokens, learn to write it, and a
detector would be blinded by it; so marks come off before anything judges the text.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import is_not
from typing import Any

from ._errors import MarkError
from ._json_text import unescape
from ._values import Message, Request, Verdict
from .hookspecs import Marker, Span

Own = tuple[Callable[[str], Sequence[Span]], Marker]
"""What finds the marks of a marker in a text."""

GENERATED = ("assistant", "tool", "function")
"""Roles of what may have been generated and marked by us. A label that readers see is taken off
these alone: in what a user or the application writes, it is their words about a text, such as the
question whether it is generated. What nobody sees says nothing there, and is taken off any."""

_STRING = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?', re.DOTALL)
"""A string in JSON text, and what follows it where it is a key."""
_ROUNDS = 8
"""How often a text is looked through, since one mark may have hidden another. Ours take two."""


def finders(markers: Sequence[Marker]) -> tuple[Own, ...]:
    """Return what finds the marks of `markers`, the outermost first: that of the last to write."""
    found = [(getattr(marker, "own", None), marker) for marker in reversed(markers)]
    return tuple((own, marker) for own, marker in found if own is not None)


class OwnError(MarkError):
    """A marker broke while it looked for its own marks."""

    def __init__(self, marker: Marker, error: Exception) -> None:
        self.marker, self.error = marker, error
        super().__init__(
            f"marker {marker.name!r} broke while it looked for its own marks ({error!r}); mend "
            "it, or take its plugin out of the policy"
        )


class Stripped:
    """A text without our marks."""

    __slots__ = ("_cuts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._cuts: list[tuple[list[int], list[int]]] = []  # by round: where, and the shift behind

    def cut(self, spans: Sequence[Span]) -> None:
        """Take `spans` out of the text.

        Raises:
            ValueError: they are not in order and apart, or not in the text.
        """
        text, parts, last, gone = self.text, [], 0, 0
        places, shifts = [0], [0]
        for start, end in spans:
            if not last <= start < end <= len(text):
                raise ValueError(f"the span {(start, end)} is not behind {last} in the text")
            parts.append(text[last:start])
            places.append(start - gone)
            gone += end - start
            shifts.append(gone)
            last = end
        parts.append(text[last:])
        self.text = "".join(parts)
        self._cuts.append((places, shifts))

    def given(self, verdict: Verdict) -> Verdict:
        """Return `verdict` on the stripped text with offsets into the text as it was given."""
        start = self._at(verdict.start)
        end = self._at(verdict.end - 1) + 1 if verdict.end > verdict.start else start
        return replace(verdict, start=start, end=end)

    def kept(self, places: Sequence[int], form: str) -> str:
        """Return what is left of `form`, in which character n of the text begins at `places[n]`."""
        left = map(self._at, range(len(self.text)))
        return "".join(form[places[n] : places[n + 1]] for n in left)

    def _at(self, offset: int) -> int:
        for places, shifts in reversed(self._cuts):
            offset += shifts[bisect_right(places, offset) - 1]
        return offset


def strip(own: Sequence[Own], text: str, role: str) -> Stripped | None:
    """Return `text` of a message of `role` without our marks, None where it has none.

    Raises:
        OwnError: a marker broke.
    """
    out: Stripped | None = None
    generated = role in GENERATED
    for _ in range(_ROUNDS):
        found = False
        for find, marker in own:
            if marker.kind == "visible" and not generated:
                continue
            try:
                if spans := find(text):
                    out = out or Stripped(text)
                    out.cut(spans)
                    text, found = out.text, True
            except Exception as error:
                raise OwnError(marker, error) from error
        if not found:
            break
    return out


def strip_request(own: Sequence[Own], request: Request) -> tuple[Request, dict[int, Stripped]]:
    """Return `request` without our marks, and its changed texts by the index of the message.

    Raises:
        OwnError: a marker broke.
    """
    changed: dict[int, Stripped] = {}
    for n, message in enumerate(request.messages):
        if message.text and (out := strip(own, message.text, message.role)) is not None:
            changed[n] = out
    if not changed:
        return request, changed
    messages: list[Message] = list(request.messages)
    for n, out in changed.items():
        messages[n] = replace(messages[n], text=out.text)
    return replace(request, messages=tuple(messages)), changed


def strip_arguments(own: Sequence[Own], value: Any, *, lenient: bool = False) -> Any:
    """Return the arguments of a tool call without our marks, `value` itself where it has none.

    Args:
        own: what finds them.
        value: parsed JSON, or a text: that of JSON, in which the characters of marks are cut out of
            its strings and all others stay as they are written, or any other.
        lenient: whether marks stay where a marker breaks.

    Raises:
        OwnError: a marker broke.
    """
    try:
        return _stripped(own, value) if own else value
    except OwnError:
        if lenient:
            return value
        raise


def _stripped(own: Sequence[Own], value: Any) -> Any:
    if isinstance(value, str):
        if value.lstrip()[:1] in ("{", "[") and _is_json(value):
            return _strip_json(own, value)
        stripped = strip(own, value, "assistant")
        return value if stripped is None else stripped.text
    if isinstance(value, Mapping):
        pairs = {key: _stripped(own, inner) for key, inner in value.items()}
        return pairs if any(pairs[key] is not inner for key, inner in value.items()) else value
    if isinstance(value, list | tuple):
        items = [_stripped(own, inner) for inner in value]
        return items if any(map(is_not, items, value)) else value
    return value


def _strip_json(own: Sequence[Own], text: str) -> str:
    parts: list[str] = []
    last = 0
    for match in _STRING.finditer(text):
        if match[2]:
            continue
        said, places = unescape(match[1])
        if (stripped := strip(own, said, "assistant")) is not None:
            parts += (text[last : match.start(1)], stripped.kept(places, match[1]))
            last = match.end(1)
    return "".join((*parts, text[last:])) if parts else text


def _is_json(text: str) -> bool:
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True
