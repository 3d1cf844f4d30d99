"""The async driver of a call, on asyncio and on trio: what takes long runs in a thread."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from anyio.lowlevel import RunVar

from ._inside import CURRENT, Guarding
from ._steps import END, LEFT, Abandoned, Append, Ask, Effect, Flow, Pieces, Push, Relay
from ._values import Request
from ._within import ask_within_async
from .forking import WHOLE
from .hookspecs import Log

R = TypeVar("R")
EFFECT_SECONDS = 10.0
"""How long a log, or a wrapper, may take before that counts as failed: it is shielded from
cancellation, so one that hangs would hang the caller."""
_APPENDING: RunVar[anyio.CapacityLimiter] = RunVar("chopmark_appending")
"""The threads of an event loop that append: a record waits for no detector, and no wrapper."""
_APPENDING_MOST = 40
_LOOK_SECONDS = 0.002
"""Between two looks whether an effect is done whose task was cancelled meanwhile."""


async def drive(
    flow: Flow,
    ask: Callable[[Request], Awaitable[AsyncIterator[R]]],
    log: Log | None,
    owner: object,
) -> AsyncGenerator[R, None]:
    """Yield what the caller gets.

    A cancellation, like a caller that leaves, is recorded and then goes on.
    """
    guarding = Guarding(owner)
    source: AsyncIterator[R] | None = None
    value: Any = None
    error: BaseException | None = None
    leaving: BaseException | None = None
    with WHOLE.lock:  # at first it imports the backend
        cancelled = anyio.get_cancelled_exc_class()
    try:
        while True:
            try:
                step = flow.send(value) if error is None else flow.throw(error)
            except StopIteration:
                if leaving is not None:
                    raise leaving from None
                return
            value = error = None
            kind = type(step)
            try:
                if kind is Push:
                    if leaving is None:
                        yield step.raw
                elif kind is Relay:
                    by = step.by
                    each, quick = by.each, by.quick
                    while source is not None:
                        token = CURRENT.set(guarding)
                        try:
                            value = await anext(source, END)
                        finally:
                            CURRENT.reset(token)
                        if value is END:
                            break
                        if quick is None or (out := quick(value)) is None:
                            if (out := each(value)) is LEFT:
                                break
                            quick = by.quick
                            for piece in out if type(out) is Pieces else (out,):
                                yield piece
                        elif out:
                            yield out
                elif kind is Ask:
                    if leaving is not None:  # it came while a wrapper was at work
                        raise leaving
                    for around in step.within:
                        ask = ask_within_async(around, ask)
                    token = CURRENT.set(guarding)
                    try:
                        source = await ask(step.request)
                    finally:
                        CURRENT.reset(token)
                elif kind is Append:
                    effect = _Shielded("the log", partial(step.to, log))
                    if log is not None and log.blocking:
                        leaving = await effect.run(_appending()) or leaving
                    value = effect.outcome()
                elif kind is Effect:
                    effect = _Shielded("a wrapper", step.run)
                    leaving = await effect.run() or leaving
                    value = effect.outcome()
                else:
                    value = await to_thread.run_sync(step.run)
            except GeneratorExit as raised:
                leaving, error = raised, Abandoned()
            except cancelled as raised:
                leaving, error = raised, Abandoned("cancelled")
            except BaseException as raised:  # noqa: BLE001  the flow records it and raises it
                error = raised
    finally:
        guarding.open = False
        flow.close()
        aclose = getattr(source, "aclose", None)
        if aclose is not None:
            with anyio.CancelScope(shield=True):
                await aclose()


def _appending() -> anyio.CapacityLimiter:
    found = _APPENDING.get(None)
    if found is None:
        found = anyio.CapacityLimiter(_APPENDING_MOST)
        _APPENDING.set(found)
    return found


class _Shielded:
    """Something that goes through, whatever happens to the task that waits for it.

    The shield holds against anyio's scopes. A plain `task.cancel()` of asyncio reaches into it:
    the thread then still finishes, and is waited for without holding the event loop.
    """

    def __init__(self, whose: str, run: Callable[[], Any]) -> None:
        self._whose, self._run = whose, run
        self._begun = threading.Lock()
        self._finished = threading.Event()
        self._value: Any = None
        self._error: BaseException | None = None

    async def run(self, limiter: anyio.CapacityLimiter | None = None) -> BaseException | None:
        """Have a thread do it; return the cancellation that came meanwhile, if one did."""
        came: BaseException | None = None
        cancelled = anyio.get_cancelled_exc_class()
        with anyio.CancelScope(shield=True), anyio.move_on_after(EFFECT_SECONDS) as patience:
            try:
                await to_thread.run_sync(self._work, abandon_on_cancel=True, limiter=limiter)
            except cancelled as raised:
                if patience.cancel_called:
                    raise
                came = raised
                self._work()  # it may have come before a thread was found for it
            while not self._finished.is_set():
                try:
                    await anyio.sleep(_LOOK_SECONDS)
                except cancelled as raised:
                    if patience.cancel_called:
                        raise
                    came = raised
        return came

    def outcome(self) -> Any:
        """Return, or raise, what came of it; do it here and now where no thread was to."""
        self._work()
        if not self._finished.is_set():
            raise TimeoutError(f"{self._whose} took more than {EFFECT_SECONDS:g} seconds")
        if self._error is not None:
            raise self._error
        return self._value

    def _work(self) -> None:
        if not self._begun.acquire(blocking=False):
            return
        try:
            self._value = self._run()
        except BaseException as error:  # noqa: BLE001  raised again by `outcome`
            self._error = error
        self._finished.set()
