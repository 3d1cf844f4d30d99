"""Models for tests: classes as integrations write them, that answer by a script."""

import json
import re
from typing import Any

from langchain_core.language_models import LLM, BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, ToolMessage
from langchain_core.outputs import (
    ChatGeneration,
    ChatGenerationChunk,
    ChatResult,
    GenerationChunk,
)
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from pydantic import Field


class ChatScript(BaseChatModel):
    """Answers with `pieces`, calls a tool that is bound, or gives JSON where that is asked for.

    `pieces` are strings or lists of content blocks. `error` is raised behind them, and `rest`
    awaited. `arguments` is JSON text, good or not, of a tool call that it makes in any case. `seen`
    and `kwargs_seen` hold what reached it.
    """

    model: str = "script-1"
    temperature: float | None = None
    max_tokens: int | None = None
    timeout: float | None = None
    max_retries: int | None = None
    stop: list[str] | None = None
    pieces: list[Any] = Field(default_factory=lambda: ["It ", "is ", "so", "."])
    json_answer: str = ""
    arguments: str = ""
    error: Any = None
    rest: Any = None
    marks_last: bool = True
    tells_tokens: bool = False
    seen: list[Any] = Field(default_factory=list)
    kwargs_seen: list[Any] = Field(default_factory=list)

    @property
    def _llm_type(self):
        return "script"

    @property
    def _identifying_params(self):
        return {"model": self.model, "pieces": self.pieces}

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        self._note(messages, stop, kwargs)
        message = self._message(messages, kwargs)
        if self.tells_tokens and run_manager is not None:
            run_manager.on_llm_new_token(message.text, chunk=_chunk(content=message.content))
        if self.error is not None:
            raise self.error
        return ChatResult(
            generations=[ChatGeneration(message=message)], llm_output={"script": self.model}
        )

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        self._note(messages, stop, kwargs)
        for chunk in self._chunks(messages, kwargs):
            if self.tells_tokens and run_manager is not None:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def bind_tools(self, tools, *, tool_choice=None, **kwargs):
        made = [convert_to_openai_tool(tool) for tool in tools]
        return super().bind(tools=made, tool_choice=tool_choice, **kwargs)

    async def _rest(self):
        if self.rest is not None:
            await self.rest()

    def _pieces(self, kwargs):
        return list(self.json_answer) if kwargs.get("response_format") else self.pieces

    def _note(self, messages, stop, kwargs):
        self.seen.append("\n".join(message.text for message in messages))
        self.kwargs_seen.append({"stop": stop, **kwargs})

    def _metadata(self, kwargs):
        return {"model_name": kwargs.get("model", self.model), "finish_reason": "stop"}

    def _usage(self):
        return {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8}

    def _message(self, messages, kwargs):
        call = _tool_call(messages, kwargs)
        content = self.json_answer if kwargs.get("response_format") else _joined(self.pieces)
        return AIMessage(
            content="" if call or self.arguments else content,
            **({"tool_calls": [call]} if call else _parsed(self.arguments)),
            response_metadata=self._metadata(kwargs),
            usage_metadata=self._usage(),
        )

    def _chunks(self, messages, kwargs):
        call = _tool_call(messages, kwargs)
        pieces = [] if call or self.arguments else self._pieces(kwargs)
        for piece in pieces:
            yield _chunk(content=piece)
        if self.error is not None:
            raise self.error
        if call:
            args = json.dumps(call["args"], ensure_ascii=False)
            cut = len(args) // 2
            yield from _call_chunks((args[:cut], args[cut:]), call["name"], call["id"])
        yield from _call_chunks(self.arguments)
        yield _chunk(
            content=[] if pieces and isinstance(pieces[-1], list) else "",
            response_metadata=self._metadata(kwargs),
            usage_metadata=self._usage(),
            chunk_position="last" if self.marks_last else None,
        )


class AsyncChatScript(ChatScript):
    """The same with async methods of its own."""

    async def _agenerate(self, messages, stop=None, run_manager=None, **kwargs):
        result = self._generate(messages, stop, None, **kwargs)
        await self._rest()
        return result

    async def _astream(self, messages, stop=None, run_manager=None, **kwargs):
        self._note(messages, stop, kwargs)
        for chunk in self._chunks(messages, kwargs):
            if chunk.message.response_metadata:
                await self._rest()
            if self.tells_tokens and run_manager is not None:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk


class WholeChat(ChatScript):
    """A model that cannot stream."""

    _stream = BaseChatModel._stream


