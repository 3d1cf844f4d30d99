"""Fallbacks that a block goes through: the next model is for a model that failed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.runnables import Runnable, RunnableWithFallbacks

from chopmark import PolicyBlocked


class _Block(BaseException):
    """Carries a block past `except Exception`, from a candidate to the fallbacks around it."""

    def __init__(self, error: PolicyBlocked) -> None:
        self.error = error
        super().__init__(str(error))


class HeldFallbacks(RunnableWithFallbacks[Any, Any]):
    """A `RunnableWithFallbacks` that raises a block at once, whatever it handles otherwise."""

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Return False: what it holds is guarded, and would come back without its guard."""
        return False

    @property
    def runnables(self) -> Iterator[Runnable[Any, Any]]:
        """The candidates in order."""
        for runnable in super().runnables:
            yield _Candidate(runnable)

    def invoke(self, *args: Any, **kwargs: Any) -> Any:
        """Ask the candidates in order."""
        try:
            return super().invoke(*args, **kwargs)
        except _Block as block:
            raise block.error from None

    async def ainvoke(self, *args: Any, **kwargs: Any) -> Any:
        """Ask the candidates in order."""
        try:
            return await super().ainvoke(*args, **kwargs)
        except _Block as block:
            raise block.error from None

    def batch(self, *args: Any, **kwargs: Any) -> list[Any]:
        """Ask the candidates in order, each for the inputs that failed before."""
        try:
            return [_open(output) for output in super().batch(*args, **kwargs)]
        except _Block as block:
            raise block.error from None

    async def abatch(self, *args: Any, **kwargs: Any) -> list[Any]:
        """Ask the candidates in order, each for the inputs that failed before."""
        try:
            return [_open(output) for output in await super().abatch(*args, **kwargs)]
        except _Block as block:
            raise block.error from None

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Stream from the first candidate that gives a chunk."""
        try:
            yield from super().stream(*args, **kwargs)
        except _Block as block:
            raise block.error from None

    async def astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        """Stream from the first candidate that gives a chunk."""
        try:
            async for chunk in super().astream(*args, **kwargs):
                yield chunk
        except _Block as block:
            raise block.error from None


class _Candidate(Runnable[Any, Any]):
    """A runnable whose blocks are not errors that a fallback may handle."""

    def __init__(self, runnable: Runnable[Any, Any]) -> None:
        self._runnable = runnable

    def invoke(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._runnable.invoke(*args, **kwargs)
        except PolicyBlocked as error:
            raise _Block(error) from None

    async def ainvoke(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await self._runnable.ainvoke(*args, **kwargs)
        except PolicyBlocked as error:
            raise _Block(error) from None

    def batch(self, *args: Any, **kwargs: Any) -> list[Any]:
        return [_close(output) for output in self._runnable.batch(*args, **kwargs)]

    async def abatch(self, *args: Any, **kwargs: Any) -> list[Any]:
        return [_close(output) for output in await self._runnable.abatch(*args, **kwargs)]

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        try:
            yield from self._runnable.stream(*args, **kwargs)
        except PolicyBlocked as error:
            raise _Block(error) from None

    async def astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        try:
            async for chunk in self._runnable.astream(*args, **kwargs):
                yield chunk
        except PolicyBlocked as error:
            raise _Block(error) from None


def _close(output: Any) -> Any:
    return _Block(output) if isinstance(output, PolicyBlocked) else output


def _open(output: Any) -> Any:
    return output.error if isinstance(output, _Block) else output
