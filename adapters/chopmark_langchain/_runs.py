"""Keeps a model from telling callbacks its tokens before they were screened.

Many models report each token to the run manager that they are given, and callbacks are how
LangGraph and `astream_events` stream. A guarded model gives its inside a manager that only
remembers that a token was reported, and reports the screened pieces itself.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult, GenerationChunk, LLMResult


class _Heard:
    """Whether the model reported a token."""

    __slots__ = ("tokens",)

    def __init__(self) -> None:
        self.tokens = False


class MutedRun(CallbackManagerForLLMRun):
    """A run manager whose tokens go nowhere. Everything else is `manager`'s."""

    def __init__(self, manager: CallbackManagerForLLMRun, heard: _Heard | None = None) -> None:
        super().__init__(**_fields(manager))
        self.heard = heard or _Heard()

    def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        """Remember that a token was reported."""
        self.heard.tokens = True

    def on_stream_event(self, event: Any, **kwargs: Any) -> None:
        """Remember that something was reported."""
        self.heard.tokens = True


class AsyncMutedRun(AsyncCallbackManagerForLLMRun):
    """The async `MutedRun`."""

    def __init__(self, manager: AsyncCallbackManagerForLLMRun) -> None:
        super().__init__(**_fields(manager))
        self.heard = _Heard()

    def get_sync(self) -> CallbackManagerForLLMRun:
        """Return the muted sync manager."""
        return MutedRun(super().get_sync(), self.heard)

    async def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        """Remember that a token was reported."""
        self.heard.tokens = True

    async def on_stream_event(self, event: Any, **kwargs: Any) -> None:
        """Remember that something was reported."""
        self.heard.tokens = True


def muted(manager: Any) -> Any:
    """Return `manager` muted; None where nobody listens and nothing needs to be muted."""
    if manager is None or not manager.handlers:
        return None
    if isinstance(manager, AsyncCallbackManagerForLLMRun):
        return AsyncMutedRun(manager)
    return MutedRun(manager)


def told(
    pieces: Generator[Any, None, Any], manager: CallbackManagerForLLMRun, quiet: MutedRun
) -> Iterator[Any]:
    """Yield `pieces`, each reported first where the model reports its tokens itself."""
    try:
        for piece in pieces:
            if quiet.heard.tokens:
                manager.on_llm_new_token(piece.text, chunk=piece)
            yield piece
    finally:
        pieces.close()


async def atold(
    pieces: AsyncGenerator[Any, None], manager: AsyncCallbackManagerForLLMRun, quiet: AsyncMutedRun
) -> AsyncIterator[Any]:
    """Yield `pieces`, each reported first where the model reports its tokens itself."""
    try:
        async for piece in pieces:
            if quiet.heard.tokens:
                await manager.on_llm_new_token(piece.text, chunk=piece)
            yield piece
    finally:
        await pieces.aclose()


def whole(result: ChatResult, manager: Any) -> Iterator[ChatGenerationChunk]:
    """Yield a whole answer as the chunks in which it is reported."""
    for n, generation in enumerate(result.generations):
        message = generation.message
        chunk = AIMessageChunk(
            content=message.content, id=message.id or f"lc_run--{manager.run_id}-{n}"
        )
        yield ChatGenerationChunk(message=chunk)


def whole_text(result: LLMResult) -> Iterator[GenerationChunk]:
    """Yield whole texts as the chunks in which they are reported."""
    for answers in result.generations:
        for answer in answers:
            yield GenerationChunk(text=answer.text)


def _fields(manager: Any) -> dict[str, Any]:
    return {
        "run_id": manager.run_id,
        "handlers": manager.handlers,
        "inheritable_handlers": manager.inheritable_handlers,
        "parent_run_id": manager.parent_run_id,
        "tags": manager.tags,
        "inheritable_tags": manager.inheritable_tags,
        "metadata": manager.metadata,
        "inheritable_metadata": manager.inheritable_metadata,
    }
