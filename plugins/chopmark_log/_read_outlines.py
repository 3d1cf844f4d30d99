"""Reads leaves to be counted: of a usual call nothing is made but what there is to count.

msgspec takes the fields that are wanted straight from the JSON and passes over the rest, in half
the time of reading all of it. What it takes must be what `_read` would: a leaf that it does not
take, and one of which that is not sure, is left to `_read`, whose word is the last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from msgspec.json import Decoder
from msgspec.structs import astuple

from chopmark.reading import Outline

from ._leaf import CALL, MARK, MOST, VERDICT

LONGEST = 4096
"""Bytes of a leaf: in a longer one msgspec passes over numbers that Python refuses to read."""
_NO_MARKS = Raw(b"[]")
_Whole = Annotated[int, Meta(ge=0, le=MOST - 1)]  # above, `parse` and msgspec may differ


class _Tokens(Struct, gc=False, rename={"into": "in"}):
    into: _Whole
    out: _Whole


class _Verdict(Struct, gc=False, kw_only=True):
    """Of a verdict what tells it apart, in the order of an outline."""

    category: str
    outcome: str
    direction: str = VERDICT["direction"]
    detector: str
    version: str = VERDICT["version"]


class _Mark(Struct, gc=False):
    marker: str
    kind: str
    placed: bool = MARK["placed"]
    reason: str = MARK["reason"]


class Call(Struct, gc=False, kw_only=True):
    """A usual call; its fields are sorted, as those of leaves are: that is read faster."""

    action: str = CALL["action"]
    adapter: str
    audience: str = CALL["audience"]
    duration: _Whole
    ending: str = CALL["ending"]
    failures: UnsetType = UNSET  # a call with any is not usual
    judged: bool = CALL["judged"]
    k: Literal["call"]
    marks: Raw = _NO_MARKS
    model: str
    policy: str
    sdk: str
    stream: bool = CALL["stream"]
    t: _Whole
    tokens: _Tokens | None = None
    v: Literal[1]
    verdicts: tuple[_Verdict, ...] = ()


_decode = Decoder(Call).decode
_decode_marks = Decoder(tuple[_Mark, ...]).decode


def outliner() -> Callable[[bytes], Outline | None]:
    """Return what makes the outline of the call of a leaf, None where `_read` must.

    It keeps the marks of the call before: most calls have the same.
    """
    same = _NO_MARKS
    marks: tuple[tuple[Any, ...], ...] = ()

    def brief(leaf: bytes) -> Outline | None:
        nonlocal same, marks
        try:
            # msgspec looks at no byte of a text that is not wanted.
            if len(leaf) > LONGEST or not (leaf.isascii() or leaf.decode()):
                return None
            call = _decode(leaf)
            if call.marks != same:
                marks = tuple(map(astuple, _decode_marks(call.marks)))
                same = call.marks
        except (ValueError, RecursionError):
            return None
        tokens = call.tokens
        return (
            call.t,
            call.duration,
            tokens.into if tokens else 0,
            tokens.out if tokens else 0,
            (
                call.action, call.ending, call.judged, call.stream, call.adapter, call.model,
                call.audience, call.policy, call.sdk,
            ),
            marks,
            tuple(map(astuple, call.verdicts)) if call.verdicts else (),
            (),
        )  # fmt: skip

    return brief
