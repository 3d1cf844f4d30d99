"""A LangChain agent over a chat model that answers with given chunks, streamed in two ways."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from texts import PROMPT


class Next:
    """The next answer of the model; shared with its copies."""

    text = ""
    chunks: AsyncIterator[str] | None = None


class StubChat(BaseChatModel):
    """Answers with what `next` holds."""

    next: Any

    @property
    def _llm_type(self) -> str:
        return "stub"

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> Any:
        message = AIMessage(self.next.text)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any
    ) -> Any:
        return self._generate(messages)

    async def _astream(
        self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any
    ) -> AsyncIterator[Any]:
        async for chunk in self.next.chunks:
            piece = ChatGenerationChunk(message=AIMessageChunk(chunk))
            if run_manager is not None:
                await run_manager.on_llm_new_token(chunk, chunk=piece)
            yield piece


class Agent:
    """An agent around `model`; `mode` is `messages` (`stream_mode`) or `v3` (`astream_events`)."""

    def __init__(self, model: Any, following: Next, mode: str, middleware: Any = ()) -> None:
        warnings.simplefilter("ignore")  # v3 is a beta, and says so at every call
        self.next, self.mode = following, mode
        self.agent = create_agent(model, middleware=list(middleware))
        self.asked = {"messages": [("user", PROMPT)]}

    async def ask(self, text: str) -> str:
        self.next.text = text
        return (await self.agent.ainvoke(self.asked))["messages"][-1].text

    async def ask_stream(self, chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        self.next.chunks = chunks
        if self.mode == "messages":
            async for piece, _ in self.agent.astream(self.asked, stream_mode="messages"):
                yield piece.text
            return
        run = await self.agent.astream_events(self.asked, version="v3")
        async for message in run.messages:
            async for text in message.text:
                yield text
