"""Who breaks off, in whatever form of stream, leaves one record that says so."""

import asyncio
import gc

import anyio
import pytest
from langchain.agents import create_agent
from langchain_models import AsyncChatScript, EventChat

from chopmark.testing import Script
from chopmark_langchain import ChopmarkMiddleware, guard

pytestmark = [
    pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning"),
    pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainDeprecationWarning"),  # v1
]

SCRIPT = Script(tuple("0123456789" * 5), waits=True)
ASKED = {"messages": [("human", "hi")]}
BROKEN_OFF = ("abandoned", "cancelled")
"""Core closes the model's stream where it can, and else cancels the task that reads it."""


def text_of(event):
    """The text of an event of any version, or of what a mode of streams gives."""
    while isinstance(event, tuple):  # a mode and its piece, or a message and its metadata
        event = event[1] if isinstance(event[0], str) else event[0]
    if hasattr(event, "text"):
        return event.text
    if not isinstance(event, dict):
        return ""
    data = event.get("data") or event.get("params", {}).get("data") or event
    if isinstance(data, tuple | list):
        data = data[0]
    chunk = data.get("chunk") if isinstance(data, dict) else None
    if hasattr(chunk, "text"):
        return chunk.text
    delta = data.get("delta") if isinstance(data, dict) else None
    return (delta or {}).get("text", "")


def events(version):
    async def read(model, asked):
        stream = model.astream_events(asked, version=version)
        if version != "v3":
            async for event in stream:
                yield text_of(event)
            return
        stream = await stream
        try:
            async for event in stream:
                yield text_of(event)
        finally:
            await getattr(stream, "aclose", getattr(stream, "abort", None))()

    return read


def mode(name):
    async def read(model, asked):
        async for piece in model.astream(asked, stream_mode=name):
            yield text_of(piece)

    return read


async def plain(model, asked):
    async for chunk in model.astream(asked):
        yield chunk.text


MODEL_WAYS = {"astream": plain, **{version: events(version) for version in ("v1", "v2", "v3")}}
AGENT_WAYS = {
    "messages": mode("messages"),
    "several": mode(["messages", "updates", "values"]),
    "debug and messages": mode(["debug", "messages"]),
    **{f"events {version}": events(version) for version in ("v2", "v3")},
}


async def leave(stream):
    await stream.aclose()


async def forget(stream):
    del stream
    gc.collect()


async def begin(stream):
    """Read until something was said."""
    with anyio.fail_after(20):
        async for piece in stream:
            if piece:
                return piece
    raise AssertionError("nothing was said")


async def broken_off(stream, how, log):
    """Break off behind the first words; return what was read."""
    if how == "cancel":
        read = []

        async def gather():
            async for piece in stream:
                read.append(piece)

        task = asyncio.create_task(gather())
        with anyio.fail_after(20):
            while not "".join(read):
                assert not task.done()
                await asyncio.sleep(0.002)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        read = [await begin(stream)]
        ends, stream = {"leave": leave, "forget": forget}[how](stream), None
        await ends
    with anyio.fail_after(20):
        while not log.records:  # noqa: ASYNC110  the loop closes what was forgotten, by and by
            await asyncio.sleep(0.002)
    await asyncio.sleep(0.02)  # a second record would come now
    return "".join(read)


def is_recorded_once(log, read):
    assert [record.action for record in log.records] == ["allow"]
    assert log.records[0].ending in BROKEN_OFF
    assert len(read) <= log.records[0].answer.characters < len(SCRIPT.text)


HOW = ("leave", "forget", "cancel")


# Who leaves version 1, or is cancelled there, waits until core has read the model to its end.
LEFT = [way for way in MODEL_WAYS if way != "v1"]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("way", LEFT)
async def test_of_a_model(chop, log, way, how):
    model = guard(AsyncChatScript(pieces=list(SCRIPT.pieces), rest=SCRIPT.rest), chop)
    is_recorded_once(log, await broken_off(MODEL_WAYS[way](model, "hi"), how, log))


@pytest.mark.parametrize("how", HOW)
async def test_of_a_model_that_makes_events_itself(chop, log, how):
    model = guard(EventChat(pieces=list(SCRIPT.pieces), rest=SCRIPT.rest), chop)
    is_recorded_once(log, await broken_off(MODEL_WAYS["v3"](model, "hi"), how, log))


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("way", AGENT_WAYS)
async def test_of_an_agent(chop, log, way, how):
    model = AsyncChatScript(pieces=list(SCRIPT.pieces), rest=SCRIPT.rest)
    agent = create_agent(model, [], middleware=[ChopmarkMiddleware(chop)])
    is_recorded_once(log, await broken_off(AGENT_WAYS[way](agent, ASKED), how, log))


@pytest.mark.parametrize("how", ["leave", "forget"])
async def test_core_reads_version_1_to_its_end_and_the_record_says_that(chop, log, how):
    model = guard(AsyncChatScript(pieces=list(SCRIPT.pieces)), chop)
    await broken_off(MODEL_WAYS["v1"](model, "hi"), how, log)
    assert [record.ending for record in log.records] == ["completed"]
    assert log.records[0].answer.characters == len(SCRIPT.text)


@pytest.mark.parametrize("version", ["stream", "v3"])
def test_of_a_sync_reader(chop, log, version):
    model = guard(AsyncChatScript(pieces=list(SCRIPT.pieces)), chop)
    stream = (
        model.stream("hi") if version == "stream" else model.stream_events("hi", version="v3").text
    )
    read = next(text for piece in stream if (text := getattr(piece, "text", piece)))
    del stream
    gc.collect()
    is_recorded_once(log, read)
