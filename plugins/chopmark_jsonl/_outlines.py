"""The usual call of a line, as msgspec takes it to be counted: `_format.decode` has the last word.

It has all that `decode` asks for; sorted, as lines are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from msgspec import Raw, Struct

from chopmark.outlining import Whole, outliner
from chopmark.reading import Outline


class _Some(Struct, gc=False):
    """An object whose fields are not wanted."""


class _Usage(Struct, gc=False):
    input: Whole
    output: Whole


class _Verdict(Struct, gc=False):
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
    """A usual call."""

    action: str
    adapter: str
    answer: _Some
    audience: str
    duration: Whole
    ending: str
    failures: tuple[()]  # few have any
    holdback: Whole
    id: str
    judged: bool
    k: Literal["call"]
    marks: Raw
    messages: Whole
    model: str
    policy: str
    request: _Some
    sdk: str
    stream: bool
    time: Whole
    usage: _Usage | None
    user: _Some
    v: Literal[1]
    verdicts: tuple[_Verdict, ...]


line_outliner: Callable[[], Callable[[bytes], Outline | None]] = partial(outliner, Call, _Mark)
"""Makes what makes the outline of the call in a line."""
