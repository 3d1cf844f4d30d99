"""The usual call of a leaf, as msgspec takes it to be counted: `_read` has the last word.

Its fields are sorted, as those of leaves are, and have the usual values that leaves leave out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from msgspec import UNSET, Raw, Struct, UnsetType, field

from chopmark.outlining import NO_MARKS, Whole, outliner
from chopmark.reading import Outline

from ._leaf import CALL, MARK, VERDICT


class _Tokens(Struct, gc=False):
    input: Whole = field(name="in")
    output: Whole = field(name="out")


class _Verdict(Struct, gc=False, kw_only=True):
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


class _Call(Struct, gc=False, kw_only=True):
    action: str = CALL["action"]
    adapter: str
    audience: str = CALL["audience"]
    duration: Whole
    ending: str = CALL["ending"]
    failures: UnsetType = UNSET  # a call with any is not usual
    judged: bool = CALL["judged"]
    k: Literal["call"]
    marks: Raw = NO_MARKS
    model: str
    policy: str
    sdk: str
    stream: bool = CALL["stream"]
    time: Whole = field(name="t")
    usage: _Tokens | None = field(name="tokens", default=None)
    v: Literal[1]
    verdicts: tuple[_Verdict, ...] = ()


leaf_outliner: Callable[[], Callable[[bytes], Outline | None]] = partial(outliner, _Call, _Mark)
"""Makes what makes the outline of the call of a leaf."""
