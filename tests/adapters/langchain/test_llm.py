"""Text LLMs: a prompt in, a text out."""

import pickle

import pytest
from langchain_core.exceptions import ModelRefusalError
from langchain_core.language_models import FakeListLLM
from langchain_core.prompts import PromptTemplate
from langchain_models import TextScript

from chopmark import Chopmark, Policy
from chopmark.testing import AdapterContract, Path, Said
from chopmark_langchain import LangChainBlocked, guard


class Scripted(TextScript):
    """Answers by a contract's script."""

    error: object = None
    rest: object = None

    def _call(self, prompt, stop=None, run_manager=None, **kwargs):
        text = super()._call(prompt, stop, run_manager, **kwargs)
        if self.error is not None:
            raise self.error
        return text

    def _stream(self, prompt, stop=None, run_manager=None, **kwargs):
        yield from super()._stream(prompt, stop, run_manager, **kwargs)
        if self.error is not None:
            raise self.error

    async def _acall(self, prompt, stop=None, run_manager=None, **kwargs):
        text = self._call(prompt, stop, None, **kwargs)
        await self.rest()
        return text

    async def _astream(self, prompt, stop=None, run_manager=None, **kwargs):
        for chunk in self._stream(prompt, stop, None, **kwargs):
            yield chunk
        await self.rest()


def generate(model, prompt):
    ((generation,),) = model.generate([prompt]).generations
    return Said(generation.text, generation.generation_info)


async def agenerate(model, prompt):
    ((generation,),) = (await model.agenerate([prompt])).generations
    return Said(generation.text, generation.generation_info)


def with_json(ask):
    return lambda model, prompt: ask(model.bind(format="json"), prompt)


def invoke(model, prompt):
    return model.invoke(prompt)


def stream(model, prompt):
    return model.stream(prompt)


async def astream(model, prompt):
    async for text in model.astream(prompt):
        yield text


TEXT = ("invoke", "batch", "stream", "ainvoke", "astream", "json invoke", "json stream")


class TestTextLLM(AdapterContract):
    blocked = ModelRefusalError
    paths = {  # noqa: RUF012  a contract's constant
        "invoke": Path("call", invoke),
        "batch": Path("call", lambda model, prompt: model.batch([prompt])[0]),
        "stream": Path("stream", stream),
        "ainvoke": Path("acall", lambda model, prompt: model.ainvoke(prompt)),
        "astream": Path("astream", astream),
        "generate": Path("call", generate),
        "agenerate": Path("acall", agenerate),
        "json invoke": Path("call", with_json(invoke), "json"),
        "json stream": Path("stream", with_json(stream), "json"),
    }
    cannot = {  # noqa: RUF012
        "call": "a text LLM of LangChain calls no tools",
        "trio": "LangChain itself runs on asyncio alone",
        **{f"metadata/{name}": "LangChain gives plain text there" for name in TEXT},
    }

    def bare(self, script):
        return Scripted(pieces=list(script.pieces), error=script.error, rest=script.rest)

    def guard(self, model, chop, **options):
        return guard(model, chop, **options)

    def seen(self, model):
        return model.seen


def test_several_prompts_are_several_calls(chop, log):
    model = guard(TextScript(), chop)
    result = model.generate(["a", "bb SECRET", "ccc"])
    assert model.seen == ["a", "bb ***", "ccc"]
    assert [answers[0].text for answers in result.generations] == ["one two three"] * 3
    lengths = [record.request.characters for record in log.records]
    assert [length - lengths[0] for length in lengths] == [0, 8, 2]
    assert all("chopmark" in answers[0].generation_info for answers in result.generations)


def test_one_denied_prompt_of_several_stops_the_batch(chop):
    model = guard(TextScript(), chop)
    with pytest.raises(LangChainBlocked):
        model.generate(["a", "FORBIDDEN", "c"])
    assert model.seen == ["a"]


async def test_several_prompts_async(chop):
    model = guard(TextScript(), chop)
    result = await model.agenerate(["a", "b"])
    assert [answers[0].text for answers in result.generations] == ["one two three"] * 2


def test_a_model_of_langchain_itself(chop):
    model = guard(FakeListLLM(responses=["the SECRET"]), chop)
    chain = PromptTemplate.from_template("{q}") | model
    assert chain.invoke({"q": "hi"}) == "the ***"
    assert "".join(chain.stream({"q": "hi"})) == "the ***"


def test_copies_and_pickles_stay_guarded(chop):
    model = guard(TextScript(), chop)
    assert type(model.model_copy()) is type(model)
    again = pickle.loads(pickle.dumps(guard(TextScript(), Chopmark(Policy(name="empty")))))
    assert type(again)._chopmark.chop.policy.name == "empty"
    assert again.invoke("hi") == "one two three"
