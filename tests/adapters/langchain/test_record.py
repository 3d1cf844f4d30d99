"""The callback that records models that are not guarded."""

import asyncio

import pytest
from langchain_models import AsyncChatScript, ChatScript, TextScript

from chopmark import Chopmark, LogError, Policy, PolicyError
from chopmark.testing import BrokenLog, SuffixMarker, WordDetector, plugin
from chopmark_langchain import RecordOnlyCallback


@pytest.fixture
def recording(log):
    return Chopmark(Policy(name="recording"), plugins=[plugin(log=log)])


def config(chop, **options):
    return {"callbacks": [RecordOnlyCallback(chop, **options)]}


def test_a_call_is_recorded(recording, log):
    model = ChatScript()
    answer = model.invoke("hi", config(recording))
    assert "chopmark" not in answer.response_metadata
    (record,) = log.records
    assert (record.adapter, record.model) == ("langchain.callback", "script-1")
    assert (record.action, record.ending, record.stream) == ("allow", "completed", False)
    assert (record.messages, record.answer.characters) == (1, len("It is so."))
    assert (record.usage.input_tokens, record.usage.output_tokens) == (3, 5)


def test_a_stream_is_recorded(recording, log):
    list(ChatScript().stream("hi", config(recording)))
    (record,) = log.records
    assert (record.ending, record.stream) == ("completed", True)
    assert record.answer.characters == len("It is so.")


async def test_async_calls_are_recorded(recording, log):
    await AsyncChatScript().ainvoke("hi", config(recording))
    _ = [chunk async for chunk in AsyncChatScript().astream("hi", config(recording))]
    assert [record.ending for record in log.records] == ["completed", "completed"]
    assert [record.stream for record in log.records] == [False, True]


def test_a_text_llm_is_recorded(recording, log):
    assert TextScript().invoke("hi", config(recording)) == "one two three"
    assert (log.records[0].messages, log.records[0].answer.characters) == (1, 13)


def test_a_batch_leaves_a_record_for_each(recording, log):
    ChatScript().batch(["a", "bb", "ccc"], config(recording))
    lengths = sorted(record.request.characters for record in log.records)
    assert [length - lengths[0] for length in lengths] == [0, 1, 2]


def test_a_stream_that_is_left_is_abandoned(recording, log):
    stream = ChatScript(pieces=list("0123456789")).stream("hi", config(recording))
    for _ in range(4):
        next(stream)
    stream.close()
    (record,) = log.records
    assert (record.ending, record.answer.characters) == ("abandoned", 4)


async def test_an_async_stream_that_is_left_is_abandoned(recording, log):
    stream = AsyncChatScript(pieces=list("0123456789")).astream("hi", config(recording))
    for _ in range(4):
        await anext(stream)
    await stream.aclose()
    assert [record.ending for record in log.records] == ["abandoned"]


class Slow(AsyncChatScript):
    async def _agenerate(self, messages, stop=None, run_manager=None, **kwargs):
        await asyncio.sleep(30)

    async def _astream(self, messages, stop=None, run_manager=None, **kwargs):
        async for chunk in super()._astream(messages, stop, run_manager, **kwargs):
            yield chunk
            await asyncio.sleep(30)


async def cancelled(coroutine):
    task = asyncio.ensure_future(coroutine)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_stream_is_abandoned(recording, log):
    async def read():
        async for _ in Slow().astream("hi", config(recording)):
            pass

    await cancelled(read())
    assert [record.ending for record in log.records] == ["abandoned"]


async def test_what_core_tells_nothing_of_is_not_kept_for_ever(recording, log):
    callback = RecordOnlyCallback(recording)
    for _ in range(3):
        await cancelled(Slow().ainvoke("hi", {"callbacks": [callback]}))
    assert log.records == []
    callback.limit = 2
    AsyncChatScript().invoke("hi", {"callbacks": [callback]})
    assert len(callback._asked) <= 2


def test_a_model_error_is_recorded_and_goes_on(recording, log):
    with pytest.raises(ZeroDivisionError, match="it broke"):
        ChatScript(error=ZeroDivisionError("it broke")).invoke("hi", config(recording))
    assert [record.ending for record in log.records] == ["model_error"]


def test_who_asks_is_told(recording):
    told = []
    ChatScript().invoke("hi", config(recording, on_response=told.append))
    assert [response.text for response in told] == ["It is so."]


async def test_a_log_that_cannot_record_fails_the_call():
    log = BrokenLog()
    chop = Chopmark(Policy(name="broken"), plugins=[plugin(log=log)])
    with pytest.raises(LogError):
        ChatScript().invoke("hi", config(chop))
    with pytest.raises(LogError):
        await AsyncChatScript().ainvoke("hi", config(chop))


def test_policy_off_records_nothing():
    assert ChatScript().invoke("hi", config(Chopmark("off"))).text == "It is so."


@pytest.mark.parametrize(
    "brought",
    [{"detectors": [WordDetector({"x": "deny"})]}, {"markers": [SuffixMarker("<", ">")]}],
)
def test_a_policy_that_would_have_to_enforce_is_refused(brought):
    chop = Chopmark(Policy(name="strict"), plugins=[plugin(**brought)])
    with pytest.raises(PolicyError, match="use guard"):
        RecordOnlyCallback(chop)
