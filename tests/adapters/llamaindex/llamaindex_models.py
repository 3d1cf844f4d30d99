"""LLMs for tests: classes as users and integrations write them, that answer by a script."""

import json
from typing import Any

import httpx
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    LLMMetadata,
    TextBlock,
    ToolCallBlock,
)
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.custom import CustomLLM
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.llms.utils import parse_partial_json
from llama_index.llms.openai_like import OpenAILike
from pydantic import Field, PrivateAttr


def contents(messages):
    return "\n".join(message.content or "" for message in messages)


class Completing(CustomLLM):
    """As the documentation tells users to write one: chat goes through complete."""

    is_chat: bool = False
    _pieces: tuple = PrivateAttr(default=())
    _error: Any = PrivateAttr(default=None)
    asked_of: list = Field(default_factory=list)

    def __init__(self, pieces=(), error=None, **fields):
        super().__init__(messages_to_prompt=contents, asked_of=[], **fields)
        self._pieces, self._error = tuple(pieces), error

    @property
    def metadata(self):
        return LLMMetadata(model_name="completing", is_chat_model=self.is_chat)

    @llm_completion_callback()
    def complete(self, prompt, formatted=False, **kwargs):
        self.asked_of.append(prompt)
        if self._error is not None:
            raise self._error
        return CompletionResponse(text="".join(self._pieces), raw={"usage": {"prompt_tokens": 3}})

    @llm_completion_callback()
    def stream_complete(self, prompt, formatted=False, **kwargs):
        self.asked_of.append(prompt)

        def gen():
            text = ""
            for piece in self._pieces:
                text += piece
                yield CompletionResponse(text=text, delta=piece, raw={"piece": piece})
            if self._error is not None:
                raise self._error

        return gen()


class Chatting(FunctionCallingLLM):
    """An integration that answers with whole pieces of its own making, one list for each call."""

    asked_of: list = Field(default_factory=list)
    _answers: list = PrivateAttr(default_factory=list)

    def __init__(self, *answers, **fields):
        super().__init__(asked_of=[], **fields)
        self._answers = list(answers)

    @property
    def metadata(self):
        return LLMMetadata(
            model_name="chatting", is_chat_model=True, is_function_calling_model=True
        )

    def _next(self, messages):
        self.asked_of.append(list(messages))
        pieces = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [piece.model_copy(deep=True) for piece in pieces]

    @llm_chat_callback()
    def chat(self, messages, **kwargs):
        return self._next(messages)[-1]

    @llm_chat_callback()
    def stream_chat(self, messages, **kwargs):
        pieces = self._next(messages)
        return (piece for piece in pieces)

    @llm_chat_callback()
    async def achat(self, messages, **kwargs):
        return self._next(messages)[-1]

    @llm_chat_callback()
    async def astream_chat(self, messages, **kwargs):
        pieces = self._next(messages)

        async def gen():
            for piece in pieces:
                yield piece

        return gen()

    @llm_completion_callback()
    def complete(self, prompt, formatted=False, **kwargs):
        return CompletionResponse(text=self.chat([ChatMessage(prompt)], **kwargs).message.content)

    @llm_completion_callback()
    def stream_complete(self, prompt, formatted=False, **kwargs):
        raise NotImplementedError

    @llm_completion_callback()
    async def acomplete(self, prompt, formatted=False, **kwargs):
        response = await self.achat([ChatMessage(prompt)], **kwargs)
        return CompletionResponse(text=response.message.content)

    @llm_completion_callback()
    async def astream_complete(self, prompt, formatted=False, **kwargs):
        raise NotImplementedError

    def _prepare_chat_with_tools(
        self,
        tools,
        user_msg=None,
        chat_history=None,
        verbose=False,
        allow_parallel_tool_calls=False,
        tool_required=False,
        **kwargs,
    ):
        messages = list(chat_history or [])
        if user_msg:
            messages.append(ChatMessage(user_msg) if isinstance(user_msg, str) else user_msg)
        return {"messages": messages, "tools": tools}

    def get_tool_calls_from_response(self, response, error_on_no_tool_call=True, **kwargs):
        found = []
        for block in response.message.blocks:
            if isinstance(block, ToolCallBlock):
                arguments = block.tool_kwargs
                if isinstance(arguments, str):
                    try:
                        arguments = parse_partial_json(arguments)
                    except ValueError:
                        arguments = {}
                found.append(
                    ToolSelection(
                        tool_id=block.tool_call_id or "",
                        tool_name=block.tool_name,
                        tool_kwargs=arguments,
                    )
                )
        if error_on_no_tool_call and not found:
            raise ValueError("no tool call")
        return found


