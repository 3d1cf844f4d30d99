"""With policy off a guarded LLM is the bare one: every object that comes, and what is asked."""

import httpx
import pytest
from llama_index.core import PromptTemplate
from llama_index.core.llms import ChatMessage
from llama_index.core.program import LLMTextCompletionProgram
from llama_index.core.tools import FunctionTool
from llama_index.core.types import BasePydanticProgram
from llama_index.llms.openai import OpenAI
from llamaindex_models import Chatting, Completing, Wire, calls, said, wired
from pydantic import BaseModel

from chopmark import Chopmark, Policy
from chopmark.testing import MemoryLog, plugin
from chopmark_llamaindex import guard

ASKED = [ChatMessage("q", role="user"), ChatMessage("a"), ChatMessage("and now, 你?")]
JSON = '{"name": "x", "count": 3}'


class Out(BaseModel):
    """What is asked for."""

    name: str
    count: int


TOOL = FunctionTool.from_defaults(lambda name, count: f"{name}: {count}", name="Out")


def ask():
    return PromptTemplate("about {topic}")  # new: LlamaIndex leaves a parser in it


async def listed(pieces):
    return [piece async for piece in await pieces]


async def at_once(llm):
    return [llm.chat(ASKED), await llm.achat(ASKED)]


async def completed(llm):
    return [llm.complete("q"), await llm.acomplete("q"), llm.predict(ask(), topic="x")]


async def in_pieces(llm):
    return [*llm.stream_chat(ASKED), *await listed(llm.astream_chat(ASKED))]


async def completed_in_pieces(llm):
    pieces = [*llm.stream_complete("q"), *await listed(llm.astream_complete("q"))]
    return [*pieces, *llm.stream(ask(), topic="x")]


async def with_tools(llm):
    return [
        llm.chat_with_tools([TOOL], "q"),
        await llm.achat_with_tools([TOOL], "q"),
        *llm.stream_chat_with_tools([TOOL], "q"),
        *await listed(llm.astream_chat_with_tools([TOOL], "q")),
    ]


async def as_objects(llm):
    return [
        llm.structured_predict(Out, ask(), topic="x"),
        await llm.astructured_predict(Out, ask(), topic="x"),
        *llm.stream_structured_predict(Out, ask(), topic="x"),
        llm.as_structured_llm(Out).complete("q"),
    ]


WALKS = (at_once, completed, in_pieces, completed_in_pieces, with_tools, as_objects)
LOOSE = [("f", '{"x": "中文", "n": 1}'), ("g", "{}")]
MADE = calls("Out", JSON, cuts=range(1, len(JSON), 3))
LLMS = {
    "a completing LLM": (lambda: Completing(["Hel", "lo ", "世界"]), WALKS[:4]),
    "a completing LLM that says JSON": (lambda: Completing([JSON]), (as_objects,)),
    "a chatting LLM": (lambda: Chatting(said("one two")), (at_once, in_pieces)),
    "a chatting LLM in pieces": (lambda: Chatting(said("one ", "two")), (in_pieces,)),
    "a chatting LLM that calls": (lambda: Chatting(MADE), (at_once, in_pieces, with_tools)),
    "a chatting LLM of objects": (lambda: Chatting(MADE), (as_objects,)),
    "a provider": (lambda: wired(Wire("Hello 世界", reasoning="hm, so")), WALKS[:5]),
    "a provider that calls": (lambda: wired(Wire(calls=LOOSE)), (at_once, in_pieces, with_tools)),
    "OpenAI": (lambda: wired(Wire(JSON), OpenAI, model="gpt-4o-mini"), (at_once, as_objects)),
}
if LLMTextCompletionProgram.stream_call is BasePydanticProgram.stream_call:
    # Before llama-index-core 0.14.22, no completing LLM streams objects, guarded or not.
    del LLMS["a completing LLM that says JSON"]
CASES = [(name, walk) for name, (_, walks) in LLMS.items() for walk in walks]


def dumped(value):
    """All that an object says of itself, the provider's own in `raw` included."""
    if isinstance(value, BaseModel):
        fields = {**dict(value), **(value.model_extra or {})}
        return type(value).__name__, {key: dumped(inner) for key, inner in fields.items()}
    if isinstance(value, dict):
        return {key: dumped(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [dumped(inner) for inner in value]
    return value


def asked_of(llm):
    client = getattr(llm, "_http_client", None)
    if isinstance(client, httpx.Client):
        return client._transport.asked
    return dumped(llm.asked_of)


@pytest.mark.parametrize(("name", "walk"), CASES, ids=lambda v: getattr(v, "__name__", v))
async def test_policy_off_is_as_bare(name, walk):
    bare, own = LLMS[name][0](), LLMS[name][0]()
    expected = dumped(await walk(bare))
    guarded = guard(own, Chopmark("off"))
    assert dumped(await walk(guarded)) == expected
    assert asked_of(guarded) == asked_of(bare)
    assert asked_of(bare)


def unlabelled(pieces):
    """The same without the metadata, which these answers must carry where they can."""
    for piece in pieces:
        holder = getattr(piece, "message", piece)
        getattr(holder, "additional_kwargs", {}).pop("chopmark", None)
    return dumped(pieces)


WHOLE = [case for case in CASES if case[1] in (at_once, completed, as_objects)]


@pytest.mark.parametrize(("name", "walk"), WHOLE, ids=lambda v: getattr(v, "__name__", v))
async def test_a_policy_that_only_records_changes_nothing_of_whole_answers(name, walk):
    log = MemoryLog()
    recording = Chopmark(Policy(name="r"), plugins=[plugin(log=log)])
    bare, own = LLMS[name][0](), LLMS[name][0]()
    expected = dumped(await walk(bare))
    guarded = guard(own, recording)
    assert unlabelled(await walk(guarded)) == expected
    assert asked_of(guarded) == asked_of(bare)
    assert {record.ending for record in log.records} == {"completed"}
