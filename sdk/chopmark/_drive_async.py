"""The async driver of a call, on asyncio and on trio: what takes long runs in a thread."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from ._inside import CURRENT, Guarding
from ._steps import END, SAME, Abandoned, Append, Ask, Flow, Push, Relay
from ._values import Receipt, Request
from ._within import ask_within_async
from .hookspecs import Log

R = TypeVar("R")
APPEND_SECONDS = 10.0
"""How long a log may take before its append counts as failed: it is shielded from cancellation,
so a log that hangs would hang the caller."""


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
                    while source is not None:
                        token = CURRENT.set(guarding)
                        try:
                            value = await anext(source, END)
                        finally:
                            CURRENT.reset(token)
                        if value is END or (pieces := step.each(value)) is None:
                            break
                        for piece in (value,) if pieces is SAME else pieces:
                            yield piece
                elif kind is Ask:
                    for around in step.within:
                        ask = ask_within_async(around, ask)
                    token = CURRENT.set(guarding)
                    try:
                        source = await ask(step.request)
                    finally:
                        CURRENT.reset(token)
                elif kind is Append:
                    append, patience = _Append(log, step), 0.0
                    try:
                        await append.run()
                    except cancelled as raised:
                        leaving, patience = raised, APPEND_SECONDS
                    value = append.receipt(patience)
                else:
                    value = await anyio.to_thread.run_sync(step.run)
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


class _Append:
    """One append that goes through, whatever happens to the task that waits for it.

    The shield holds against anyio's scopes. A plain `task.cancel()` of asyncio reaches into it:
    the thread then still finishes, and `receipt` waits for it.
    """

    def __init__(self, log: Log | None, step: Append) -> None:
        self._log, self._step = log, step
        self._begun = threading.Lock()
        self._finished = threading.Event()
        self._receipt: Receipt | None = None
        self._error: Exception | None = None

    async def run(self) -> None:
        if self._log is None or not self._log.blocking:
            self._work()
            return
        with anyio.CancelScope(shield=True), anyio.move_on_after(APPEND_SECONDS):
            await anyio.to_thread.run_sync(self._work, abandon_on_cancel=True)

    def receipt(self, patience: float) -> Receipt | None:
        if patience:
            self._work()  # a cancellation may have come before a thread was found for it
        if not self._finished.wait(patience):
            raise TimeoutError(f"the log took more than {APPEND_SECONDS:g} seconds")
        if self._error is not None:
            raise self._error
        return self._receipt

    def _work(self) -> None:
        if not self._begun.acquire(blocking=False):
            return
        try:
            self._receipt = self._step.to(self._log) if self._log else None
        except Exception as error:  # noqa: BLE001  raised again by `receipt`
            self._error = error
        self._finished.set()
