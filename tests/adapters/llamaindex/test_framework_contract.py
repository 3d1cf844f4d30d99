"""LlamaIndex has no conformance suite; its own tests of LLM callbacks are what integrations keep.

The promises of its `tests/llms/test_callbacks.py` and `test_custom.py`, said again for a guarded
LLM under a policy that does something.
"""

import pytest
from llama_index.core.callbacks import CallbackManager, LlamaDebugHandler
from llama_index.core.callbacks.schema import CBEventType
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.llms import ChatMessage, MockLLM
from llama_index.core.llms.mock import (
    MockFunctionCallingLLM,
    MockLLMWithNonyieldingChatStream,
)
from llamaindex_models import Completing, Wire, wired
from pydantic import Field

from chopmark_llamaindex import guard

CHAT = ("chat", "stream_chat", "achat", "astream_chat")
COMPLETE = ("complete", "stream_complete", "acomplete", "astream_complete")


async def call(llm, name, *args, **kwargs):
    """Call a method of any of the four kinds and read its answer to the end."""
    found = getattr(llm, name)(*args, **kwargs)
    if hasattr(found, "__await__"):
        found = await found
    if hasattr(found, "__aiter__"):
        return [piece async for piece in found]
    return list(found) if "stream" in name else [found]


def text_of(piece):
    return piece.message.content if hasattr(piece, "message") else piece.text


@pytest.mark.parametrize("name", [*CHAT, *COMPLETE])
async def test_the_prompt_may_be_positional_or_named(name, chop):
    prompt = [ChatMessage("hi")] if name in CHAT else "hi"
    key = "messages" if name in CHAT else "prompt"
    for args, kwargs in (((prompt,), {}), ((), {key: prompt})):
        got = await call(guard(Completing(["fine"]), chop), name, *args, **kwargs)
        assert text_of(got[-1]) == "fine"


@pytest.mark.parametrize("name", [*CHAT, *COMPLETE])
async def test_wrong_arguments_fail_as_they_do_without_a_guard(name, chop, log):
    prompt = [ChatMessage("hi")] if name in CHAT else "hi"
    key = "messages" if name in CHAT else "prompt"
    for args, kwargs in (((), {}), ((prompt,), {key: prompt})):
        with pytest.raises((TypeError, ValueError)) as bare:
            await _begin(Completing(["fine"]), name, args, kwargs)
        with pytest.raises(bare.type) as guarded:
            await _begin(guard(Completing(["fine"]), chop), name, args, kwargs)
        assert str(guarded.value) == str(bare.value)
    assert not log.records


async def _begin(llm, name, args, kwargs):
    """Call without reading: a bare LLM refuses wrong arguments at once."""
    found = getattr(llm, name)(*args, **kwargs)
    if hasattr(found, "__await__"):
        await found


def test_a_missing_prompt_is_a_value_error(chop):
    with pytest.raises(ValueError, match="No prompt provided"):
        guard(MockLLM(max_tokens=3), chop).complete()


async def test_a_chat_stream_that_yields_nothing(chop):
    for own in (MockLLMWithNonyieldingChatStream(), Completing()):
        bare, guarded = await _failing(own), await _failing(guard(own, chop))
        assert bare == guarded


async def _failing(llm):
    """Return what comes of an empty stream: the framework's end event does not take it."""
    try:
        return await call(llm, "stream_chat", [ChatMessage("hi")])
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize("name", [*CHAT, *COMPLETE])
async def test_mock_llms_say_the_same_guarded(name, chop):
    prompt = [ChatMessage("hello you")] if name in CHAT else "hello you"
    for mock in (MockLLM(max_tokens=4), MockLLM(max_tokens=4, is_chat_model=True)):
        bare = await call(mock, name, prompt)
        guarded = await call(guard(mock, chop), name, prompt)
        if "stream" in name:
            assert "".join(p.delta or "" for p in guarded) == "".join(p.delta for p in bare)
        else:
            assert text_of(guarded[0]) == text_of(bare[0])


async def test_a_mock_that_answers_with_message_pieces(chop):
    llm = guard(MockFunctionCallingLLM(), chop)
    got = await call(llm, "astream_chat", [ChatMessage("hello SECRET you")])
    assert "".join(p.delta for p in got) == text_of(got[-1])


@pytest.mark.parametrize("name", [*CHAT, *COMPLETE])
async def test_callbacks_are_called_as_often(name, chop):
    prompt = [ChatMessage("hi")] if name in CHAT else "hi"

    async def events(guarding):
        debug = LlamaDebugHandler(print_trace_on_end=False)
        llm = Completing(["fi", "ne"], callback_manager=CallbackManager([debug]))
        await call(guarding(llm), name, prompt)
        return len(debug.get_event_pairs(CBEventType.LLM))

    assert await events(lambda llm: guard(llm, chop)) == await events(lambda llm: llm) > 0


@pytest.mark.parametrize("name", [*CHAT, *COMPLETE])
async def test_instrumentation_sees_the_same_events(name, chop):
    prompt = [ChatMessage("hi")] if name in CHAT else "hi"

    class Keep(BaseEventHandler):
        seen: list = Field(default_factory=list)

        def handle(self, event, **kwargs):
            self.seen.append(type(event).__name__)

    async def events(llm):
        keep = Keep(seen=[])
        handlers = get_dispatcher().event_handlers
        handlers.append(keep)
        try:
            await call(llm, name, prompt)
        finally:
            handlers.remove(keep)
        return keep.seen

    bare = await events(Completing(["fi", "ne"]))
    assert await events(guard(Completing(["fi", "ne"]), chop)) == bare
    assert bare


def test_no_secrets_in_the_payload_of_events(chop):
    bare = wired(Wire("fine"))
    guarded = guard(bare, chop)
    if hasattr(bare, "to_payload"):  # since llama-index-core 0.14.23
        assert guarded.to_payload() == bare.to_payload()
        assert "sk-hidden" not in str(guarded.to_payload())
    assert guarded.class_name() == bare.class_name()
    assert guarded.metadata == bare.metadata
    assert guarded.model_dump() == bare.model_dump()
