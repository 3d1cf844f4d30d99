"""The async driver of a call, on asyncio and on trio: what takes long runs in a thread."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from ._flow import END, Abandoned, Append, Ask, Flow, Pull, Push
from ._inside import CURRENT, Guarding
from ._values import Receipt, Record, Request
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
                    yield step.raw
                elif kind is Pull or kind is Ask:
                    token = CURRENT.set(guarding)
                    try:
                        if kind is Ask:
                            source = await ask(step.request)
                        elif source is not None:
                            value = await anext(source, END)
                    finally:
                        CURRENT.reset(token)
                elif kind is Append:
                    value = await _append(log, step.record)
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


async def _append(log: Log | None, record: Record) -> Receipt | None:
    if log is None:
        return None
    if not log.blocking:
        return log.append(record)
    receipt = None
    with anyio.CancelScope(shield=True), anyio.move_on_after(APPEND_SECONDS):
        receipt = await anyio.to_thread.run_sync(log.append, record, abandon_on_cancel=True)
    if receipt is None:
        raise TimeoutError(f"log {log.name!r} took more than {APPEND_SECONDS:g} seconds")
    return receipt
