"""What `guard` takes, and what it says of what it does not take."""

import subprocess
import sys

import pytest
from langchain_core.load import dumps
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda, RunnableParallel, RunnableSequence
from langchain_models import ChatScript

from chopmark import Chopmark, Message, Policy, Request, RequestError
from chopmark.testing import MemoryLog, plugin
from chopmark_langchain import (
    LangChainBlocked,
    MarkStripper,
    RecordOnlyCallback,
    _supported,
    chop_step,
    guard,
    guard_chain,
)


def test_a_model_in_a_binding_or_a_chain_is_guarded(chop):
    model = ChatScript()
    made = {
        "binding": model.bind(stop=["x"]),
        "retry": model.with_retry(wait_exponential_jitter=False),
        "chain": RunnableLambda(lambda x: x) | model | StrOutputParser(),
        "parallel": RunnableParallel(a=model, b=RunnableLambda(lambda x: x)),
        "in-chain": RunnableParallel(a=model) | RunnableLambda(lambda x: x),
    }
    for runnable in made.values():
        guarded = guard(runnable, chop)
        assert isinstance(guarded, type(runnable))
        with pytest.raises(LangChainBlocked):
            guarded.invoke("FORBIDDEN")
        runnable.invoke("FORBIDDEN")  # what was given stays as it was
    assert model.seen == ["FORBIDDEN"] * len(made)


def test_a_guarded_chain_is_of_its_class_and_guards_its_fallbacks(chop):
    chain = guard(RunnableLambda(lambda x: x) | ChatScript(), chop)
    assert isinstance(chain, RunnableSequence)
    second = ChatScript()
    with pytest.raises(LangChainBlocked):
        chain.with_fallbacks([second]).invoke("FORBIDDEN")
    assert second.seen == []


@pytest.mark.parametrize("thing", ["gpt-4", None, RunnableLambda(lambda x: x), ChatScript])
def test_what_is_no_model_is_refused_with_the_cure(chop, thing):
    with pytest.raises(TypeError, match="guard_chain"):
        guard(thing, chop)


def test_wrong_options_are_refused_with_the_cure(chop):
    with pytest.raises(ValueError, match='give "raise" or "refuse"'):
        guard(ChatScript(), chop, on_block="warn")
    with pytest.raises(TypeError, match="make one"):
        guard(ChatScript(), "cn")


def test_guarding_again_with_other_options_replaces_them(chop):
    model = guard(guard(ChatScript(), chop), chop, on_block="refuse")
    assert model.invoke("FORBIDDEN").text == chop.policy.refusal("en")
    assert guard(model, chop, on_block="refuse") is model


@pytest.mark.parametrize(
    "use",
    [
        lambda chop: guard(ChatScript(), chop),
        lambda chop: guard_chain(RunnableLambda(len), chop),
        chop_step,
        RecordOnlyCallback,
        MarkStripper,
    ],
)
def test_a_policys_name_in_the_place_of_a_chopmark_is_told(use):
    for wrong in ("cn", None):
        with pytest.raises(TypeError, match=f"not {type(wrong).__name__}; make one: Chopmark"):
            use(wrong)


def test_a_guarded_class_is_made_once(chop):
    assert type(guard(ChatScript(), chop)) is type(guard(ChatScript(model="other"), chop))


def test_a_guarded_model_is_not_dumped_as_one_that_could_be_loaded_bare(chop):
    assert "not_implemented" in dumps(guard(ChatScript(), chop))


def test_a_wrapper_may_change_texts_but_not_their_number():
    def shouting(request):
        text = request.messages[0].text.upper()
        response = yield Request(messages=(Message(role="user", text=text),))
        return response

    def adding(request):
        more = (*request.messages, Message(role="user", text="more"))
        response = yield Request(messages=more)
        return response

    model = ChatScript()
    brought = plugin(wrappers=[shouting], log=MemoryLog())
    guard(model, Chopmark(Policy(name="shout"), plugins=[brought])).invoke("hi")
    assert model.seen == ["HI"]
    brought = plugin(wrappers=[adding])
    with pytest.raises(RequestError, match="not their number"):
        guard(model, Chopmark(Policy(name="add"), plugins=[brought])).invoke("hi")


@pytest.mark.parametrize("version", ["1.8.0", "1.8.3", "1.99.0rc1"])
def test_versions_that_are_supported(version):
    _supported.SUPPORTED.check(version)


@pytest.mark.parametrize("version", ["0.3.80", "1.7.9", "2.0.0", "2.0.0a1", "10.1"])
def test_other_versions_are_refused_by_the_range(version):
    with pytest.raises(ImportError, match=r">=1\.8,<2.*" + version.replace(".", r"\.")):
        _supported.SUPPORTED.check(version)


def test_the_adapter_needs_no_langchain_but_the_middleware_says_so():
    code = """
import sys
sys.modules["langchain"] = None
import chopmark_langchain
assert not any(name.split(".")[0] in ("onnxruntime", "langgraph") for name in sys.modules)
try:
    chopmark_langchain.ChopmarkMiddleware
except ImportError as error:
    assert "pip install" in str(error), error
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", code], check=True)
