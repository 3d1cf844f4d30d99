"""The common piece of a stream, without a round through the flow: it is most of a call's time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from ._marks import Lane
from ._session import Session
from ._shape import Shape
from ._steps import LEFT, Pieces
from ._values import Chunk, Kind

R = TypeVar("R")
Held = list[tuple[R, str]]
_NOTHING = Pieces()
_SAID = ("answer", "structured")  # what a call is answered with, and its record commits to


class Plain(Generic[R]):
    """Handles the common piece of a stream without a round through the flow: one chunk of text,
    in no way the last, and no detector to wait for. `stopped_at` is what goes out of the chunk
    in which the call was stopped.
    """

    __slots__ = (
        "_blocking", "_feed", "_held", "_index", "_kind", "_lane", "_pass", "_say", "_session",
        "_shape", "_strings", "_text", "chunks", "first", "stopped_at",
    )  # fmt: skip

    def __init__(self, session: Session, shape: Shape[R], held: Held[R]) -> None:
        self._session, self._shape, self._held = session, shape, held
        self._blocking = session.blocking
        self._say = session.said.append
        self._text: Callable[[R], str | None] | None = getattr(shape, "text", None)
        self._strings: bool = getattr(shape, "strings", False)
        self._pass: Callable[[str], str | None] | None = None  # while all is calm, or waits
        self._feed: Callable[[str], str] | None = None  # of its screen and the marks
        self._lane: Lane | None = None  # the channel of the last piece, while it is open
        self._kind, self._index = "", 0
        self.chunks: Sequence[Chunk] = ()
        self.stopped_at = ""
        self.first = False  # whether the first piece is still to come, which the flow labels

    @property
    def quick(self) -> Callable[[Any], str | None] | None:
        """What is enough for most pieces where they are texts: a long answer is little else."""
        return self._pass if self._strings else None

    @property
    def each(self) -> Callable[[R], R | Pieces]:
        """What returns what goes out for a piece; `LEFT` leaves it, read into `chunks`, to the
        flow.
        """
        return self._write_string if self._strings else self._write

    def _write_string(self, raw: Any) -> Any:
        """Do that where pieces are texts, and `quick` was not enough."""
        if type(raw) is str and raw:
            return self._closer(raw, raw)  # type: ignore[arg-type]
        return self._read(raw)

    def _write(self, raw: R) -> R | Pieces:
        """Do that for any other shape."""
        given = self._text(raw) if self._text is not None else None
        if type(given) is not str or not given:
            return self._read(raw)
        out = None if self._pass is None else self._pass(given)
        if out is None:
            return self._closer(raw, given)
        if out:
            self._say(out)
            if out is given:
                return raw
        return self._written(raw, out)

    def _closer(self, raw: R, given: str) -> R | Pieces:
        """Do that for a text of the answer for which a glance is not enough."""
        if self._feed is None:
            return self._one(raw, given, "answer", 0)
        return self._changed(raw, given, "answer", 0, self._feed(given))

    def _read(self, raw: R) -> R | Pieces:
        """Do the same for a piece that need not be one text of the answer."""
        shape, session = self._shape, self._session
        self._look_closely()
        usage = shape.usage(raw)
        if usage is not None:
            session.usage = usage
        chunks = self.chunks = shape.read(raw)
        if len(chunks) == 1:
            given, kind, index, last = chunks[0]
            if given and not last:
                return self._one(raw, given, kind, index)
        self._lane = None
        return LEFT  # type: ignore[no-any-return]

    def _one(self, raw: R, given: str, kind: Kind, index: int) -> R | Pieces:
        """Do the same for a piece of one channel that goes on."""
        lane, session = self._lane, self._session
        self._look_closely()
        self._lane = None
        self.chunks = (Chunk(given, kind, index),)
        if self._held or self.first:
            return LEFT  # type: ignore[no-any-return]
        if lane is None or kind != self._kind or index != self._index:
            lane = session.lane(kind, index)
            self._kind, self._index = kind, index
        if self._blocking and lane.screen.due(given):
            return LEFT  # type: ignore[no-any-return]
        self._lane = lane
        out = session.feed_lane(lane, given) if lane.active else lane.screen.feed(given)
        waits = self._blocking and lane.screen.blocking
        quick = self._strings or self._text is not None
        if quick and kind == "answer" and not index:
            self._let_pass(lane, waits=waits)
        return self._changed(raw, given, kind, index, out)

    def _let_pass(self, lane: Lane, *, waits: bool) -> None:
        """Have what follows go by `lane` where that is calm, or waits."""
        screen = lane.screen
        if screen.waiting is not None:
            self._pass = screen.waiting.feed  # it lets nothing go: no marks are fed
        elif not lane.active:
            self._pass = screen.calm.feed
            screen.calm.say = self._say if self._strings else None
        if not waits:
            self._feed = screen.feed_scanners
            if lane.active:
                self._feed = partial(self._session.feed_lane, lane)

    def _look_closely(self) -> None:
        """Have nothing go by."""
        self._pass = self._feed = None
        if self._lane is not None:
            self._lane.screen.calm.say = None

    def _changed(self, raw: R, given: str, kind: Kind, index: int, out: str) -> R | Pieces:
        """Deliver `out` in the place of `given`, unless the call was stopped."""
        lane = self._lane
        if lane is not None and lane.screen.stopped:
            self._look_closely()
            self._lane = None
            self.chunks = (Chunk(given, kind, index),)
            self._session.stopped = True
            self.stopped_at = out
            return LEFT  # type: ignore[no-any-return]
        if out and kind in _SAID:
            self._session.said.append(out)
        return raw if out == given else self._written(raw, out)

    def _written(self, raw: R, out: str) -> R | Pieces:
        pieces = self._shape.write(raw, (out,), ())
        return pieces[0] if len(pieces) == 1 else Pieces(pieces)


def said_of(chunks: Sequence[Chunk], texts: Sequence[str]) -> str:
    said = [text for chunk, text in zip(chunks, texts, strict=True) if chunk.kind in _SAID]
    return "".join(said)
