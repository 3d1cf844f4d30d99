"""Through the adapters, too, the span stands between the application and the model's own."""

from __future__ import annotations

import asyncio
import importlib.util
from typing import Any

import pytest

needs = {
    name: pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"no {name} here")
    for name in ("openai", "langchain_core", "llama_index")
}


def placed(telemetry: Any, calls: int) -> list[Any]:
    """Check that each call's span stands below `handler` and above `http`; return them."""
    spans = {span.id: span for span in telemetry.spans()}
    handlers = [span.id for span in spans.values() if span.name == "handler"]
    found = [span for span in spans.values() if span.name.startswith("chat")]
    assert [span.parent in handlers for span in found] == [True] * calls
    https = [span for span in spans.values() if span.name == "http"]
    assert {span.parent for span in https} == {span.id for span in found}
    return found


@pytest.fixture
def openai_server() -> Any:
    from openai_server import Server

    with Server() as server:
        yield server


def traced(telemetry: Any, module: Any) -> tuple[Any, Any]:
    """Return transports that make a span of every request, as an instrumented library does."""

    class Sync(module.HTTPTransport):  # type: ignore[misc]
        def handle_request(self, request: Any) -> Any:
            with telemetry.tracer.start_as_current_span("http"):
                return super().handle_request(request)

    class Async(module.AsyncHTTPTransport):  # type: ignore[misc]
        async def handle_async_request(self, request: Any) -> Any:
            with telemetry.tracer.start_as_current_span("http"):
                return await super().handle_async_request(request)

    return module.Client(transport=Sync()), module.AsyncClient(transport=Async())


@needs["openai"]
def test_of_the_openai_sdk(telemetry: Any, make: Any, openai_server: Any) -> None:
    from openai_server import MODULE, Answer, json_answer
    from openai_wire import chat, chat_stream

    from chopmark_openai import guard

    chop = make()
    body = {"model": "gpt-x", "messages": [{"role": "user", "content": "hi"}], "temperature": 0.2}

    http, http_async = traced(telemetry, MODULE)
    with telemetry.tracer.start_as_current_span("handler"):
        client = guard(openai_server.client(http_client=http), chop)
        openai_server.says(json_answer(chat({"content": "an odd answer"})))
        client.chat.completions.create(**body)
        openai_server.says(Answer(chat_stream(["a ", "streamed ", "answer"], usage=True)))
        stream = client.chat.completions.create(**body, stream=True)
    read = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
    assert read == "a streamed answer"

    async def ask() -> None:
        with telemetry.tracer.start_as_current_span("handler"):
            async with guard(openai_server.aclient(http_client=http_async), chop) as client:
                async for _ in await client.chat.completions.create(**body, stream=True):
                    pass

    asyncio.run(ask())
    for span in placed(telemetry, 3):
        assert span.name == "chat gpt-x"
        assert span.attributes["gen_ai.provider.name"] == "openai"
        assert span.attributes["gen_ai.request.temperature"] == 0.2
        assert span.attributes["gen_ai.usage.output_tokens"] == 5
        assert span.attributes["chopmark.ending"] == "completed"


@needs["langchain_core"]
def test_of_langchain(telemetry: Any, make: Any) -> None:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, AIMessageChunk
    from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

    from chopmark_langchain import guard

    class Model(BaseChatModel):
        model: str = "script-1"

        @property
        def _llm_type(self) -> str:
            return "script"

        def _generate(
            self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any
        ) -> Any:
            with telemetry.tracer.start_as_current_span("http"):
                return ChatResult(generations=[ChatGeneration(message=AIMessage("an answer"))])

        def _stream(
            self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any
        ) -> Any:
            for piece in ("an ", "odd ", "answer"):
                with telemetry.tracer.start_as_current_span("http"):
                    chunk = AIMessageChunk(piece)
                yield ChatGenerationChunk(message=chunk)

    model = guard(Model(), make())

    async def ask() -> None:
        with telemetry.tracer.start_as_current_span("handler"):
            await model.ainvoke("hi")
            async for _ in model.astream("hi"):
                pass
            await model.abatch(["hi", "ho"])

    with telemetry.tracer.start_as_current_span("handler"):
        model.invoke("hi")
        assert "".join(piece.text for piece in model.stream("hi")) == "an odd answer"
    asyncio.run(ask())
    for span in placed(telemetry, 6):
        assert span.name == "chat script-1"
        assert span.attributes["chopmark.adapter"] == "langchain"


@needs["llama_index"]
def test_of_llamaindex(telemetry: Any, make: Any) -> None:
    from llama_index.core.base.llms.types import CompletionResponse, LLMMetadata
    from llama_index.core.llms.callbacks import llm_completion_callback
    from llama_index.core.llms.custom import CustomLLM

    from chopmark_llamaindex import guard

    class Model(CustomLLM):
        @property
        def metadata(self) -> Any:
            return LLMMetadata(model_name="completing")

        @llm_completion_callback()
        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            with telemetry.tracer.start_as_current_span("http"):
                return CompletionResponse(text="an answer")

        @llm_completion_callback()
        def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            def pieces() -> Any:
                text = ""
                for delta in ("an ", "odd ", "answer"):
                    text += delta
                    with telemetry.tracer.start_as_current_span("http"):
                        piece = CompletionResponse(text=text, delta=delta)
                    yield piece

            return pieces()

    model = guard(Model(), make())

    async def ask() -> None:
        with telemetry.tracer.start_as_current_span("handler"):
            await model.acomplete("hi")
            async for _ in await model.astream_complete("hi"):
                pass

    with telemetry.tracer.start_as_current_span("handler"):
        model.complete("hi")
        assert [p.delta for p in model.stream_complete("hi")][-1:] != []
    asyncio.run(ask())
    for span in placed(telemetry, 4):
        assert span.attributes["chopmark.adapter"] == "llamaindex"
        assert span.name == "chat completing"