def said(*deltas, blocks=(), **fields):
    """Return the pieces of a stream in which every piece repeats the text so far."""
    pieces, text = [], ""
    for delta in deltas:
        text += delta
        message = ChatMessage(role="assistant", blocks=[TextBlock(text=text), *blocks])
        pieces.append(ChatResponse(message=message, delta=delta, raw={"text": text}, **fields))
    return pieces


def calls(name, arguments, cuts=(), text="", call_id="call-1"):
    """Return the pieces of a stream in which a tool call's arguments grow."""
    data = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    pieces = []
    for end in (*cuts, len(data)):
        block = ToolCallBlock(tool_call_id=call_id, tool_name=name, tool_kwargs=data[:end])
        function = {"name": name, "arguments": data[:end]}
        message = ChatMessage(
            role="assistant",
            blocks=[TextBlock(text=text), block],
            additional_kwargs={"tool_calls": [{"id": call_id, "function": function}]},
        )
        pieces.append(ChatResponse(message=message, delta="", raw={"arguments": data[:end]}))
    return pieces


class Wire(httpx.MockTransport):
    """A provider of the OpenAI protocol: answers by a script, remembers what it was asked."""

    def __init__(self, text="", calls=(), reasoning="", each=4):
        super().__init__(self.answer)
        self.text, self.calls, self.reasoning, self.each = text, calls, reasoning, each
        self.asked = []

    def answer(self, request):
        body = json.loads(request.content)
        self.asked.append(body)
        calls = [] if any(m["role"] == "tool" for m in body["messages"]) else self.calls
        if body.get("stream"):
            stream = "".join(f"data: {json.dumps(e)}\n\n" for e in self._events(calls))
            return httpx.Response(
                200, text=stream + "data: [DONE]\n\n", headers={"content-type": "text/event-stream"}
            )
        message = {"role": "assistant", "content": None if calls else self.text}
        if self.reasoning:
            message["reasoning_content"] = self.reasoning
        if calls:
            message["tool_calls"] = [
                {"id": f"c{n}", "type": "function", "function": {"name": k, "arguments": a}}
                for n, (k, a) in enumerate(calls)
            ]
        usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return httpx.Response(
            200, json={**self._head("chat.completion"), "choices": [choice], "usage": usage}
        )

    def _head(self, kind):
        return {"id": "wire-1", "object": kind, "created": 1, "model": "wire"}

    def _events(self, calls):
        yield self._event({"role": "assistant", "content": ""})
        for part in self._cut(self.reasoning):
            yield self._event({"reasoning_content": part})
        for part in self._cut("" if calls else self.text):
            yield self._event({"content": part})
        for n, (name, arguments) in enumerate(calls):
            function = {"name": name, "arguments": ""}
            yield self._event(
                {
                    "tool_calls": [
                        {"index": n, "id": f"c{n}", "type": "function", "function": function}
                    ]
                }
            )
            for part in self._cut(arguments):
                yield self._event({"tool_calls": [{"index": n, "function": {"arguments": part}}]})
        yield self._event({}, "stop")

    def _event(self, delta, finish=None):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def _cut(self, text):
        return [text[n : n + self.each] for n in range(0, len(text), self.each)]


def wired(wire, cls=OpenAILike, **fields):
    """Return LlamaIndex's own LLM for the OpenAI protocol, whose provider is `wire`."""
    options = {
        "model": "wire",
        "api_key": "sk-hidden",
        "api_base": "http://provider.invalid/v1",
        "http_client": httpx.Client(transport=wire),
        "async_http_client": httpx.AsyncClient(transport=wire),
        "max_retries": 0,
    }
    if cls is OpenAILike:
        options |= {"is_chat_model": True, "is_function_calling_model": True}
    return cls(**{**options, **fields})


def walk(stream):
    """Return what a stream gave, and the error that ended it."""
    got = []
    try:
        for piece in stream:
            got.append(piece)  # noqa: PERF402  an error may follow
    except Exception as error:
        return got, error
    return got, None
