"""Answers that are objects are judged as the JSON that they stand for."""

import asyncio
import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llama_index.core import PromptTemplate
from llama_index.core.llms import ChatMessage, MockLLM
from llama_index.core.llms.structured_llm import StructuredLLM
from llama_index.core.prompts import ChatPromptTemplate
from llama_index.core.types import PydanticProgramMode
from llama_index.llms.openai import OpenAI, OpenAIResponses
from llamaindex_models import Chatting, Completing, Wire, calls, walk, wired
from pydantic import BaseModel, Field

from chopmark import Chopmark, Needs, Policy, PolicyBlocked, RequestError
from chopmark.testing import SuffixMarker, WordDetector, plugin
from chopmark_llamaindex import LlamaIndexBlocked, guard

ASK = PromptTemplate("about {topic}")


class Out(BaseModel):
    """What is asked for."""

    name: str
    note: str | None = None
    parts: list[str] = []


def making(data, **fields):
    """Return an LLM whose only answer is a call of the tool that makes an `Out`."""
    text = json.dumps(data, ensure_ascii=False)
    return Chatting(calls("Out", text, cuts=range(1, len(text), 3)), **fields)


def predict(llm, topic="x"):
    return llm.structured_predict(Out, ASK, topic=topic)


def apredict(llm, topic="x"):
    return asyncio.run(llm.astructured_predict(Out, prompt=ASK, topic=topic))


def stream(llm, topic="x"):
    return list(llm.stream_structured_predict(Out, ASK, topic=topic))[-1]


def astream(llm, topic="x"):
    async def read():
        found = await llm.astream_structured_predict(output_cls=Out, prompt=ASK, topic=topic)
        return [o async for o in found]

    return asyncio.run(read())[-1]


def structured_llm(llm, topic="x"):
    return llm.as_structured_llm(Out).complete(f"about {topic}").raw


def structured_stream(llm, topic="x"):
    return list(llm.as_structured_llm(Out).stream_chat([ChatMessage(f"about {topic}")]))[-1].raw


WAYS = [predict, apredict, stream, astream, structured_llm, structured_stream]


@pytest.mark.parametrize("way", WAYS)
def test_an_object_goes_through_as_it_is(way, chop, log):
    data = {"name": "x", "note": 'it\'s "so"}]', "parts": ["a", "b"]}
    assert way(guard(making(data), chop)).model_dump() == data
    assert [(r.action, r.ending) for r in log.records] == [("allow", "completed")]


@pytest.mark.parametrize("way", WAYS)
def test_a_denied_prompt_is_not_sent(way, chop):
    llm = guard(making({"name": "x"}), chop)
    with pytest.raises(LlamaIndexBlocked):
        way(llm, "FORBIDDEN")
    assert not llm.asked_of


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_in_the_prompt_is_replaced(way, chop):
    llm = guard(making({"name": "x"}), chop)
    way(llm, 'a SECRET {topic} and {{"json": 1}}')
    assert [m.content for m in llm.asked_of[0]] == ['about a *** {topic} and {{"json": 1}}']


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "data", [{"name": "FORBIDDEN"}, {"name": "x", "parts": ["fine", "so FORBIDDEN"]}]
)
def test_a_denied_object_is_not_delivered(way, data, chop, log):
    with pytest.raises(LlamaIndexBlocked):
        way(guard(making(data), chop))
    assert [r.action for r in log.records] == ["block"]


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_in_an_object_is_replaced(way, chop):
    found = way(guard(making({"name": "a SECRET", "parts": ["b", "SECRET"]}), chop))
    assert found.model_dump() == {"name": "a ***", "note": None, "parts": ["b", "***"]}


@pytest.mark.parametrize("way", WAYS)
def test_an_object_is_never_marked(way, log):
    chop = Chopmark(Policy(name="m"), plugins=[plugin(markers=[SuffixMarker("<<", ">>")], log=log)])
    assert way(guard(making({"name": "x"}), chop)).name == "x"
    assert [m.placed for m in log.records[0].marks] == [False]


@pytest.mark.parametrize("way", [predict, stream])
def test_a_refusal_is_raised_even_where_it_could_be_an_answer(way, chop):
    with pytest.raises(PolicyBlocked):
        way(guard(making({"name": "x"}), chop, on_block="refuse"), "FORBIDDEN")


@pytest.mark.parametrize("needs", [None, Needs.clause(), Needs.whole()], ids=str)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_no_snapshot_says_more_than_was_released(needs, data):
    word = st.sampled_from(["a", "b c ", "。", '"', "}", "\\", "ⓐⓑ", "ⓐⓑⓒ", "ⓧⓨⓩ", "ⓒ"])
    texts = st.lists(word, max_size=5).map("".join)
    made = {"name": data.draw(texts), "parts": data.draw(st.lists(texts, max_size=3))}
    words = WordDetector({"ⓐⓑⓒ": "deny", "ⓧⓨⓩ": "modify"}, needs=needs)
    chop = Chopmark(Policy(name="o"), plugins=[plugin(detectors=[words])])
    guarded = guard(making(made), chop)
    got, error = walk(guarded.stream_structured_predict(Out, ASK, topic="x"))
    blocked = isinstance(error, LlamaIndexBlocked)
    assert blocked or error is None
    said = json.dumps([g.model_dump() for g in got], ensure_ascii=False)
    assert "ⓐⓑⓒ" not in said
    assert "ⓧⓨⓩ" not in said
    assert blocked == ("ⓐⓑⓒ" in json.dumps(made, ensure_ascii=False))
    if not blocked:
        wanted = json.loads(json.dumps(made, ensure_ascii=False).replace("ⓧⓨⓩ", "***"))
        assert got[-1].model_dump(exclude={"note"}) == wanted


