"""A block stays a block, and no other model sees the prompt that was blocked."""

import pytest
from langchain_core.exceptions import ModelRefusalError
from langchain_core.runnables import RunnableLambda, RunnableWithFallbacks
from langchain_models import AsyncChatScript, ChatScript, TextScript
from pydantic import BaseModel

from chopmark import PolicyBlocked
from chopmark_langchain import LangChainBlocked, guard, guard_chain, is_retryable


class Answer(BaseModel):
    """An answer."""

    text: str


async def collected(pieces):
    return [piece async for piece in pieces]


SYNC = {
    "invoke": lambda m, p: m.invoke(p),
    "stream": lambda m, p: list(m.stream(p)),
    "batch": lambda m, p: m.batch([p]),
}
ASYNC = {
    "ainvoke": lambda m, p: m.ainvoke(p),
    "astream": lambda m, p: collected(m.astream(p)),
    "abatch": lambda m, p: m.abatch([p]),
}


# A model with fallbacks, and the same asked through what `bind_tools` and the like return.
COMBINED = {
    "model": lambda first, second: first.with_fallbacks([second]),
    "bound": lambda first, second: first.bind(stop=["x"]).with_fallbacks([second.bind(stop=["x"])]),
    "bound-twice": lambda first, second: first.bind(a=1).bind(b=1).with_fallbacks([second]),
    "tools": lambda first, second: first.bind_tools([Answer]).with_fallbacks(
        [second.bind_tools([Answer])]
    ),
    "tools-behind": lambda first, second: first.with_fallbacks([second]).bind_tools([Answer]),
    "structured": lambda first, second: first.with_structured_output(Answer).with_fallbacks(
        [second.with_structured_output(Answer)]
    ),
    "config": lambda first, second: first.with_config(tags=["t"]).with_fallbacks([second]),
    "chain": lambda first, second: first.with_fallbacks([RunnableLambda(lambda x: x) | second]),
    "lambda": lambda first, second: first.with_fallbacks([RunnableLambda(second.invoke)]),
    "nested": lambda first, second: first.with_fallbacks([second.with_fallbacks([second])]),
    "guard": lambda first, second: guard(
        ChatScript().with_fallbacks([second]), type(first)._chopmark.chop
    ),
}


def combined(name, first, second):
    return COMBINED[name](first, second)


@pytest.mark.parametrize("name", COMBINED)
@pytest.mark.parametrize("way", SYNC)
def test_the_second_model_never_sees_a_blocked_prompt(chop, name, way):
    second = ChatScript()
    model = combined(name, guard(ChatScript(), chop), second)
    with pytest.raises(LangChainBlocked):
        SYNC[way](model, "FORBIDDEN")
    assert second.seen == []


@pytest.mark.parametrize("name", COMBINED)
@pytest.mark.parametrize("way", ASYNC)
async def test_the_second_model_never_sees_a_blocked_prompt_async(chop, name, way):
    second = AsyncChatScript()
    model = combined(name, guard(AsyncChatScript(), chop), second)
    with pytest.raises(LangChainBlocked):
        await ASYNC[way](model, "FORBIDDEN")
    assert second.seen == []


@pytest.mark.parametrize("name", ["model", "bound", "config", "chain", "lambda", "nested"])
@pytest.mark.parametrize("way", SYNC)
def test_a_model_that_fails_gets_a_guarded_fallback(chop, log, name, way):
    broken = guard(ChatScript(error=OSError("down"), pieces=[]), chop)
    model = combined(name, broken, ChatScript(pieces=["the ", "SECRET"]))
    got = SYNC[way](model, "hi")
    said = "".join(m.text for m in got) if isinstance(got, list) else got.text
    assert said == "the ***"
    assert "completed" in [record.ending for record in log.records]
    with pytest.raises((LangChainBlocked, OSError)):
        SYNC[way](combined(name, broken, ChatScript(pieces=["FORBIDDEN"])), "hi")


def test_a_blocked_answer_is_final_too(chop):
    second = ChatScript()
    model = guard(ChatScript(pieces=["FORBIDDEN"]), chop).with_fallbacks([second])
    for ask in SYNC.values():
        with pytest.raises(LangChainBlocked):
            ask(model, "hi")
    assert second.seen == []


