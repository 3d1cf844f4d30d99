"""Makes outlines of calls straight from JSON: of a usual call nothing is made but what is counted.

msgspec, which the extra of reports brings, takes the fields that are wanted and passes over the
rest, in half the time of reading all of it. What it takes must be what a log's own reader would:
what it does not take, and what that is not sure of, is left to that reader, whose word is the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Protocol

from msgspec import Meta, MsgspecError, Raw, Struct
from msgspec.json import Decoder
from msgspec.structs import astuple

from .reading import Outline

LONGEST = 4096
"""Bytes of a call's JSON: in longer ones msgspec passes over numbers that Python refuses to read.
"""
Whole = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""A number that msgspec and Python's own reader are sure to read alike."""
NO_MARKS = Raw(b"[]")


class Tokens(Protocol):
    """How many tokens went in and came out."""

    input: int
    output: int


class Call(Protocol):
    """What the struct of a log's usual call has, by whatever names its JSON calls them.

    `verdicts` are structs of what tells a verdict apart, in the order of an `Outline`. A struct
    whose fields are sorted as the JSON's are is read faster.
    """

    time: int
    duration: int
    usage: Any  # `Tokens`, or None
    action: str
    ending: str
    judged: bool
    stream: bool
    adapter: str
    model: str
    audience: str
    policy: str
    sdk: str
    marks: Raw
    verdicts: Sequence[Struct]


def outliner(call: type[Any], mark: type[Struct]) -> Callable[[bytes], Outline | None]:
    """Return what makes the outline of the call in JSON, None where a log's own reader must.

    It keeps the marks of the call before: most calls have the same.

    Args:
        call: a struct in the manner of `Call`, which takes usual calls and nothing else.
        mark: the struct of what tells a mark apart, in the order of an `Outline`.
    """
    decode: Callable[[bytes], Call] = Decoder(call).decode
    decode_marks = Decoder(tuple[mark, ...]).decode  # type: ignore[valid-type]
    same = NO_MARKS
    marks: tuple[tuple[Any, ...], ...] = ()

    def brief(json: bytes) -> Outline | None:
        nonlocal same, marks
        try:
            # msgspec looks at no byte of a text that is not wanted.
            if len(json) > LONGEST or not (json.isascii() or json.decode()):
                return None
            call = decode(json)
            if call.marks != same:
                marks = tuple(map(astuple, decode_marks(call.marks)))
                same = call.marks
        except (MsgspecError, ValueError, RecursionError):  # the first is no ValueError before 0.21
            return None
        usage: Tokens | None = call.usage
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
