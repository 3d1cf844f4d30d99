"""The promises of every adapter, on each way in which LangChain asks a chat model."""

import json
from typing import ClassVar

import pytest
from langchain_core.exceptions import ModelRefusalError
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableLambda
from langchain_models import AsyncChatScript, ChatScript, EventChat, NestedChat

from chopmark.testing import AdapterContract, Path, Said
from chopmark_langchain import guard

pytestmark = [
    pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning"),
    pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainDeprecationWarning"),  # v1
]


def said(message):
    """What a message, or a chunk of one, says: its text, or its tool call's arguments."""
    if hasattr(message, "tool_call_chunks"):
        calls = [call["args"] or "" for call in message.tool_call_chunks]
    else:
        made = [*getattr(message, "tool_calls", ()), *getattr(message, "invalid_tool_calls", ())]
        calls = [c["args"] if isinstance(c["args"], str) else json.dumps(c["args"]) for c in made]
    return Said("".join([message.text, *calls]), message.response_metadata)


def finish(event):
    """What carries the metadata among protocol events."""
    return event.get("metadata") if event["event"] == "message-finish" else None


def of_protocol(event):
    delta = event.get("delta") or {}
    return Said(delta.get("text") or delta.get("args"), finish(event))


def invoke(model, prompt):
    return said(model.invoke(prompt))


def batch(model, prompt):
    (answer,) = model.batch([[HumanMessage(prompt)]])
    return said(answer)


def bound(model, prompt):
    return said(model.bind(stop=["never"]).invoke(prompt))


def chain(model, prompt):
    return said((RunnableLambda(lambda text: [("human", text)]) | model).invoke(prompt))


def stream(model, prompt):
    for chunk in model.stream(prompt):
        yield said(chunk)


def stream_v3(model, prompt):
    for event in model.stream_events(prompt, version="v3"):
        yield of_protocol(event)


async def ainvoke(model, prompt):
    return said(await model.ainvoke(prompt))


async def abatch(model, prompt):
    (answer,) = await model.abatch([prompt])
    return said(answer)


async def astream(model, prompt):
    async for chunk in model.astream(prompt):
        yield said(chunk)


def astream_old(version):
    """Ask for the events of a version that has those of callbacks."""

    async def ask(model, prompt):
        async for event in model.astream_events(prompt, version=version):
            if event["event"] == "on_chat_model_stream":
                yield said(event["data"]["chunk"])

    return ask


astream_v1, astream_v2 = astream_old("v1"), astream_old("v2")


async def astream_v3(model, prompt):
    stream = await model.astream_events(prompt, version="v3")
    try:
        async for event in stream:
            yield of_protocol(event)
    finally:
        await stream.aclose()


def with_json(ask):
    """The same way, of a model that is set to answer in JSON."""
    return lambda model, prompt: ask(model.bind(response_format={"type": "json_object"}), prompt)


DATA = {
    "json invoke": Path("call", with_json(invoke), "json"),
    "json stream": Path("stream", with_json(stream), "json"),
    "json ainvoke": Path("acall", with_json(ainvoke), "json"),
    "json astream": Path("astream", with_json(astream), "json"),
    "call in invoke": Path("call", invoke, "call"),
    "call in stream": Path("stream", stream, "call"),
    "call in ainvoke": Path("acall", ainvoke, "call"),
    "call in astream": Path("astream", astream, "call"),
}


AHEAD = "core runs ahead of who reads events; test_breaking_off has what it leaves"
RUNS_AHEAD = [
    *((topic, version) for topic in ("leaving", "forgetting") for version in ("v1", "v2", "v3")),
    ("cancelling", "v1"),
    ("cancelling", "v2"),
]


SOME = {
    name: DATA[name]
    for name in ("json invoke", "json astream", "call in ainvoke", "call in stream")
}


class Chat(AdapterContract):
    model_class = ChatScript
    blocked = ModelRefusalError
    paths: ClassVar = {
        "invoke": Path("call", invoke),
        "stream": Path("stream", stream),
        "ainvoke": Path("acall", ainvoke),
        "astream": Path("astream", astream),
        **SOME,
    }
    cannot: ClassVar = {"trio": "LangChain itself runs on asyncio alone"}

    def bare(self, script, **fields):
        return self.model_class(
            pieces=[] if script.form == "call" else list(script.pieces),
            json_answer=script.text,
            error=script.error,
            arguments=script.text if script.form == "call" else "",
            rest=script.rest,
            **fields,
        )

    def guard(self, model, chop, **options):
        return guard(model, chop, **options)

    def seen(self, model):
        return model.seen


class TestSyncModel(Chat):
    """A model with sync methods: core runs them in a thread for async callers."""

    paths: ClassVar = {**Chat.paths, **DATA}
    cannot: ClassVar = {
        **Chat.cannot,
        "cancelling": "core runs a sync model in a thread, which no cancellation reaches",
    }


class TestAsyncModel(Chat):
    """A model with async methods of its own."""

    model_class = AsyncChatScript
    paths: ClassVar = {**Chat.paths, **DATA}


@pytest.mark.deep
class TestOtherWays(Chat):
    """More ways to ask it, all of which `test_canary` asks, too."""

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

    model_class = AsyncChatScript

    def bare(self, script):
        return super().bare(script, marks_last=False)


class TestNestedModel(TestSyncModel):
    """A model that answers whole by streaming to itself."""

    model_class = NestedChat
    paths: ClassVar = Chat.paths


class TestEvents(Chat):
    """Protocol events, through core's bridge from chunks."""

    model_class = AsyncChatScript
    paths: ClassVar = {
        "invoke": Path("call", invoke),
        "ainvoke": Path("acall", ainvoke),
        "stream_events-v3": Path("stream", stream_v3),
        "astream_events-v1": Path("astream", astream_v1),
        "astream_events-v2": Path("astream", astream_v2),
        "astream_events-v3": Path("astream", astream_v3),
        "json in stream_events-v3": Path("stream", with_json(stream_v3), "json"),
        "json in astream_events-v2": Path("astream", with_json(astream_v2), "json"),
        "call in stream_events-v3": Path("stream", stream_v3, "call"),
        "call in astream_events-v3": Path("astream", astream_v3, "call"),
    }
    cannot: ClassVar = {
        **Chat.cannot,
        **{f"{topic}/astream_events-{version}": AHEAD for topic, version in RUNS_AHEAD},
    }


class TestNativeEvents(TestEvents):
    """Protocol events that the model makes itself."""

    model_class = EventChat
    cannot: ClassVar = {
        **TestEvents.cannot,
        "cancelling/ainvoke": "core runs a sync model in a thread, which no cancellation reaches",
    }
