"""LangChain's cache never serves an answer past a policy."""

import pytest
from langchain_core.caches import InMemoryCache
from langchain_models import ChatScript, TextScript

from chopmark import Chopmark, Policy, Rules, calling
from chopmark.testing import BrokenDetector, WordDetector, plugin
from chopmark_langchain import LangChainBlocked, guard


def chop(name, words=None, **fields):
    brought = plugin(detectors=[WordDetector(words or {"SECRET": "modify"})])
    return Chopmark(Policy(name=name, **fields), plugins=[brought])


@pytest.mark.parametrize("cls", [ChatScript, TextScript])
def test_a_shared_cache_keeps_bare_and_guarded_apart(cls):
    model = cls(pieces=["a SECRET"], cache=InMemoryCache())
    guarded, other = guard(model, chop("one")), guard(model, chop("two", {"a": "modify"}))

    def said(model):
        answer = model.invoke("hi")
        return answer if isinstance(answer, str) else answer.text

    for _ in range(2):
        assert said(model) == "a SECRET"
        assert said(guarded) == "a ***"
        assert said(other) == "*** SECRET"
    assert len(model.seen) == 3


def test_a_hit_comes_with_the_metadata_of_the_call_that_made_it():
    model = guard(ChatScript(cache=InMemoryCache()), chop("one"))
    first, second = model.invoke("hi"), model.invoke("hi")
    assert len(model.seen) == 1
    assert first.response_metadata["chopmark"] == second.response_metadata["chopmark"]


@pytest.mark.parametrize("cls", [ChatScript, TextScript])
def test_an_answer_for_one_audience_is_not_for_another(cls):
    strict = Rules(both={"word": "block"})
    policy = chop("ages", {"beer": "allow"}, audiences={"minor": strict, "adult": Rules()})
    model = guard(cls(pieces=["a beer"], cache=InMemoryCache()), policy)
    with calling(audience="adult"):
        model.invoke("hi")
    with calling(audience="minor"), pytest.raises(LangChainBlocked):
        model.invoke("hi")


@pytest.mark.parametrize("cls", [ChatScript, TextScript])
def test_a_refusal_is_not_kept(cls):
    brought = plugin(detectors=[BrokenDetector("hi")])
    model = guard(
        cls(cache=InMemoryCache()),
        Chopmark(Policy(name="broken"), plugins=[brought]),
        on_block="refuse",
    )
    assert model.cache is False
    assert model.invoke("hi") != model.invoke("fine")


def test_a_policy_that_is_off_leaves_the_cache_alone():
    cache = InMemoryCache()
    assert guard(ChatScript(cache=cache), Chopmark("off"), on_block="refuse").cache is cache