class NestedChat(ChatScript):
    """A model whose `_generate` is made of its own `_stream`."""

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        chunks = list(self._stream(messages, stop=stop, run_manager=run_manager, **kwargs))
        whole = chunks[0]
        for chunk in chunks[1:]:
            whole += chunk
        message = whole.message
        made = AIMessage(
            content=message.content,
            tool_calls=message.tool_calls,
            invalid_tool_calls=message.invalid_tool_calls,
            usage_metadata=message.usage_metadata,
        )
        return ChatResult(generations=[ChatGeneration(message=made)])


class EventChat(ChatScript):
    """A model that streams protocol events by itself; `events` are its own, if given."""

    events: list[Any] | None = None

    def _stream_chat_model_events(self, messages, stop=None, run_manager=None, **kwargs):
        self._note(messages, stop, kwargs)
        yield from self._said(kwargs)

    async def _astream_chat_model_events(self, messages, stop=None, run_manager=None, **kwargs):
        self._note(messages, stop, kwargs)
        for event in self._said(kwargs):
            if event["event"] == "content-block-finish":
                await self._rest()
            yield event

    def _said(self, kwargs):
        if self.arguments:
            return _block_events(_CALL, "args", self.arguments, self.error)
        block = {"type": "text", "text": ""}
        return self.events or _block_events(block, "text", self._pieces(kwargs), self.error)


class TextScript(LLM):
    """A text LLM that streams."""

    pieces: list[str] = Field(default_factory=lambda: ["one ", "two ", "three"])
    seen: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self):
        return "text-script"

    def _call(self, prompt, stop=None, run_manager=None, **kwargs):
        self.seen.append(prompt)
        return "".join(self.pieces)

    def _stream(self, prompt, stop=None, run_manager=None, **kwargs):
        self.seen.append(prompt)
        for piece in self.pieces:
            if run_manager is not None:
                run_manager.on_llm_new_token(piece, chunk=GenerationChunk(text=piece))
            yield GenerationChunk(text=piece)


def _chunk(**fields):
    return ChatGenerationChunk(message=AIMessageChunk(**fields))


def _joined(pieces):
    if any(isinstance(piece, list) for piece in pieces):
        return [
            {key: value for key, value in block.items() if key != "index"}
            for piece in pieces
            for block in piece
        ]
    return "".join(pieces)


def _parsed(arguments):
    """The fields of a message that calls a tool so, as LangChain's parsers fill them."""
    if not arguments:
        return {}
    call = {"name": "note", "args": arguments, "id": "call-1"}
    try:
        return {"tool_calls": [{**call, "args": json.loads(arguments)}]}
    except ValueError:
        return {"invalid_tool_calls": [{**call, "error": None}]}


def _call_chunks(parts, name="note", call_id="call-1"):
    for n, part in enumerate(parts):
        named = {"name": None, "id": None} if n else {"name": name, "id": call_id}
        yield _chunk(content="", tool_call_chunks=[{**named, "args": part, "index": 0}])


_CALL = {"type": "tool_call_chunk", "id": "call-1", "name": "note", "args": ""}


def _block_events(empty, field, pieces, error):
    """The events of a message of one block, whose `field` comes in pieces."""
    text = "".join(pieces)
    call = field == "args"
    yield {"event": "message-start", "role": "ai", "id": ""}
    yield {"event": "content-block-start", "index": 0, "content": empty}
    for piece in pieces:
        delta = {"type": "tool-call-delta" if call else "text-delta", field: piece}
        yield {"event": "content-block-delta", "index": 0, "delta": delta}
    if error is not None:
        raise error
    block = {**empty, field: text}
    if call:
        parsed = _parsed(text)
        kind, (made,) = next(iter(parsed.items()))
        block = {"type": kind.removesuffix("s"), **made}
    yield {"event": "content-block-finish", "index": 0, "content": block}
    yield {
        "event": "message-finish",
        "usage": {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8},
        "metadata": {"model_name": "script-1"},
    }


def _tool_call(messages, kwargs):
    tools = kwargs.get("tools")
    if not tools or isinstance(messages[-1], ToolMessage):
        return None
    prompt = messages[-1].text
    choice = kwargs.get("tool_choice")
    named = [tool for tool in tools if tool["function"]["name"] == choice]
    function = (named or tools)[0]["function"]
    schema = convert_to_json_schema(function)
    args = {name: _value(shape, prompt) for name, shape in schema.get("properties", {}).items()}
    return {"name": function["name"], "args": args, "id": "call-1", "type": "tool_call"}


def _value(shape, prompt):
    if shape.get("type") in ("integer", "number"):
        found = re.search(r"\d+", prompt)
        return int(found[0]) if found else 1
    quoted = re.search(r"'([^']+)'", prompt)
    return quoted[1] if quoted else prompt
