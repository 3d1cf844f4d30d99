"""The promises of every adapter, on each way in which LangChain asks a chat model."""

from typing import ClassVar

import pytest
from langchain_core.exceptions import ModelRefusalError
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableLambda
from langchain_models import AsyncChatScript, ChatScript, EventChat, NestedChat

from chopmark.testing import AdapterContract, Path
from chopmark_langchain import guard

pytestmark = pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")


def invoke(model, prompt):
    return model.invoke(prompt).text


def batch(model, prompt):
    (answer,) = model.batch([[HumanMessage(prompt)]])
    return answer.text


def bound(model, prompt):
    return model.bind(stop=["never"]).invoke(prompt).text


def chain(model, prompt):
    return (RunnableLambda(lambda text: [("human", text)]) | model).invoke(prompt).text


def stream(model, prompt):
    for chunk in model.stream(prompt):
        yield chunk.text


def stream_v3(model, prompt):
    yield from model.stream_events(prompt, version="v3").text


async def ainvoke(model, prompt):
    return (await model.ainvoke(prompt)).text


async def abatch(model, prompt):
    (answer,) = await model.abatch([prompt])
    return answer.text


async def astream(model, prompt):
    async for chunk in model.astream(prompt):
        yield chunk.text


async def astream_v2(model, prompt):
    async for event in model.astream_events(prompt, version="v2"):
        if event["event"] == "on_chat_model_stream":
            yield event["data"]["chunk"].text


async def astream_v3(model, prompt):
    stream = await model.astream_events(prompt, version="v3")
    try:
        async for text in stream.text:
            yield text
    finally:
        await stream.aclose()


class Chat(AdapterContract):
    model_class = ChatScript
    blocked = ModelRefusalError
    paths: ClassVar = {
        "invoke": Path("call", invoke),
        "stream": Path("stream", stream),
        "ainvoke": Path("acall", ainvoke),
        "astream": Path("astream", astream),
    }

    def bare(self, script):
        return self.model_class(pieces=list(script.pieces), error=script.error)

    def guard(self, model, chop, **options):
        return guard(model, chop, **options)

    def seen(self, model):
        return model.seen


class TestSyncModel(Chat):
    """A model with sync methods: core runs them in a thread for async callers."""


class TestAsyncModel(Chat):
    """A model with async methods of its own, on more ways to ask it."""

    model_class = AsyncChatScript
    paths: ClassVar = {
        **Chat.paths,
        "batch": Path("call", batch),
        "bound": Path("call", bound),
        "chain": Path("call", chain),
        "abatch": Path("acall", abatch),
    }


class TestUnmarkedEnd(Chat):
    """A model that does not say where its stream ends, as ChatOpenAI."""

    def bare(self, script):
        return AsyncChatScript(pieces=list(script.pieces), error=script.error, marks_last=False)


class TestNestedModel(Chat):
    """A model that answers whole by streaming to itself."""

    model_class = NestedChat


class TestEvents(Chat):
    """Protocol events, through core's bridge from chunks."""

    model_class = AsyncChatScript
    paths: ClassVar = {
        "invoke": Path("call", invoke),
        "ainvoke": Path("acall", ainvoke),
        "stream_events-v3": Path("stream", stream_v3),
        "astream_events-v2": Path("astream", astream_v2),
        "astream_events-v3": Path("astream", astream_v3),
    }
    # Core runs ahead of who reads events, so the model may have finished when they leave.
    test_leaving_a_stream_records_what_was_delivered = None


class TestNativeEvents(TestEvents):
    """Protocol events that the model makes itself."""

    model_class = EventChat
