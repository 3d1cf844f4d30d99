"""Walks a path of an adapter's model: to its end, until the reader leaves, or is cancelled."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import anyio

from ._paths import Path

Walked = tuple[list[str], BaseException | None]
"""The pieces that came, and the error that ended them."""
QUESTION = "a question"
_PATIENCE = 20
"""Seconds until a model that does not begin counts as stuck."""
_SETTLING = 0.02
"""Seconds in which an event loop closes a generator, and a connection below it."""


def walk(path: Path, model: Any, prompt: str = QUESTION) -> Walked:
    """Return what came, and the error that ended it."""
    if path.awaited:
        return asyncio.run(_read_async(path, model, prompt))
    pieces: list[str] = []
    try:
        if path.kind == "call":
            pieces.append(path.run(model, prompt))
        else:
            stream: Iterator[str] = path.run(model, prompt)
            for piece in stream:
                pieces.append(piece)  # noqa: PERF402  kept piece by piece: an error may follow
    except Exception as error:  # noqa: BLE001  it is what the test looks at
        return pieces, error
    return pieces, None


async def _read_async(path: Path, model: Any, prompt: str) -> Walked:
    pieces: list[str] = []
    try:
        async for piece in _pieces(path, model, prompt):
            pieces.append(piece)  # noqa: PERF401  kept piece by piece: an error may follow
    except Exception as error:  # noqa: BLE001  it is what the test looks at
        return pieces, error
    return pieces, None


async def _pieces(path: Path, model: Any, prompt: str) -> AsyncIterator[str]:
    if path.kind == "acall":
        answer: Awaitable[str] = path.run(model, prompt)
        yield await answer
        return
    stream: AsyncIterator[str] = path.run(model, prompt)
    async for piece in stream:
        yield piece


def leave(path: Path, model: Any, after: int, *, close: bool) -> list[str]:
    """Leave a stream after so many pieces, and return them.

    The reader says so (`close`), or only forgets the stream.
    """
    if path.awaited:
        return asyncio.run(_leave_async(path, model, after, close))
    stream = path.run(model, QUESTION)
    got = [next(stream) for _ in range(after)]
    if close:
        stream.close()
    del stream
    gc.collect()
    return got


async def _leave_async(path: Path, model: Any, after: int, close: bool) -> list[str]:
    stream = path.run(model, QUESTION)
    got = [await anext(stream) for _ in range(after)]
    if close:
        await stream.aclose()
    del stream
    gc.collect()
    await anyio.sleep(_SETTLING)  # the loop closes what was forgotten, by and by
    return got


def cancel_on_asyncio(path: Path, model: Any, begun: Callable[[Sequence[str]], bool]) -> list[str]:
    """Cancel the task that reads, as soon as it has `begun`; return what it got until then.

    Raises:
        AssertionError: it was not cancelled, but ended in another way.
    """
    got: list[str] = []

    async def main() -> None:
        task = asyncio.create_task(_gather(path, model, got))
        await _until(lambda: begun(got) or task.done())
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled(), "the task ended by itself"

    asyncio.run(main())
    return got


def cancel_on_trio(path: Path, model: Any, begun: Callable[[Sequence[str]], bool]) -> list[str]:
    """Do the same on trio, by a scope."""
    got: list[str] = []

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(_gather, path, model, got)
            await _until(lambda: begun(got))
            group.cancel_scope.cancel()

    anyio.run(main, backend="trio")
    return got


async def _gather(path: Path, model: Any, got: list[str]) -> None:
    async for piece in _pieces(path, model, QUESTION):
        got.append(piece)  # noqa: PERF401  kept piece by piece: the task is cancelled in between


async def _until(true: Callable[[], bool]) -> None:
    with anyio.fail_after(_PATIENCE):
        while not true():  # noqa: ASYNC110  what is looked at tells nobody of its changes
            await anyio.sleep(0.002)
