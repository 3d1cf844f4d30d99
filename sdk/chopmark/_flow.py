"""The order of a call, written once: a generator that asks for what it needs.

Two small drivers, sync and async, answer it (`_drive`, `_drive_async`). Nothing here does I/O.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from os import urandom
from typing import Any, Generic, Literal, TypeVar, cast

from ._engine import Engine
from ._errors import LogError, MarkError, Refused
from ._record import make_record
from ._screen import Screen
from ._session import Lane, MarkFailed, Session
from ._shape import OnBlock, Shape
from ._unrecorded import Unrecorded
from ._values import Chunk, Content, Kind, Receipt, Record, Request, Response
from ._wrapping import Wrapping
from .hookspecs import ContentLog, Log

R = TypeVar("R")


@dataclass(slots=True)
class Ask:
    """Let the framework call its model."""

    request: Request


@dataclass(slots=True)
class Relay:
    """Pull pieces and give the caller what `each` makes of them, `SAME` for the piece itself,
    until it returns None: answer with the piece that it did so for, or with `END` after the last.
    """

    each: Callable[[Any], Sequence[Any] | None]


@dataclass(slots=True)
class Push(Generic[R]):
    """Give a piece to the caller."""

    raw: R


@dataclass(slots=True)
class Work:
    """Run something that takes long; the async driver does it in a thread."""

    run: Callable[[], Any]


@dataclass(slots=True)
class Append:
    """Store a record, with its content where the log takes that; must not be cut short by a
    cancellation.
    """

    record: Record
    content: Content | None = None

    def to(self, log: Log) -> Receipt:
        """Have `log` store it."""
        if self.content is None:
            return log.append(self.record)
        return cast(ContentLog, log).append_with(self.record, self.content)


class Abandoned(Exception):  # noqa: N818  an ending, not an error
    """Thrown into the flow: the caller stopped reading, or its task was cancelled."""

    def __init__(self, ending: Literal["abandoned", "cancelled"] = "abandoned") -> None:
        self.ending: Literal["abandoned", "cancelled"] = ending
        super().__init__(ending)


END: Any = object()
SAME: Any = object()
_SAID = ("answer", "structured")  # what a call is answered with, and its record commits to
Flow = Generator[Any, Any, Response]
_Held = list[tuple[R, str]]


def call(
    engine: Engine,
    request: Request,
    shape: Shape[R],
    on_block: OnBlock,
    unrecorded: Unrecorded,
    done: Callable[[Response], None] | None = None,
    begun: Callable[[Response], None] | None = None,
) -> Flow:
    """Run one call from the request to the record.

    `begun` is told what stands beside the answer before the model is asked, where something
    does; `done` how the call ended.
    """
    engine.decider.check_audience(request.audience)
    started, clock = time.time_ns() // 1_000_000, time.perf_counter()
    session = Session(engine, request)
    wrapping = Wrapping(engine.wrappers)
    held: _Held[R] = []
    error: BaseException | None = None
    try:
        sent = wrapping.enter(request)
        screen = partial(session.screen_request, sent)
        sent = (yield Work(screen)) if session.blocking else screen()
        if not session.stopped:
            sent = wrapping.enter_screened(sent)
            so_far = session.begin()
            if so_far is not None and begun is not None:
                begun(so_far)
            yield Ask(sent)
            yield from _answer(session, shape, held, request.stream, so_far)
    except Abandoned as left:
        session.cut_off(left.ending)
    except Refused as refused:
        session.refuse(str(refused))
    except MarkFailed as failed:
        session.cut_off("mark_error")
        error = MarkError(
            f"a marker broke ({failed.__cause__!r}), so the answer was stopped; mend it, or set "
            'on_error.marker = "allow" in the policy to let unmarked answers out'
        )
        error.__cause__ = failed.__cause__
    except GeneratorExit:
        raise
    except BaseException as broke:  # noqa: BLE001  recorded, then raised again
        error = broke
        session.broke(broke, in_wrapper=not wrapping.entered)
    if not session.stopped and error is None and session.ending == "completed":
        for _, text in held:
            session.delivered(text)
    response = session.response()
    try:
        response = wrapping.leave(response, error)
    except Exception as broke:  # noqa: BLE001  the plugin border
        error = error or broke
    if engine.log is not None or engine.recorded:
        duration = int((time.perf_counter() - clock) * 1000)
        try:
            receipt = yield from _record(engine, request, response, started, duration, unrecorded)
            response = replace(response, receipt=receipt)
        except LogError as lost:
            error = error or lost
    if done is not None:
        done(response)
    if error is not None:
        raise error
    if session.stopped and on_block == "raise":
        raise shape.error(response)
    with suppress(Abandoned):  # a caller who leaves now is recorded already
        if session.stopped:
            for raw in shape.refuse(response):
                yield Push(raw)
        elif session.ending == "completed":
            for raw in shape.seal([raw for raw, _ in held], response):
                yield Push(raw)
    return response


def _answer(
    session: Session, shape: Shape[R], held: _Held[R], streamed: bool, so_far: Response | None
) -> Generator[Any, Any, None]:
    """Pull the answer, screen and mark it, push what may go out; fill `held` with its end."""
    plain = _Plain(session, shape, held)
    first = getattr(shape, "first", None) if so_far is not None else None
    plain.first = first is not None
    while (raw := (yield Relay(plain.write))) is not END:
        chunks = plain.chunks
        texts: list[str] = []
        changed = False
        for chunk in chunks:
            text = plain.stopped_at
            if chunk.text and not session.stopped:
                if session.blocking and session.due(chunk):
                    text = yield Work(partial(session.feed, chunk))
                else:
                    text = session.feed(chunk)
            texts.append(text)
            changed = changed or text != chunk.text
        closing = [(chunk.kind, chunk.index) for chunk in chunks if chunk.last]
        tails: list[Chunk] = []
        if session.stopped or closing:
            finish = partial(session.finish, None if session.stopped else closing)
            tails = (yield Work(finish)) if session.blocking else finish()
        if session.stopped and not streamed:
            return
        out = shape.write(raw, texts, tails) if changed or tails else (raw,)
        if first is not None and out and (stamped := first(out[0], so_far)) is not None:
            out, first, plain.first = (stamped, *out[1:]), None, False
        said = _said(chunks, texts) + _said(tails, [tail.text for tail in tails])
        if held and any(chunk.text for chunk in chunks):
            for earlier, text in held:  # it was not the end after all
                session.delivered(text)
                yield Push(earlier)
            held.clear()
        if not session.stopped and (held or (closing and not session.open)):
            held += [(piece, said if n == 0 else "") for n, piece in enumerate(out)]
            continue
        session.delivered(said)
        for piece in out:
            yield Push(piece)
        if session.stopped:
            return
    tails = (yield Work(session.finish)) if session.blocking else session.finish()
    if tails and (streamed or not session.stopped):
        session.delivered(_said(tails, [tail.text for tail in tails]))
        for piece in shape.tail(tails):
            yield Push(piece)


class _Plain(Generic[R]):
    """Handles the common piece of a stream without a round through the flow: one chunk of text,
    in no way the last, and no detector to wait for. `stopped_at` is what goes out of the chunk
    in which the call was stopped.
    """

    __slots__ = (
        "_blocking", "_feed", "_held", "_index", "_kind", "_lane", "_screen", "_session", "_shape",
        "_text", "chunks", "first", "stopped_at",
    )  # fmt: skip

    def __init__(self, session: Session, shape: Shape[R], held: _Held[R]) -> None:
        self._session, self._shape, self._held = session, shape, held
        self._blocking = session.blocking
        self._text: Callable[[R], str | None] | None = getattr(shape, "text", None)
        self._feed: Callable[[str], str] | None = None  # of `_screen`, while no more is to do
        self._screen: Screen
        self._lane: Lane | None = None  # the channel of the last piece, while it is open
        self._kind, self._index = "", 0
        self.chunks: Sequence[Chunk] = ()
        self.stopped_at = ""
        self.first = False  # whether the first piece is still to come, which the flow labels

    def write(self, raw: R) -> Sequence[R] | None:
        """Return what goes out for `raw`; None leaves it, read into `chunks`, to the flow."""
        text, feed = self._text, self._feed
        if text is None or not (given := text(raw)):
            return self._read(raw)
        if feed is None:
            return self._one(raw, given, "answer", 0)
        out = feed(given)
        if self._screen.stopped:
            return self._changed(raw, given, "answer", 0, out)
        if out:
            self._session.said.append(out)
        if out is given:
            return SAME  # type: ignore[no-any-return]
        return self._shape.write(raw, (out,), ())

    def _read(self, raw: R) -> Sequence[R] | None:
        """Do the same for a piece that need not be one text of the answer."""
        shape, session = self._shape, self._session
        self._feed = None
        usage = shape.usage(raw)
        if usage is not None:
            session.usage = usage
        chunks = self.chunks = shape.read(raw)
        if len(chunks) == 1:
            given, kind, index, last = chunks[0]
            if given and not last:
                return self._one(raw, given, kind, index)
        self._lane = None
        return None

    def _one(self, raw: R, given: str, kind: Kind, index: int) -> Sequence[R] | None:
        """Do the same for a piece of one channel that goes on."""
        lane, session = self._lane, self._session
        self._lane = self._feed = None
        self.chunks = (Chunk(given, kind, index),)
        if self._held or self.first:
            return None
        if lane is None or kind != self._kind or index != self._index:
            lane = session.lane(kind, index)
            self._kind, self._index = kind, index
        if self._blocking and lane.screen.due(given):
            return None
        self._lane = lane
        if lane.active:
            out = session.feed_lane(lane, given)
        else:
            out = lane.screen.feed(given)
            if not self._blocking and self._text is not None and kind == "answer" and not index:
                self._screen = lane.screen
                self._feed = lane.screen.feed
        return self._changed(raw, given, kind, index, out)

    def _changed(self, raw: R, given: str, kind: Kind, index: int, out: str) -> Sequence[R] | None:
        """Deliver `out` in the place of `given`, unless the call was stopped."""
        lane = self._lane
        if lane is not None and lane.screen.stopped:
            self._lane = self._feed = None
            self.chunks = (Chunk(given, kind, index),)
            self._session.stopped = True
            self.stopped_at = out
            return None
        if out and kind in _SAID:
            self._session.said.append(out)
        return (raw,) if out == given else self._shape.write(raw, (out,), ())


def _said(chunks: Sequence[Chunk], texts: Sequence[str]) -> str:
    said = [text for chunk, text in zip(chunks, texts, strict=True) if chunk.kind in _SAID]
    return "".join(said)


def _record(
    engine: Engine,
    request: Request,
    response: Response,
    started: int,
    duration: int,
    unrecorded: Unrecorded,
) -> Generator[Any, Any, Receipt | None]:
    """Append the record, behind those that an earlier failure of the log left over."""
    salt = urandom(16)
    record = make_record(
        request=request, response=response, started=started, duration=duration, salt=salt
    )
    receipt = Receipt(log="", record=record.id)
    content: Content | None = None
    if engine.log is not None:
        if getattr(engine.log, "takes_content", False):
            content = Content(messages=request.messages, answer=response.text, user=request.user)
        try:
            while (late := unrecorded.oldest()) is not None:
                yield Append(*late)
                unrecorded.recorded(late[0])
            receipt = yield Append(record, content)
        except Exception as broke:
            handled = engine.policy.on_error.log
            unrecorded.keep(record, broke, handled, content)
            if handled == "block":
                raise LogError(
                    f"log {engine.log.name!r} could not take the record of call {record.id}: "
                    f'{broke}; mend the log, or set on_error.log = "allow" in the policy; the '
                    "record is kept in memory and is appended with the next call"
                ) from broke
            return None
    if content is None:
        receipt = replace(receipt, salt=salt.hex())
    for told in engine.recorded:
        told(record, receipt)
    return receipt
