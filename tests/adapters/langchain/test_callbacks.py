"""What callbacks are told is what was delivered, also by models that tell it themselves."""

import asyncio

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_models import AsyncChatScript, ChatScript, NestedChat, TextScript

from chopmark_langchain import LangChainBlocked, guard


class Heard(BaseCallbackHandler):
    """Keeps the tokens, and what the calls ended with."""

    def __init__(self):
        self.tokens, self.ends, self.errors = [], [], []

    def on_llm_new_token(self, token, **kwargs):
        self.tokens.append(token)

    def on_llm_end(self, response, **kwargs):
        self.ends.append("".join(g.text for gs in response.generations for g in gs))

    def on_llm_error(self, error, **kwargs):
        self.errors.append(error)


class AsyncHeard(AsyncCallbackHandler):
    def __init__(self):
        self.tokens = []

    async def on_llm_new_token(self, token, **kwargs):
        self.tokens.append(token)


PIECES = ["the SEC", "RET", " is ", "out"]
SAID = "the *** is out"


@pytest.mark.parametrize("cls", [ChatScript, AsyncChatScript, NestedChat])
@pytest.mark.parametrize("way", ["invoke", "stream"])
def test_tokens_are_told_as_they_are_delivered(chop, cls, way):
    heard = Heard()
    model = guard(cls(pieces=PIECES, tells_tokens=True), chop)
    answer = getattr(model, way)("hi", {"callbacks": [heard]})
    if way == "stream":
        list(answer)
    assert "".join(heard.tokens) == SAID
    assert heard.ends == [SAID]


@pytest.mark.parametrize("cls", [ChatScript, AsyncChatScript, NestedChat])
async def test_tokens_are_told_as_they_are_delivered_async(chop, cls):
    heard, aheard = Heard(), AsyncHeard()
    model = guard(cls(pieces=PIECES, tells_tokens=True), chop)
    config = {"callbacks": [heard, aheard]}
    _ = [chunk async for chunk in model.astream("hi", config)]
    assert "".join(heard.tokens) == "".join(aheard.tokens) == SAID
    heard.tokens.clear()
    await model.ainvoke("hi", config)
    assert "SECRET" not in "".join(heard.tokens)
    assert heard.ends == [SAID, SAID]


def test_a_model_that_tells_nothing_whole_stays_quiet(chop):
    heard = Heard()
    guard(ChatScript(pieces=PIECES), chop).invoke("hi", {"callbacks": [heard]})
    assert heard.tokens == []


def test_a_denied_answer_is_told_no_further_than_delivered(chop):
    heard = Heard()
    model = guard(NestedChat(pieces=list("so FORBIDDEN"), tells_tokens=True), chop)
    with pytest.raises(LangChainBlocked):
        model.invoke("hi", {"callbacks": [heard]})
    with pytest.raises(LangChainBlocked):
        list(model.stream("hi", {"callbacks": [heard]}))
    assert "".join(heard.tokens) == "so "
    assert [type(error) for error in heard.errors] == [LangChainBlocked] * 2


def test_a_text_llm_tells_what_is_delivered(chop):
    heard = Heard()
    model = guard(TextScript(pieces=PIECES), chop)
    assert "".join(model.stream("hi", {"callbacks": [heard]})) == SAID
    assert "".join(heard.tokens) == SAID


async def test_a_cancelled_stream_is_recorded(chop, log):
    class Slow(AsyncChatScript):
        async def _astream(self, messages, stop=None, run_manager=None, **kwargs):
            async for chunk in super()._astream(messages, stop, run_manager, **kwargs):
                yield chunk
                await asyncio.sleep(0.01)

    model = guard(Slow(pieces=list("0123456789" * 9)), chop)

    async def read():
        async for _ in model.astream("hi"):
            pass

    task = asyncio.ensure_future(read())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [record.ending for record in log.records] == ["cancelled"]
