"""Has the framework's part of a call run within what a wrapper puts around it, piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from ._values import Request

R = TypeVar("R")
Around = AbstractContextManager[object]


def ask_within(
    around: Around, ask: Callable[[Request], Iterable[R]]
) -> Callable[[Request], Iterable[R]]:
    """Return `ask`, with it and every pull of what it returns inside `around`."""

    def asked(request: Request) -> Iterable[R]:
        with around:
            return _Within(around, iter(ask(request)))

    return asked


def ask_within_async(
    around: Around, ask: Callable[[Request], Awaitable[AsyncIterator[R]]]
) -> Callable[[Request], Awaitable[AsyncIterator[R]]]:
    """Do the same for an `ask` that is awaited."""

    async def asked(request: Request) -> AsyncIterator[R]:
        with around:
            return _AsyncWithin(around, await ask(request))

    return asked


class _Within(Generic[R]):
    def __init__(self, around: Around, source: Iterator[R]) -> None:
        self._around, self._source = around, source

    def __iter__(self) -> Iterator[R]:
        return self

    def __next__(self) -> R:
        with self._around:
            return next(self._source)

    def close(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            with self._around:
                close()


class _AsyncWithin(Generic[R]):
    def __init__(self, around: Around, source: AsyncIterator[R]) -> None:
        self._around, self._source = around, source

    def __aiter__(self) -> AsyncIterator[R]:
        return self

    async def __anext__(self) -> R:
        with self._around:
            return await anext(self._source)

    async def aclose(self) -> None:
        aclose = getattr(self._source, "aclose", None)
        if aclose is not None:
            with self._around:
                await aclose()
