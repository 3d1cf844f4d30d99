"""Events that are alike but for a text: read without parsing them, written without dumping them.

Nearly all events of a stream repeat each other byte by byte, but for the text that they go on
with, and for a number or a filler. What an event of such a form means is known from the one that
it was taken from; only the values in between are decoded, as the JSON that they are.
"""

from __future__ import annotations

import json
import re
from collections import deque
from contextlib import suppress
from typing import Any

from chopmark import Chunk

from ._sse import event_data
from ._tree import Path, at, dump, parse, put

_VARYING: tuple[tuple[Path, type], ...] = ((("sequence_number",), int), (("obfuscation",), str))
"""What else differs from event to event, and its type."""
_KEPT = 4  # forms, of the choices of an answer for example
_COST = 8  # events that must fit a form for it to have been worth making
_MOST_DEBT = 8 * _COST
Cut = tuple[str, type, Path]
"""What stands before a value, of which type the value is, and where it stands in the data."""
_decode = json.JSONDecoder().raw_decode


class Form:
    """What an event says, where its values stand that differ, and what stands between them.

    `path` leads to its text, which is of the channel of `chunk`.
    """

    __slots__ = ("_cuts", "_paths", "_rest", "_said", "chunk", "data", "path")

    def __init__(
        self, data: dict[str, Any], path: Path, chunk: Chunk, cuts: list[Cut], rest: str
    ) -> None:
        self.data, self.path, self.chunk = data, path, chunk
        self._cuts, self._rest = cuts, rest
        self._paths = [cut[2] for cut in cuts]
        self._said = self._paths.index(path)

    @classmethod
    def of(cls, event: str, data: dict[str, Any], path: Path, chunk: Chunk) -> Form | None:
        """Return the form of `event`, which says `data` and in it the text of `chunk` at `path`.

        None where it is not certain that what stands in the places of the values is all that
        gives them: a key may stand there twice. So others are put there, to see what they change.
        """
        wanted: list[tuple[Path, type]] = [(path, str)]
        wanted += [(where, kind) for where, kind in _VARYING if type(at(data, where)) is kind]
        found = sorted((*_place(event, p, at(data, p)), p, kind) for p, kind in wanted)
        cuts: list[Cut] = []
        probe, expected, end = "", data, 0
        for start, stop, where, kind in found:
            if start < end:
                return None
            other = at(data, where) + ("!" if kind is str else 1)
            cuts.append((event[end:start], kind, where))
            probe += event[end:start] + json.dumps(other)
            expected = put(expected, where, other)
            end = stop
        probed = event_data((probe + event[end:]).encode("utf-8", "surrogateescape"))
        if probed is None or parse(probed) != expected:
            return None
        return cls(data, path, chunk, cuts, event[end:])

    def fit(self, event: str) -> Fit | None:
        """Return what `event` says where it is of this form."""
        values: list[Any] = []
        start = end = first = last = 0
        try:
            for n, (literal, kind, _) in enumerate(self._cuts):
                if not event.startswith(literal, end):
                    return None
                start = end + len(literal)
                value, end = _decode(event, start)
                if type(value) is not kind:
                    return None
                values.append(value)
                if n == self._said:
                    first, last = start, end
        except (ValueError, RecursionError):
            return None
        if event[end:] != self._rest:
            return None
        return Fit(self, event, values, values[self._said], (first, last))

    def data_with(self, values: list[Any]) -> dict[str, Any]:
        """Return what an event with these values says."""
        data = self.data
        for path, value in zip(self._paths, values, strict=True):
            data = put(data, path, value)
        return data

    def value(self, values: list[Any], path: Path) -> Any:
        """Return which of `values` stands at `path`."""
        return values[self._paths.index(path)] if path in self._paths else at(self.data, path)


class Fit:
    """An event of a form; `text` is what it goes on with."""

    __slots__ = ("_event", "_place", "_values", "form", "text")

    def __init__(
        self, form: Form, event: str, values: list[Any], text: str, place: tuple[int, int]
    ) -> None:
        self.form, self.text = form, text
        self._event, self._values, self._place = event, values, place

    def data(self) -> dict[str, Any]:
        """Return what the event says."""
        return self.form.data_with(self._values)

    def value(self, path: Path) -> Any:
        """Return what the event says at `path`."""
        return self.form.value(self._values, path)

    def saying(self, text: str) -> bytes:
        """Return the event with another text; not another byte differs."""
        start, end = self._place
        head = self._event[:start].encode("utf-8", "surrogateescape")
        return head + dump(text) + self._event[end:].encode("utf-8", "surrogateescape")


class Forms:
    """The forms of one stream. Where events do not repeat each other, none are made any more."""

    def __init__(self) -> None:
        self._forms: deque[Form] = deque(maxlen=_KEPT)
        self._debt = 0

    def fit(self, event: str) -> Fit | None:
        """Return what `event` says where it is of a form that is known."""
        for form in self._forms:
            fit = form.fit(event)
            if fit is not None:
                if self._debt:
                    self._debt -= 1
                return fit
        return None

    def learn(self, event: str, data: dict[str, Any], path: Path, chunk: Chunk) -> None:
        """Know from now on the form of `event`, which says the text of `chunk` at `path`."""
        if self._debt <= _MOST_DEBT - _COST:
            self._debt += _COST
            with suppress(RecursionError, ValueError):  # a number that is as long as may be
                form = Form.of(event, data, path, chunk)
                if form is not None:
                    self._forms.appendleft(form)


def _place(event: str, path: Path, value: Any) -> tuple[int, int]:
    """Return where `event` says `value` at `path`, or an empty place where that is not found."""
    for match in re.finditer(rf'"{re.escape(str(path[-1]))}"\s*:\s*', event):
        try:
            found, end = _decode(event, match.end())
        except (ValueError, RecursionError):
            continue
        if type(found) is type(value) and found == value:
            return match.end(), end
    return 0, 0
