"""Takes our own marks off texts on their way to a model, and knows where everything stood.

A mark is for people and verifiers. A model would pay for it in tokens, learn to write it, and a
detector would be blinded by it; so marks come off before anything judges the text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace

from ._errors import MarkError
from ._values import Message, Request, Verdict
from .hookspecs import Marker, Span

Own = tuple[Callable[[str], Sequence[Span]], Marker]
"""What finds the marks of a marker in a text."""

GENERATED = ("assistant", "tool", "function")
"""Roles of what may have been generated and marked by us. A label that readers see is taken off
these alone: in what a user or the application writes, it is their words about a text, such as the
question whether it is generated. What nobody sees says nothing there, and is taken off any."""

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
