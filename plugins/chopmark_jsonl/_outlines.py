"""Reads lines to be counted: of a usual call nothing is made but what there is to count.

msgspec takes the fields that are wanted straight from the JSON and passes over the rest, in half
the time of reading all of it. What it takes must be what `_format.decode` would: a line that it
does not take, and one of which that is not sure, is left to `decode`, whose word is the last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct
from msgspec.json import Decoder
from msgspec.structs import astuple

from chopmark.reading import Outline

LONGEST = 4096
"""Bytes of a line: in a longer one msgspec passes over numbers that Python refuses to read."""
_NO_MARKS = Raw(b"[]")
_Whole = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # above, `decode` and msgspec may differ


class _Some(Struct, gc=False):
    """An object whose fields are not wanted."""


class _Usage(Struct, gc=False):
    input: _Whole
    output: _Whole


class _Verdict(Struct, gc=False):
    """Of a verdict what tells it apart, in the order of an outline."""

    category: str
    outcome: str
    direction: str
    detector: str
    version: str


class _Mark(Struct, gc=False):
    marker: str
    kind: str
    placed: bool
    reason: str


class Call(Struct, gc=False):
    """A usual call, with all that `decode` asks for; sorted, as lines are: that is read faster."""

    action: str
    adapter: str
    answer: _Some
    audience: str
    duration: _Whole
    ending: str
    failures: tuple[()]  # few have any
    holdback: _Whole
    id: str
    judged: bool
    k: Literal["call"]
    marks: Raw
    messages: _Whole
    model: str
    policy: str
    request: _Some
    sdk: str
    stream: bool
    time: _Whole
    usage: _Usage | None
    user: _Some
    v: Literal[1]
    verdicts: tuple[_Verdict, ...]


_decode = Decoder(Call).decode
_decode_marks = Decoder(tuple[_Mark, ...]).decode


def outliner() -> Callable[[bytes], Outline | None]:
    """Return what makes the outline of the call that a line holds, None where `decode` must.

    It keeps the marks of the call before: most calls have the same.
    """
    same = _NO_MARKS
    marks: tuple[tuple[Any, ...], ...] = ()

    def brief(line: bytes) -> Outline | None:
        nonlocal same, marks
        try:
            # msgspec looks at no byte of a text that is not wanted.
            if len(line) > LONGEST or not (line.isascii() or line.decode()):
                return None
            call = _decode(line)
            if call.marks != same:
                marks = tuple(map(astuple, _decode_marks(call.marks)))
                same = call.marks
        except (ValueError, RecursionError):
            return None
        usage = call.usage
        return (
            call.time,
            call.duration,
            usage.input if usage else 0,
            usage.output if usage else 0,
            (
                call.action, call.ending, call.judged, call.stream, call.adapter, call.model,
                call.audience, call.policy, call.sdk,
            ),
            marks,
            tuple(map(astuple, call.verdicts)) if call.verdicts else (),
            (),
        )  # fmt: skip

    return brief
