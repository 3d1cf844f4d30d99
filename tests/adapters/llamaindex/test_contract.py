"""The promises of every adapter, on each method through which LlamaIndex asks an LLM."""

from typing import Any, ClassVar

from llama_index.core import PromptTemplate
from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.llms import ChatMessage
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llamaindex_models import Chatting, Completing, calls
from pydantic import BaseModel, PrivateAttr

from chopmark.testing import AdapterContract, Path, Said
from chopmark_llamaindex import LlamaIndexBlocked, guard

TEMPLATE = PromptTemplate("{question}")
JSON = {"response_format": {"type": "json_object"}}


class Out(BaseModel):
    """What is asked for as an object."""

    name: str
    count: int


class Scripted(Completing):
    """The same with async methods of its own, which may wait."""

    _rest: Any = PrivateAttr(default=None)

    def __init__(self, script):
        super().__init__(script.pieces, script.error)
        self._rest = script.rest

    @llm_completion_callback()
    async def acomplete(self, prompt, formatted=False, **kwargs):
        answer = self.complete(prompt, formatted=formatted, **kwargs)
        await self._rest()
        return answer

    @llm_chat_callback()
    async def achat(self, messages, **kwargs):
        answer = self.chat(messages, **kwargs)
        await self._rest()
        return answer

    @llm_completion_callback()
    async def astream_complete(self, prompt, formatted=False, **kwargs):
        return self._slowly(self.stream_complete(prompt, formatted=formatted, **kwargs))

    @llm_chat_callback()
    async def astream_chat(self, messages, **kwargs):
        return self._slowly(self.stream_chat(messages, **kwargs))

    async def _slowly(self, pieces):
        for piece in pieces:
            yield piece
        await self._rest()


def said(response):
    """What a whole answer says: its text, or its tool call's arguments."""
    message = getattr(response, "message", None)
    if message is None:
        return Said(response.text, response.additional_kwargs)
    return Said(message.content or arguments(message), message.additional_kwargs)


def arguments(message):
    return "".join(b.tool_kwargs for b in message.blocks if isinstance(b, ToolCallBlock))


def part(piece):
    holder = getattr(piece, "message", piece)
    return Said(piece.delta, holder.additional_kwargs)


def growing(pieces):
    """The arguments of a call, which each piece repeats from their start."""
    before = ""
    for piece in pieces:
        now = arguments(piece.message)
        yield Said(now.removeprefix(before), piece.message.additional_kwargs)
        before = now


def chat(model, prompt, **more):
    return said(model.chat([ChatMessage(prompt)], **more))


def complete(model, prompt, **more):
    return said(model.complete(prompt, **more))


def stream_chat(model, prompt, **more):
    for piece in model.stream_chat(messages=[ChatMessage(prompt)], **more):
        yield part(piece)


def stream_complete(model, prompt):
    for piece in model.stream_complete(prompt):
        yield part(piece)


async def achat(model, prompt, **more):
    return said(await model.achat([ChatMessage(prompt)], **more))


async def acomplete(model, prompt):
    return said(await model.acomplete(prompt))


async def astream_chat(model, prompt, **more):
    pieces = await model.astream_chat([ChatMessage(prompt)], **more)
    try:
        async for piece in pieces:
            yield part(piece)
    finally:
        await pieces.aclose()


async def astream_complete(model, prompt):
    pieces = await model.astream_complete(prompt=prompt)
    try:
        async for piece in pieces:
            yield part(piece)
    finally:
        await pieces.aclose()


def call_stream(model, prompt):
    return growing(model.stream_chat([ChatMessage(prompt)]))


async def call_astream(model, prompt):
    pieces = await model.astream_chat([ChatMessage(prompt)])
    for piece in growing([piece async for piece in pieces]):
        yield piece


def with_json(ask):
    """The same way, with what asks providers for JSON."""
    return lambda model, prompt: ask(model, prompt, **JSON)


def predict_object(model, prompt):
    ask = PromptTemplate("{question}")  # its own: LlamaIndex leaves a parser in it
    return model.structured_predict(Out, ask, question=prompt).model_dump_json()


async def apredict_object(model, prompt):
    ask = PromptTemplate("{question}")
    made = await model.astructured_predict(Out, ask, question=prompt)
    return made.model_dump_json()


class TestLlamaIndex(AdapterContract):
    blocked = LlamaIndexBlocked
    paths: ClassVar = {
        "chat": Path("call", chat),
        "stream_chat": Path("stream", stream_chat),
        "achat": Path("acall", achat),
        "astream_chat": Path("astream", astream_chat),
        "complete": Path("call", complete),
        "stream_complete": Path("stream", stream_complete),
        "acomplete": Path("acall", acomplete),
        "astream_complete": Path("astream", astream_complete),
        "predict": Path("call", lambda m, p: m.predict(TEMPLATE, question=p)),
        "apredict": Path("acall", lambda m, p: m.apredict(TEMPLATE, question=p)),
        "stream": Path("stream", lambda m, p: m.stream(TEMPLATE, question=p)),
        "json chat": Path("call", with_json(chat), "json"),
        "json complete": Path("call", with_json(complete), "json"),
        "json stream_chat": Path("stream", with_json(stream_chat), "json"),
        "json achat": Path("acall", with_json(achat), "json"),
        "json astream_chat": Path("astream", with_json(astream_chat), "json"),
        "structured_predict": Path("call", predict_object, "json"),
        "astructured_predict": Path("acall", apredict_object, "json"),
        "call in chat": Path("call", chat, "call"),
        "call in stream_chat": Path("stream", call_stream, "call"),
        "call in achat": Path("acall", achat, "call"),
        "call in astream_chat": Path("astream", call_astream, "call"),
    }
    cannot: ClassVar = {
        "trio": "LlamaIndex itself runs on asyncio alone",
        **{
            f"metadata/{name}": "plain text and objects carry nothing: on_response is told"
            for name in (
                "predict", "apredict", "stream", "structured_predict", "astructured_predict",
            )
        },
    }  # fmt: skip

    def bare(self, script):
        if script.form == "call":
            return Chatting(calls("note", script.text, cuts=range(1, len(script.text))))
        return Scripted(script)

    def guard(self, model, chop, **options):
        return guard(model, chop, **options)

    def seen(self, model):
        return model.asked_of
