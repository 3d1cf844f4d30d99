"""Where LangChain takes a block for a failure, the log says so, once for each chain."""

import asyncio
import logging

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelFallbackMiddleware
from langchain_core.runnables import RunnableLambda, RunnableWithFallbacks
from langchain_models import AsyncChatScript, ChatScript, TextScript
from test_fallbacks import ASYNC, SYNC

from chopmark_langchain import (
    ChopmarkMiddleware,
    LangChainBlocked,
    guard,
    guard_chain,
    is_retryable,
)

PASS = RunnableLambda(lambda value: value)
WAYS = {**SYNC, "batch of two": lambda m, p: m.batch([p, p])}
ASYNC_WAYS = {**ASYNC, "abatch of two": lambda m, p: m.abatch([p, p])}

# What asks a bare model after a block, as it is made of a guarded model and a bare one.
BYPASSES = {
    "chain": lambda guarded, bare: (PASS | guarded).with_fallbacks([PASS | bare]),
    "chain to model": lambda guarded, bare: (PASS | guarded).with_fallbacks([bare]),
    "to function": lambda guarded, bare: (PASS | guarded).with_fallbacks(
        [RunnableLambda(bare.invoke)]
    ),
    "by hand": lambda guarded, bare: RunnableWithFallbacks(runnable=guarded, fallbacks=[bare]),
    "named": lambda guarded, bare: (
        (PASS | guarded).with_fallbacks([bare]).with_config(run_name="mine")
    ),
    "second": lambda guarded, bare: (PASS | guarded).with_fallbacks([PASS | guarded, bare]),
    "around a chain": lambda guarded, bare: guard_chain(
        PASS | ChatScript(), type(guarded)._chopmark.chop
    ).with_fallbacks([bare]),
    "nested": lambda guarded, bare: PASS | (PASS | guarded).with_fallbacks([bare]),
}


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.WARNING, "chopmark")

    def told():
        return [r.getMessage() for r in caplog.records if r.name == "chopmark"]

    return told


def check(lines):
    assert len(lines) == 1
    for part in ("RunnableWithFallbacks", "which is not guarded", "guard_chain(it, chop)"):
        assert part in lines[0]


@pytest.mark.parametrize("name", BYPASSES)
@pytest.mark.parametrize("way", WAYS)
def test_a_fallback_to_a_bare_model_is_said_once(chop, said, name, way):
    bare = ChatScript()
    model = BYPASSES[name](guard(ChatScript(), chop), bare)
    WAYS[way](model, "hi")
    assert said() == []
    WAYS[way](model, "FORBIDDEN")
    assert "FORBIDDEN" in bare.seen
    check(said())
    WAYS[way](model, "FORBIDDEN")
    check(said())


@pytest.mark.parametrize("name", BYPASSES)
@pytest.mark.parametrize("way", ASYNC_WAYS)
async def test_a_fallback_to_a_bare_model_is_said_once_async(chop, said, name, way):
    bare = AsyncChatScript()
    model = BYPASSES[name](guard(AsyncChatScript(), chop), bare)
    await ASYNC_WAYS[way](model, "FORBIDDEN")
    await asyncio.sleep(0.05)
    assert "FORBIDDEN" in bare.seen
    check(said())
    await ASYNC_WAYS[way](model, "FORBIDDEN")
    await asyncio.sleep(0.05)
    check(said())


def test_a_blocked_answer_is_said_too(chop, said):
    model = (PASS | guard(ChatScript(pieces=["FORBIDDEN"]), chop)).with_fallbacks([ChatScript()])
    assert model.invoke("hi").text == "It is so."
    check(said())


def test_a_text_llm_says_it_too(chop, said):
    model = (PASS | guard(TextScript(), chop)).with_fallbacks([TextScript()])
    assert model.invoke("FORBIDDEN") == "one two three"
    check(said())


