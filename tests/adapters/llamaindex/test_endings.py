"""However a call ends, its record says what was delivered."""

import asyncio
import gc

import anyio
import pytest
from llama_index.core.llms import ChatMessage
from llamaindex_models import Chatting, Completing, Wire, said, walk, wired

from chopmark import Chopmark, LogError, Policy, PolicyBlocked
from chopmark.testing import BrokenLog, MemoryLog, WordDetector, plugin
from chopmark_llamaindex import guard

ASKED = [ChatMessage("q")]


class Slow(Chatting):
    """Gives a piece, and then nothing for a long time."""

    async def achat(self, messages, **kwargs):
        await asyncio.sleep(60)

    async def astream_chat(self, messages, **kwargs):
        async def gen():
            yield said("one ")[0]
            await asyncio.sleep(60)

        return gen()


def quiet(log):
    nothing = WordDetector({"!": "deny"})
    return Chopmark(Policy(name="quiet"), plugins=[plugin(detectors=[nothing], log=log)])


def endings(log):
    return [(r.ending, r.answer.characters) for r in log.records]


async def test_a_stream_that_is_left_is_recorded(log):
    llm = guard(Chatting(said("one ", "two ", "three")), quiet(log))
    stream = llm.stream_chat(ASKED)
    next(stream)
    stream.close()
    pieces = await llm.astream_chat(ASKED)
    await anext(pieces)
    await pieces.aclose()
    assert endings(log) == [("abandoned", 4), ("abandoned", 4)]


def test_a_stream_that_is_forgotten_is_recorded(log):
    for piece in guard(Chatting(said("one ", "two ")), quiet(log)).stream_chat(ASKED):
        assert piece.delta
        break
    gc.collect()
    assert endings(log) == [("abandoned", 4)]


def test_a_stream_that_is_never_read_asks_nothing(log):
    llm = guard(Chatting(said("one")), quiet(log))
    llm.stream_chat(ASKED).close()
    assert not llm.asked_of
    assert not log.records


@pytest.mark.parametrize("method", ["achat", "astream_chat"])
async def test_a_cancelled_task_is_recorded(method, log):
    llm = guard(Slow(said("x")), quiet(log))
    got = []

    async def run():
        found = await getattr(llm, method)(ASKED)
        async for piece in found:
            got.append(piece.delta)  # noqa: PERF401  the task is cancelled in between

    task = asyncio.create_task(run())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert endings(log) == [("cancelled", len("".join(got)))]


async def test_a_timeout_is_recorded(log):
    llm = guard(Slow(said("x")), quiet(log))
    with pytest.raises(TimeoutError):
        with anyio.fail_after(0.05):
            await llm.achat(ASKED)
    assert endings(log) == [("cancelled", 0)]


async def test_a_broken_stream_delivers_what_came_before(log):
    llm = guard(Completing(["one ", "two"], error=OSError("line cut")), quiet(log))
    got, error = walk(llm.stream_complete("q"))
    assert str(error) == "line cut"
    assert [piece.delta for piece in got] == ["one ", "two"]
    with pytest.raises(OSError):
        await llm.acomplete("q")
    assert endings(log) == [("model_error", 7), ("model_error", 0)]


async def test_an_empty_answer_is_an_answer(log):
    llm = guard(Chatting(said("")), quiet(log))
    for response in (llm.chat(ASKED), await llm.achat(ASKED), *llm.stream_chat(ASKED)):
        assert response.message.content == ""
    assert guard(Completing(), quiet(log)).complete("q").text == ""
    assert endings(log) == [("completed", 0)] * 4


async def test_calls_at_once_do_not_mix(log, chop):
    llm = guard(Completing(["fine"]), chop)

    async def one(n):
        if n % 3:
            return (await llm.acomplete(f"q{n}")).text
        with pytest.raises(PolicyBlocked):
            await llm.acomplete(f"FORBIDDEN {n}")
        return "blocked"

    found = await asyncio.gather(*(one(n) for n in range(30)))
    assert found.count("blocked") == 10
    assert len(llm.asked_of) == 20
    assert len(log.records) == 30


async def test_two_streams_may_be_read_in_turns(chop):
    llm = guard(Completing(list("one SECRET two")), chop)
    streams = [llm.stream_complete("a"), llm.stream_complete("b")]
    said = ["", ""]
    for pieces in zip(*streams, strict=True):
        for n, piece in enumerate(pieces):
            said[n] += piece.delta
    assert said == ["one *** two"] * 2
    # nothing of a stream is left in the context: an unrelated call is screened
    open_stream = llm.stream_complete("c")
    next(open_stream)
    with pytest.raises(PolicyBlocked):
        llm.complete("FORBIDDEN")
    open_stream.close()


def test_a_log_that_fails_takes_the_last_piece_away():
    log = BrokenLog()
    chop = Chopmark(Policy(name="l"), plugins=[plugin(log=log)])
    got, error = walk(guard(Chatting(said("one")), chop).stream_chat(ASKED))
    assert isinstance(error, LogError)
    assert all("chopmark" not in p.message.additional_kwargs for p in got)


# Through LlamaIndex's own integration for providers of the OpenAI protocol.


async def _all_eight(llm):
    found = {
        "chat": llm.chat(ASKED).message,
        "complete": llm.complete("q"),
        "achat": (await llm.achat(ASKED)).message,
        "acomplete": await llm.acomplete("q"),
        "stream_chat": [p.message for p in llm.stream_chat(ASKED)],
        "stream_complete": list(llm.stream_complete("q")),
        "astream_chat": [p.message async for p in await llm.astream_chat(ASKED)],
        "astream_complete": [p async for p in await llm.astream_complete("q")],
    }
    return {
        name: [m.model_dump(exclude={"raw"}) for m in (f if isinstance(f, list) else [f])]
        for name, f in found.items()
    }


def _without_ours(found):
    """Take away what a guard adds: the metadata, and the last piece of a stream."""
    for name, pieces in found.items():
        if "stream" in name:
            pieces.pop()
        for piece in pieces:
            piece["additional_kwargs"].pop("chopmark", None)
    return found


@pytest.mark.parametrize(
    "calls", [(), [("f", '{"x": "中文"}'), ("g", "{}")]], ids=["text", "calls"]
)
async def test_a_provider_says_the_same_guarded(calls):
    wire = Wire("an answer 中文", calls, reasoning="I think")
    bare = await _all_eight(wired(wire))
    assert await _all_eight(guard(wired(wire), Chopmark("off"))) == bare
    log = MemoryLog()
    recording = Chopmark(Policy(name="r"), plugins=[plugin(log=log)])
    assert _without_ours(await _all_eight(guard(wired(wire), recording))) == bare
    assert len(log.records) == 8
    assert log.records[0].usage.input_tokens == 7
    assert {r.model for r in log.records} == {"wire"}


@pytest.mark.parametrize(
    "wire", [Wire("a SECRET is", each=1), Wire("x", reasoning="SECRET", each=2)]
)
async def test_a_provider_is_screened_on_all_eight(wire, chop):
    found = await _all_eight(guard(wired(wire), chop))
    assert "SECRET" not in str(found)
    assert "***" in str(found["chat"]) + str(found["stream_chat"])
