"""A guarded LLM is the user's own in all but its answers, and stays guarded."""

import copy
import importlib
import pickle
from importlib import metadata

import pytest
from llama_index.core import Settings
from llama_index.core.llms import LLM, ChatMessage, MockLLM
from llama_index.core.llms.structured_llm import StructuredLLM
from llama_index.core.tools import FunctionTool
from llamaindex_models import Completing, Wire, wired
from pydantic import BaseModel

from chopmark import Chopmark, Policy, PolicyBlocked, RequestError
from chopmark.testing import WordDetector, plugin
from chopmark_llamaindex import (
    ChopmarkPostprocessor,
    LlamaIndexBlocked,
    MarkStripper,
    _supported,
    guard,
    guard_tool,
)


def blocked(llm):
    with pytest.raises(LlamaIndexBlocked) as error:
        llm.complete("FORBIDDEN")
    return error.value


def test_the_bare_llm_stays_bare(chop):
    bare = MockLLM()
    guarded = guard(bare, chop)
    assert type(bare) is MockLLM
    assert isinstance(guarded, MockLLM)
    assert bare.complete("FORBIDDEN").text == "FORBIDDEN"
    blocked(guarded)


def test_a_block_is_final_for_whoever_might_try_again(chop):
    error = blocked(guard(MockLLM(), chop))
    assert (error.status_code, error.code, error.is_retryable) == (403, "content_filter", False)
    assert isinstance(error, PolicyBlocked)


def test_copies_stay_guarded(chop):
    guarded = guard(MockLLM(), chop)
    for copied in (
        guarded.model_copy(),
        guarded.model_copy(deep=True),
        guarded.model_copy(update={"max_tokens": 2}),
        copy.copy(guarded),
        copy.deepcopy(guarded),
    ):
        blocked(copied)


def test_what_is_set_later_is_used(chop):
    guarded = guard(MockLLM(), chop)
    guarded.max_tokens = 2
    assert guarded.complete("x").text == "text text"


def test_a_guarded_llm_comes_back_guarded_from_a_pickle():
    named = Chopmark(Policy(name="p", plugins=("label",)))
    again = pickle.loads(pickle.dumps(guard(MockLLM(max_tokens=2), named)))
    assert type(again) is type(guard(MockLLM(), named))
    answer = again.complete("x")
    assert answer.text.endswith("text text")
    assert [m["placed"] for m in answer.additional_kwargs["chopmark"]["marks"]] == [True]


def test_guarding_twice_is_guarding_once(chop):
    guarded = guard(MockLLM(), chop)
    assert guard(guarded, chop) is guarded
    softer = guard(guarded, chop, on_block="refuse")
    assert softer.complete("FORBIDDEN").text == chop.policy.refusal("en")
    blocked(guarded)


def test_two_policies_on_one_llm_are_refused(chop):
    other = Chopmark(
        Policy(name="other"), plugins=[plugin(detectors=[WordDetector({"x": "deny"})])]
    )
    with pytest.raises(RequestError, match="already, by policy test@"):
        guard(guard(MockLLM(), chop), other)


def test_only_llms_of_llamaindex_can_be_guarded(chop):
    with pytest.raises(RequestError, match="not dict"):
        guard({}, chop)
    with pytest.raises(RequestError, match='"raise" or "refuse"'):
        guard(MockLLM(), chop, on_block="ignore")


@pytest.mark.parametrize(
    "use",
    [
        lambda chop: guard(MockLLM(), chop),
        lambda chop: guard_tool(FunctionTool.from_defaults(len, name="count"), chop),
        ChopmarkPostprocessor,
        MarkStripper,
    ],
)
def test_a_policys_name_in_the_place_of_a_chopmark_is_told(use):
    for wrong in ("cn", None):
        with pytest.raises(TypeError, match=f"not {type(wrong).__name__}; make one: Chopmark"):
            use(wrong)


def test_an_llm_built_from_a_guarded_class_says_that_it_has_no_policy(chop):
    loose = type(guard(MockLLM(), chop))()
    with pytest.raises(RequestError, match="without a policy"):
        loose.complete("x")


def test_a_guarded_llm_can_be_the_default_of_everything(chop, monkeypatch):
    guarded = guard(MockLLM(), chop)
    monkeypatch.setattr(Settings, "_llm", None)
    Settings.llm = guarded
    assert Settings.llm is guarded
    assert isinstance(Settings.llm, LLM)


def test_one_class_for_all_llms_of_a_class(chop):
    assert type(guard(MockLLM(), chop)) is type(guard(MockLLM(), Chopmark("off")))


def test_of_a_structured_llm_the_inner_one_is_guarded(chop):
    class Out(BaseModel):
        text: str

    structured = guard(StructuredLLM(llm=MockLLM(), output_cls=Out), chop)
    assert isinstance(structured, StructuredLLM)
    blocked(structured.llm)
    with pytest.raises(LlamaIndexBlocked):
        structured.chat([ChatMessage("FORBIDDEN")])


def test_on_response_is_told_how_every_call_ended(chop):
    told = []
    llm = guard(Completing(["a", "b"]), chop, on_response=told.append)
    llm.complete("q")
    list(llm.stream_complete("q"))
    with pytest.raises(PolicyBlocked):
        llm.complete("FORBIDDEN")
    assert [(r.text, r.action) for r in told] == [("ab", "allow"), ("ab", "allow"), ("", "block")]


def test_provider_options_survive(chop):
    wire = Wire("fine")
    guarded = guard(wired(wire, temperature=0.25, max_tokens=9), chop)
    guarded.complete("q")
    assert (wire.asked[0]["temperature"], wire.asked[0]["max_tokens"]) == (0.25, 9)


@pytest.mark.parametrize("version", ["0.13.9", "0.14.19", "0.15.0", "1.0"])
def test_another_version_of_llamaindex_is_refused_at_import(version, monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda name: version)
    with pytest.raises(ImportError, match=r'>=0\.14\.20,<0\.15\.0.*pip install "chopmark'):
        importlib.reload(_supported)


def test_without_llamaindex_the_error_says_what_to_install(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(ImportError, match="not installed"):
        importlib.reload(_supported)


@pytest.mark.parametrize("version", ["0.14.20", "0.14.25", "0.14.30.post1"])
def test_the_versions_of_the_extra_are_taken(version):
    _supported.SUPPORTED.check(version)
