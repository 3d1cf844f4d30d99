"""Pulls what comes before a step of a chain as no part of the call that the step guards.

In a stream, the steps before it run while it pulls. A guarded model among them is a call of its
own: were it taken for a nested one, nobody would screen its prompt.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from chopmark.adapting import current, stepping


def outside(pieces: Iterator[Any]) -> Iterator[Any]:
    """Yield `pieces`, each made with the guard that holds where this is called."""
    return _Outside(pieces)


def aoutside(pieces: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Yield `pieces`, each made with the guard that holds where this is called."""
    return _AsyncOutside(pieces)


class _Outside:
    def __init__(self, pieces: Iterator[Any]) -> None:
        self._pieces = pieces
        self._guarding = current()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        with stepping(self._guarding):
            return next(self._pieces)


class _AsyncOutside:
    def __init__(self, pieces: AsyncIterator[Any]) -> None:
        self._pieces = pieces
        self._guarding = current()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        with stepping(self._guarding):
            return await anext(self._pieces)