# What keeps a block, so that there is nothing to say.
KEPT = {
    "chain": lambda guarded, bare: PASS | guarded,
    "guarded fallback": lambda guarded, bare: (PASS | guarded).with_fallbacks([PASS | guarded]),
    "model's own": lambda guarded, bare: guarded.with_fallbacks([bare]),
    "guarded whole": lambda guarded, bare: guard(
        (PASS | bare).with_fallbacks([bare]), type(guarded)._chopmark.chop
    ),
    "guard_chain": lambda guarded, bare: guard_chain(
        (PASS | guarded).with_fallbacks([bare]), type(guarded)._chopmark.chop
    ),
    "other errors": lambda guarded, bare: (PASS | guarded).with_fallbacks(
        [bare], exceptions_to_handle=(OSError,)
    ),
    "the last": lambda guarded, bare: (
        PASS | ChatScript(error=OSError("down"), pieces=[])
    ).with_fallbacks([PASS | guarded], exceptions_to_handle=(OSError,)),
    "retry": lambda guarded, bare: guarded.with_retry(wait_exponential_jitter=False),
    "retry of a chain": lambda guarded, bare: (PASS | guarded).with_retry(
        retry_if_exception_type=is_retryable, wait_exponential_jitter=False
    ),
}


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("way", SYNC)
def test_nothing_is_said_where_a_block_stays_one(chop, said, name, way):
    bare = ChatScript()
    model = KEPT[name](guard(ChatScript(), chop), bare)
    with pytest.raises(LangChainBlocked):
        SYNC[way](model, "FORBIDDEN")
    assert (said(), bare.seen) == ([], [])


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("way", ASYNC)
async def test_nothing_is_said_where_a_block_stays_one_async(chop, said, name, way):
    bare = AsyncChatScript()
    model = KEPT[name](guard(AsyncChatScript(), chop), bare)
    with pytest.raises(LangChainBlocked):
        await ASYNC[way](model, "FORBIDDEN")
    await asyncio.sleep(0.05)
    assert (said(), bare.seen) == ([], [])


async def test_nothing_is_said_where_the_caller_handles_a_block(chop, said):
    async def mine(value):
        try:
            return await guard(AsyncChatScript(), chop).ainvoke(value)
        except LangChainBlocked:
            return "not that"

    model = RunnableLambda(mine).with_fallbacks([ChatScript()])
    assert await model.ainvoke("FORBIDDEN") == "not that"
    await asyncio.sleep(0.05)
    assert said() == []


def test_a_block_behind_the_first_chunk_of_a_stream_goes_through_and_is_not_told(chop, said):
    guarded = guard(ChatScript(pieces=["all is fine, so far, ", "FORBIDDEN"]), chop)
    with pytest.raises(LangChainBlocked):
        list((PASS | guarded).with_fallbacks([ChatScript()]).stream("hi"))
    assert said() == []


def test_a_retry_of_a_chain_is_said_once(chop, log, said):
    model = (PASS | guard(ChatScript(), chop)).with_retry(wait_exponential_jitter=False)
    for _ in range(2):
        with pytest.raises(LangChainBlocked):
            model.invoke("FORBIDDEN")
    assert len(log.records) == 6
    (line,) = said()
    assert "RunnableRetry" in line
    assert "3 times" in line
    assert "is_retryable" in line


async def test_an_async_retry_of_a_chain_is_said_once(chop, said):
    model = (PASS | guard(AsyncChatScript(), chop)).with_retry(wait_exponential_jitter=False)
    with pytest.raises(LangChainBlocked):
        await model.ainvoke("FORBIDDEN")
    await asyncio.sleep(0.05)
    assert ["RunnableRetry" in line for line in said()] == [True]


def agents(chop, behind):
    fallback, screening = ModelFallbackMiddleware(AsyncChatScript()), ChopmarkMiddleware(chop)
    middleware = [screening, fallback] if behind else [fallback, screening]
    return create_agent(AsyncChatScript(), [], middleware=middleware)


ASKED = {"messages": [("user", "FORBIDDEN")]}


def test_a_fallback_behind_the_middleware_of_an_agent_is_said(chop, said):
    agents(chop, behind=True).invoke(ASKED)
    assert ["ModelFallbackMiddleware" in line for line in said()] == [True]


async def test_a_fallback_behind_the_middleware_of_an_agent_is_said_async(chop, said):
    await agents(chop, behind=True).ainvoke(ASKED)
    await asyncio.sleep(0.05)
    assert ["ModelFallbackMiddleware" in line for line in said()] == [True]


def test_a_fallback_before_the_middleware_of_an_agent_is_not(chop, said):
    with pytest.raises(LangChainBlocked):
        agents(chop, behind=False).invoke(ASKED)
    assert said() == []


async def test_a_fallback_before_the_middleware_of_an_agent_is_not_async(chop, said):
    with pytest.raises(LangChainBlocked):
        await agents(chop, behind=False).ainvoke(ASKED)
    await asyncio.sleep(0.05)
    assert said() == []


def test_known_limit_a_thread_of_ones_own(chop, said):
    """What the docstring of `guard` says: who starts a thread without its context is not seen."""
    from concurrent.futures import ThreadPoolExecutor

    guarded, bare = guard(ChatScript(), chop), ChatScript()
    with ThreadPoolExecutor(1) as pool:
        step = RunnableLambda(lambda value: pool.submit(guarded.invoke, value).result())
        step.with_fallbacks([bare]).invoke("FORBIDDEN")
    assert bare.seen == ["FORBIDDEN"]
    assert said() == []
