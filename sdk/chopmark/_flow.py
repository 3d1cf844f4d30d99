"""The order of a call, written once: a generator that asks for what it needs.

Two small drivers, sync and async, answer it (`_drive`, `_drive_async`; `_steps` has the
questions). Nothing here does I/O.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from functools import partial
from os import urandom
from typing import Any, TypeVar

from ._engine import Engine
from ._errors import LogError, MarkError, Refused
from ._kept import Content
from ._marks import MarkFailed
from ._plain import Held, Plain, said_of
from ._quick import replaced
from ._record import make_record
from ._session import Session
from ._shape import OnBlock, Shape
from ._steps import END, Abandoned, Append, Ask, Effect, Flow, Push, Relay, Work
from ._unrecorded import Unrecorded
from ._values import Chunk, Receipt, Request, Response
from ._wrapping import Wrapping, within

R = TypeVar("R")


def call(
    engine: Engine,
    request: Request,
    shape: Shape[R],
    on_block: OnBlock,
    unrecorded: Unrecorded,
    done: Callable[[Response], None] | None = None,
    begun: Callable[[Response], None] | None = None,
    *,
    threads: bool = False,
) -> Flow:
    """Run one call from the request to the record.

    `begun` is told what stands beside the answer before the model is asked, where something
    does; `done` how the call ended. With `threads` the driver has what blocks run in one: without,
    it runs where the call does, and is no step of its own.
    """
    engine.decider.check_audience(request.audience)
    if unrecorded.untried is not None:
        yield Effect(unrecorded.try_log)  # a caller who leaves meanwhile is recorded
    started, clock = time.time_ns() // 1_000_000, time.perf_counter()
    session = Session(engine, request, threads=threads)
    wrapping = Wrapping()
    held: Held[R] = []
    error: BaseException | None = None
    try:
        sent = request
        if engine.early:
            sent = yield from wrapping.enter(engine.early, session.named())
        screen = partial(session.screen_request, sent)
        sent = (yield Work(screen)) if session.blocking else screen()
        if not session.stopped:
            if engine.late:
                sent = yield from wrapping.enter(engine.late, sent)
            so_far = session.begin()
            if so_far is not None and begun is not None:
                begun(so_far)
            yield Ask(sent, within(engine.around, sent) if engine.around else ())
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
        if engine.wrappers:
            response = yield from wrapping.leave(response, error)
    except Exception as broke:  # noqa: BLE001  the plugin border
        error = error or broke
    if engine.log is not None or engine.recorded:
        duration = int((time.perf_counter() - clock) * 1000)
        try:
            receipt = yield from _record(engine, request, response, started, duration, unrecorded)
            response = replaced(response, receipt=receipt)
        except LogError as lost:
            error = error or lost
    if done is not None:
        done(response)
    if error is not None:
        raise error
    if session.stopped and on_block == "raise":
        raise shape.error(response)
    try:
        if session.stopped:
            for raw in shape.refuse(response):
                yield Push(raw)
        elif session.ending == "completed":
            for raw in shape.seal([raw for raw, _ in held], response):
                yield Push(raw)
    except Abandoned:
        pass  # a caller who leaves now is recorded already
    return response


def _answer(
    session: Session, shape: Shape[R], held: Held[R], streamed: bool, so_far: Response | None
) -> Generator[Any, Any, None]:
    """Pull the answer, screen and mark it, push what may go out; fill `held` with its end."""
    plain = Plain(session, shape, held)
    first = getattr(shape, "first", None) if so_far is not None else None
    plain.first = first is not None
    while (raw := (yield Relay(plain))) is not END:
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
            tails = (yield Work(finish)) if session.due_at_end() else finish()
        if session.stopped and not streamed:
            return
        out = shape.write(raw, texts, tails) if changed or tails else (raw,)
        if first is not None and out and (stamped := first(out[0], so_far)) is not None:
            out, first, plain.first = (stamped, *out[1:]), None, False
        said = said_of(chunks, texts) + said_of(tails, [tail.text for tail in tails])
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
    tails = (yield Work(session.finish)) if session.due_at_end() else session.finish()
    if tails and (streamed or not session.stopped):
        session.delivered(said_of(tails, [tail.text for tail in tails]))
        for piece in shape.tail(tails):
            yield Push(piece)


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
    content: Content | None = None
    if engine.log is None:
        receipt = Receipt(log="", record=record.id)
    else:
        if getattr(engine.log, "takes_content", False):
            content = Content(messages=request.messages, answer=response.text, user=request.user)
        try:
            late = None
            try:
                while (late := unrecorded.take()) is not None:
                    yield Append(*late)
            except BaseException:
                if late is not None:
                    unrecorded.put_back(late)
                raise
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
        receipt = replaced(receipt, salt=salt.hex())
    for told in engine.recorded:
        told(record, receipt)
    return receipt