def test_an_object_grows_before_the_callers_eyes(chop):
    made = {"name": "a long name for a test of this", "parts": ["and", "some", "parts"]}
    got = list(guard(making(made), chop).stream_structured_predict(Out, ASK, topic="x"))
    assert len({g.model_dump_json() for g in got}) > 5


def test_snapshots_that_do_not_continue_are_judged_from_their_start(chop):
    class Jumping(Completing):
        def stream_structured_predict(self, output_cls, prompt, llm_kwargs=None, **args):
            for parts in (["one"], ["two"], ["FORB"], ["FORBIDDEN"]):
                yield Out(name="x", parts=parts)

    got, error = walk(guard(Jumping(), chop).stream_structured_predict(Out, ASK, topic="x"))
    assert isinstance(error, LlamaIndexBlocked)
    assert all(g.parts in (["one"], ["two"]) for g in got)


def test_a_class_that_does_not_take_the_replacement_says_so(chop):
    class Strict(BaseModel):
        name: str = Field(pattern="^[A-Z]+$")

    class Making(Completing):
        def structured_predict(self, output_cls, prompt, llm_kwargs=None, **args):
            return Strict(name="SECRET")

    with pytest.raises(RequestError, match="Strict does not take"):
        guard(Making(), chop).structured_predict(Strict, ASK, topic="x")


@pytest.mark.parametrize("way", [predict, apredict])
def test_the_error_for_a_useless_answer_does_not_quote_what_is_denied(way, chop):
    for text, quoted in (("plain FORBIDDEN words", False), ("plain words", True)):
        with pytest.raises(ValueError) as error:
            way(guard(Chatting(calls("Out", {"nope": text})), chop))
        assert (text in str(error.value)) == quoted
        assert error.value.__context__ is None or text not in str(error.value.__context__)


def test_plain_text_programs_are_judged_as_objects(chop):
    llm = Completing(['{"name": "a SECRET"}'], pydantic_program_mode=PydanticProgramMode.LLM)
    assert predict(guard(llm, chop)) == Out(name="a ***")
    prompt = ChatPromptTemplate.from_messages([("user", "about {topic}")])
    for topic in ("x", "SECRET"):  # the first call leaves its parser in the prompt
        guarded = guard(llm, chop)
        guarded.structured_predict(Out, prompt, topic=topic)
        assert guarded.asked_of[-1].count('"title": "Out"') == 1


def test_json_answers_of_openai_models(chop):
    wire = Wire('{"name": "a SECRET", "note": null, "parts": []}')
    llm = guard(wired(wire, OpenAI, model="gpt-4o-mini"), chop)
    for way in WAYS:
        assert way(llm, "SECRET").name == "a ***"
    assert "SECRET" not in str(wire.asked)
    for body in wire.asked:
        assert body["response_format"]["type"] == "json_schema"


def test_calls_past_the_chat_methods_are_screened_too(chop):
    """OpenAIResponses asks its client for the object itself."""
    asked = []

    def provider(request):
        asked.append(json.loads(request.content))
        text = {"type": "output_text", "text": '{"name": "a SECRET"}', "annotations": []}
        message = {
            "id": "m", "type": "message", "role": "assistant", "status": "completed",
            "content": [text],
        }  # fmt: skip
        answer = {
            "id": "r", "object": "response", "created_at": 1, "model": "gpt-4o",
            "output": [message], "status": "completed", "tool_choice": "none", "tools": [],
            "parallel_tool_calls": False,
        }  # fmt: skip
        return httpx.Response(200, json=answer)

    transport = httpx.MockTransport(provider)
    llm = guard(
        OpenAIResponses(
            "gpt-4o", api_key="x", http_client=httpx.Client(transport=transport),
            async_http_client=httpx.AsyncClient(transport=transport),
        ),
        chop,
    )  # fmt: skip
    for way in (predict, apredict):
        assert way(llm, "SECRET").name == "a ***"
        with pytest.raises(PolicyBlocked):
            way(llm, "FORBIDDEN")
    assert len(asked) == 2
    assert "SECRET" not in str(asked)


def test_structured_llms_may_be_guarded_as_they_are(chop):
    llm = guard(StructuredLLM(llm=making({"name": "SECRET"}), output_cls=Out), chop)
    assert llm.complete("q").raw == Out(name="***")


def test_with_policy_off_the_calls_are_the_bare_ones():
    llm = guard(making({"name": "x"}), Chopmark("off"))
    for way in WAYS:
        assert way(llm) == Out(name="x")
    assert isinstance(guard(MockLLM(), Chopmark("off")), MockLLM)
