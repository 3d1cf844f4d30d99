"""The promises of every adapter, on each method through which LlamaIndex asks an LLM."""

from typing import ClassVar

from llama_index.core import PromptTemplate
from llama_index.core.llms import ChatMessage
from llamaindex_models import Completing

from chopmark.testing import AdapterContract, Path
from chopmark_llamaindex import LlamaIndexBlocked, guard

TEMPLATE = PromptTemplate("{question}")


def chat(model, prompt):
    return model.chat([ChatMessage(prompt)]).message.content


def stream_chat(model, prompt):
    for piece in model.stream_chat(messages=[ChatMessage(prompt)]):
        yield piece.delta


async def achat(model, prompt):
    return (await model.achat([ChatMessage(prompt)])).message.content


async def astream_chat(model, prompt):
    pieces = await model.astream_chat([ChatMessage(prompt)])
    try:
        async for piece in pieces:
            yield piece.delta
    finally:
        await pieces.aclose()


async def acomplete(model, prompt):
    return (await model.acomplete(prompt)).text


def stream_complete(model, prompt):
    for piece in model.stream_complete(prompt):
        yield piece.delta


async def astream_complete(model, prompt):
    pieces = await model.astream_complete(prompt=prompt)
    try:
        async for piece in pieces:
            yield piece.delta
    finally:
        await pieces.aclose()


class TestLlamaIndex(AdapterContract):
    blocked = LlamaIndexBlocked
    paths: ClassVar = {
        "chat": Path("call", chat),
        "stream_chat": Path("stream", stream_chat),
        "achat": Path("acall", achat),
        "astream_chat": Path("astream", astream_chat),
        "complete": Path("call", lambda m, p: m.complete(p).text),
        "stream_complete": Path("stream", stream_complete),
        "acomplete": Path("acall", acomplete),
        "astream_complete": Path("astream", astream_complete),
        "predict": Path("call", lambda m, p: m.predict(TEMPLATE, question=p)),
        "apredict": Path("acall", lambda m, p: m.apredict(TEMPLATE, question=p)),
        "stream": Path("stream", lambda m, p: m.stream(TEMPLATE, question=p)),
    }

    def bare(self, script):
        return Completing(script.pieces, script.error)

    def guard(self, model, chop, **options):
        return guard(model, chop, **options)

    def seen(self, model):
        return model.asked_of