def test_a_block_in_a_batch_leaves_the_others(chop):
    model = guard(ChatScript(), chop).with_fallbacks([ChatScript()])
    fine, blocked = model.batch(["hi", "FORBIDDEN"], return_exceptions=True)
    assert fine.text == "It is so."
    assert isinstance(blocked, LangChainBlocked)


async def test_a_block_in_an_async_batch_leaves_the_others(chop):
    model = guard(ChatScript(), chop).with_fallbacks([ChatScript()])
    fine, blocked = await model.abatch(["hi", "FORBIDDEN"], return_exceptions=True)
    assert fine.text == "It is so."
    assert isinstance(blocked, LangChainBlocked)


def test_who_asks_for_it_falls_back_on_a_refusal_to_a_guarded_model(chop):
    first = guard(ChatScript(pieces=["FORBIDDEN"]), chop)
    second = ChatScript(pieces=["fine"])
    model = first.with_fallbacks([second], exceptions_to_handle=(ModelRefusalError,))
    assert type(model) is RunnableWithFallbacks
    assert model.invoke("hi").text == "fine"
    with pytest.raises(LangChainBlocked):
        model.invoke("FORBIDDEN")
    assert second.seen == ["hi"]


def test_a_text_llm_keeps_its_blocks_too(chop):
    second = TextScript()
    model = guard(TextScript(), chop).with_fallbacks([second])
    with pytest.raises(LangChainBlocked):
        model.invoke("FORBIDDEN")
    assert second.seen == []
    assert model.invoke("hi") == "one two three"


@pytest.mark.parametrize("name", ["model", "bound", "tools", "config"])
def test_a_block_is_not_tried_again(chop, log, name):
    model = guard(ChatScript(), chop)
    made = {
        "model": model,
        "bound": model.bind(stop=["x"]),
        "tools": model.bind_tools([Answer]),
        "config": model.with_config(tags=["t"]),
    }[name].with_retry(wait_exponential_jitter=False)
    with pytest.raises(LangChainBlocked):
        made.invoke("FORBIDDEN")
    assert len(log.records) == 1


def test_a_model_that_fails_is_tried_again(chop, log):
    model = guard(ChatScript(error=OSError("down")), chop).with_retry(wait_exponential_jitter=False)
    with pytest.raises(OSError, match="down"):
        model.invoke("hi")
    assert len(log.records) == 3


def test_retries_of_a_chain_are_told_what_is_final(chop, log):
    chain = RunnableLambda(lambda x: x) | guard(ChatScript(), chop)
    retried = chain.with_retry(retry_if_exception_type=is_retryable, wait_exponential_jitter=False)
    with pytest.raises(LangChainBlocked):
        retried.invoke("FORBIDDEN")
    assert len(log.records) == 1


def test_the_guard_around_a_chain_with_fallbacks_stands_before_all_models(chop, log):
    """The documented way for chains, whose `with_fallbacks` knows nothing of the guard."""
    first, second = ChatScript(error=OSError("down"), pieces=[]), ChatScript()
    chain = (RunnableLambda(lambda x: x) | first).with_fallbacks([RunnableLambda(second.invoke)])
    model = guard_chain(chain, chop)
    with pytest.raises(LangChainBlocked):
        model.invoke("FORBIDDEN")
    assert (first.seen, second.seen) == ([], [])
    assert model.invoke("hi").text == "It is so."
    assert [record.action for record in log.records] == ["block", "allow"]


@pytest.mark.parametrize("way", SYNC)
def test_known_bypass_a_bare_model_outside_of_the_guard(chop, way):
    """What the docstring of `guard` warns of: fails when LangChain begins to leave blocks alone."""
    bare = ChatScript()
    model = RunnableWithFallbacks(runnable=guard(ChatScript(), chop), fallbacks=[bare])
    SYNC[way](model, "FORBIDDEN")
    assert bare.seen == ["FORBIDDEN"]


def test_the_error_is_of_both_families():
    assert issubclass(LangChainBlocked, PolicyBlocked)
    assert issubclass(LangChainBlocked, ModelRefusalError)
    assert LangChainBlocked.is_retryable is False
    assert (LangChainBlocked.status_code, LangChainBlocked.code) == (403, "content_filter")
