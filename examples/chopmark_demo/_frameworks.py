"""The same prompt through three frameworks: LangChain's agent, the OpenAI SDK, LlamaIndex."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

from chopmark import Chopmark, Response

from ._local import Endpoint
from ._prompts import Prompt, look_up_order

Say = Callable[[str], None]
Told = Callable[[Response], None]
MAX_TOKENS = 64


def langchain_agent(chop: Chopmark, prompt: Prompt, at: Endpoint, say: Say, told: Told) -> None:
    """Ask an agent with a tool; JSON is asked of the guarded model itself."""
    from langchain.agents import create_agent
    from langchain_openai import ChatOpenAI

    from chopmark_langchain import ChopmarkMiddleware, guard

    model = ChatOpenAI(
        model=at.model, base_url=at.base_url, api_key=at.api_key, temperature=0,
        max_tokens=MAX_TOKENS, max_retries=0, stream_usage=False,
    )  # fmt: skip
    if prompt.structured:
        guarded = guard(model, chop, on_response=told)
        for chunk in guarded.bind(response_format={"type": "json_object"}).stream(prompt.text):
            say(chunk.text)
        return
    agent: Any = create_agent(
        model,
        tools=[look_up_order] if prompt.tool else [],
        middleware=[ChopmarkMiddleware(chop, on_response=told)],
    )
    asked = {"messages": [{"role": "user", "content": prompt.text}]}
    for message, _ in agent.stream(asked, stream_mode="messages"):
        if message.type == "AIMessageChunk":
            say(message.text)


def openai_sdk(chop: Chopmark, prompt: Prompt, at: Endpoint, say: Say, told: Told) -> None:
    """Ask the client itself, and call the tool by hand."""
    from openai import OpenAI

    from chopmark_openai import guard

    client: Any = guard(OpenAI(base_url=at.base_url, api_key=at.api_key), chop, on_response=told)
    messages: list[dict[str, Any]] = [{"role": "user", "content": prompt.text}]
    more: dict[str, Any] = {}
    if prompt.structured:
        more["response_format"] = {"type": "json_object"}
    if prompt.tool:
        more["tools"] = [_TOOL]
    while True:
        calls: list[dict[str, Any]] = []
        for text in _read(client, at, messages, more, calls):
            say(text)
        if not calls:
            return
        messages.append({"role": "assistant", "content": None, "tool_calls": calls})
        for call in calls:
            result = look_up_order(**json.loads(call["function"]["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})


def _read(
    client: Any,
    at: Endpoint,
    messages: list[dict[str, Any]],
    more: dict[str, Any],
    calls: list[dict[str, Any]],
) -> Iterator[str]:
    stream = client.chat.completions.create(
        model=at.model, messages=messages, stream=True, temperature=0, max_tokens=MAX_TOKENS, **more
    )
    for chunk in stream:
        for choice in chunk.choices:
            for part in choice.delta.tool_calls or ():
                if part.id:
                    calls.append({"id": part.id, "type": "function", "function": {
                        "name": part.function.name, "arguments": ""}})  # fmt: skip
                calls[-1]["function"]["arguments"] += part.function.arguments or ""
            if choice.delta.content:
                yield choice.delta.content


_TOOL = {
    "type": "function",
    "function": {
        "name": "look_up_order",
        "description": look_up_order.__doc__,
        "parameters": {
            "type": "object",
            "properties": {"number": {"type": "string"}},
            "required": ["number"],
        },
    },
}


def llamaindex(chop: Chopmark, prompt: Prompt, at: Endpoint, say: Say, told: Told) -> None:
    """Ask the LLM, through a function agent where there is a tool."""
    from llama_index.core.llms import ChatMessage
    from llama_index.core.tools import FunctionTool
    from llama_index.llms.openai_like import OpenAILike

    from chopmark_llamaindex import guard

    llm: Any = guard(
        OpenAILike(
            model=at.model, api_base=at.base_url, api_key=at.api_key, is_chat_model=True,
            is_function_calling_model=True, temperature=0, max_tokens=MAX_TOKENS, max_retries=0,
        ),
        chop,
        on_response=told,
    )  # fmt: skip
    if prompt.tool:
        asyncio.run(_agent(llm, FunctionTool.from_defaults(look_up_order), prompt, say))
        return
    more = {"response_format": {"type": "json_object"}} if prompt.structured else {}
    for piece in llm.stream_chat([ChatMessage(role="user", content=prompt.text)], **more):
        say(piece.delta or "")


async def _agent(llm: Any, tool: Any, prompt: Prompt, say: Say) -> None:
    from llama_index.core.agent.workflow import AgentStream, FunctionAgent

    agent = FunctionAgent(tools=[tool], llm=llm, streaming=True)
    running = agent.run(prompt.text)
    async for event in running.stream_events():
        if isinstance(event, AgentStream):
            say(event.delta)
    await running


FRAMEWORKS = {"LangChain": langchain_agent, "OpenAI SDK": openai_sdk, "LlamaIndex": llamaindex}
