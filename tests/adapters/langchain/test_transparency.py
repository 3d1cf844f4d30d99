"""The same model bare and guarded by a policy that finds nothing: what differs is the metadata."""

import copy

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_models import AsyncChatScript, ChatScript, EventChat, NestedChat, WholeChat
from pydantic import BaseModel

from chopmark import Chopmark, Policy
from chopmark.testing import MemoryLog, WordDetector, plugin
from chopmark_langchain import guard

pytestmark = pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
CONVERSATION = [
    SystemMessage("be brief"),
    HumanMessage("what is 4?"),
    AIMessage("", tool_calls=[{"name": "add", "args": {"a": 2, "b": 2}, "id": "c"}]),
    ToolMessage("4", tool_call_id="c"),
    HumanMessage([{"type": "text", "text": "so 'four'?"}, {"type": "image", "url": "x:y"}]),
]


class Add(BaseModel):
    """Add two numbers."""

    a: int
    b: int


class Answer(BaseModel):
    """An answer."""

    text: str


BLOCKS = [
    [{"type": "reasoning", "reasoning": "hm ", "index": 0}],
    [{"type": "reasoning", "reasoning": "yes", "index": 0}],
    [{"type": "text", "text": "It ", "index": 1}],
    [{"type": "text", "text": "is", "index": 1, "annotations": []}],
]
MODELS = {
    "sync": ChatScript(),
    "async": AsyncChatScript(),
    "unmarked": AsyncChatScript(marks_last=False),
    "tells": AsyncChatScript(tells_tokens=True),
    "blocks": ChatScript(pieces=BLOCKS),
    "unmarked-blocks": ChatScript(pieces=BLOCKS, marks_last=False),
    "whole": WholeChat(),
    "nested": NestedChat(),
    "empty": ChatScript(pieces=[]),
    "v1": ChatScript(output_version="v1"),
    "native": EventChat(),
}


def quiet():
    """A policy that looks at everything and finds nothing."""
    detectors = [WordDetector({})]
    return Chopmark(Policy(name="quiet"), plugins=[plugin(detectors=detectors, log=MemoryLog())])


CHOPS = {"off": Chopmark("off"), "quiet": quiet()}


@pytest.fixture(params=CHOPS)
def chop(request):
    return CHOPS[request.param]


# What an inert policy does is the same for every model, so it is tried on a few.
PAIRS = [(name, "quiet") for name in MODELS]
PAIRS += [(name, "off") for name in ("sync", "async", "blocks")]


@pytest.fixture(params=PAIRS, ids="-".join)
def pair(request):
    return request.param


@pytest.fixture
def bare(pair):
    return MODELS[pair[0]].model_copy(deep=True)


@pytest.fixture
def guarded(bare, pair):
    return guard(bare.model_copy(deep=True), CHOPS[pair[1]])


def plain(message):
    """What a message says, without its run id and without what chopmark says of it."""
    if isinstance(message, dict):
        return {key: plain(value) for key, value in message.items()}
    if not isinstance(message, BaseMessage):
        return message
    fields = message.model_dump()
    fields["id"] = None if str(fields.get("id")).startswith("lc_run-") else fields.get("id")
    metadata = fields.get("response_metadata") or {}
    metadata.pop("chopmark", None)
    return fields


def labels(messages):
    return [m for m in messages if "chopmark" in m.response_metadata]


MODES = {
    "plain": lambda model: model,
    "tools": lambda model: model.bind_tools([Add]),
    "stop": lambda model: model.bind(stop=["so"], custom="kept"),
    "structured": lambda model: model.with_structured_output(Answer),
    "raw": lambda model: model.with_structured_output(Answer, include_raw=True),
    "config": lambda model: model.with_config(tags=["t"], metadata={"m": 1}),
    "retry": lambda model: model.with_retry(stop_after_attempt=2),
}


def made(model, mode):
    """The model as it is, with tools, or set to answer by a schema."""
    return MODES[mode](model)


def in_order(chunks):
    """Put the parts of an answer with its raw message in one order: LangChain runs them at once."""
    return sorted(chunks, key=lambda chunk: sorted(chunk) if isinstance(chunk, dict) else [])


def test_invoke_answers_the_same(bare, guarded):
    for mode in MODES:
        for prompt in ("say 'yes' to 7", CONVERSATION):
            expected = made(bare, mode).invoke(prompt)
            assert plain(made(guarded, mode).invoke(prompt)) == plain(expected), mode
    assert guarded.seen == bare.seen
    assert guarded.kwargs_seen == bare.kwargs_seen


async def test_ainvoke_answers_the_same(bare, guarded):
    for mode in MODES:
        expected = await made(bare, mode).ainvoke(CONVERSATION)
        assert plain(await made(guarded, mode).ainvoke(CONVERSATION)) == plain(expected), mode
    assert guarded.kwargs_seen == bare.kwargs_seen


def test_stream_gives_the_same_chunks(bare, guarded):
    for mode in MODES:
        expected = [plain(chunk) for chunk in made(bare, mode).stream(CONVERSATION)]
        found = [plain(chunk) for chunk in made(guarded, mode).stream(CONVERSATION)]
        assert in_order(found) == in_order(expected), mode
    assert guarded.kwargs_seen == bare.kwargs_seen


async def test_astream_gives_the_same_chunks(bare, guarded):
    for mode in MODES:
        expected = [plain(chunk) async for chunk in made(bare, mode).astream(CONVERSATION)]
        found = [plain(chunk) async for chunk in made(guarded, mode).astream(CONVERSATION)]
        assert in_order(found) == in_order(expected), mode
    assert guarded.kwargs_seen == bare.kwargs_seen


def test_batch_answers_the_same(bare, guarded):
    prompts = ["one", CONVERSATION, "three"]
    expected = [plain(message) for message in bare.batch(prompts, config={"max_concurrency": 1})]
    found = guarded.batch(prompts, config={"max_concurrency": 1})
    assert [plain(message) for message in found] == expected


async def test_abatch_answers_the_same(bare, guarded):
    expected = [plain(message) for message in await bare.abatch(["one", "two"])]
    assert [plain(message) for message in await guarded.abatch(["one", "two"])] == expected


async def test_events_v2_are_the_same(bare, guarded):
    async def told(model):
        events = [e async for e in model.astream_events(CONVERSATION, version="v2")]
        return [(e["event"], e["name"], plain(e["data"].get("chunk"))) for e in events]

    assert await told(guarded) == await told(bare)


def without_label(event):
    if event.get("event") != "message-finish":
        return {key: value for key, value in event.items() if key != "id"}
    metadata = {k: v for k, v in event.get("metadata", {}).items() if k != "chopmark"}
    return {**event, "metadata": metadata}


def test_events_v3_are_the_same(bare, guarded):
    if isinstance(bare, WholeChat) or not bare.pieces:
        pytest.skip("core has no events for a model without chunks")
    expected = [without_label(e) for e in bare.stream_events("hi", version="v3")]
    found = list(guarded.stream_events("hi", version="v3"))
    assert [without_label(e) for e in found] == [
        {**e, "metadata": e.get("metadata", {})} if e["event"] == "message-finish" else e
        for e in expected
    ]


async def test_async_events_v3_are_the_same(bare, guarded):
    if isinstance(bare, WholeChat) or not bare.pieces:
        pytest.skip("core has no events for a model without chunks")

    async def told(model):
        stream = await model.astream_events("hi", version="v3")
        return [without_label(event) async for event in stream]

    assert await told(guarded) == await told(bare)


class Heard(BaseCallbackHandler):
    def __init__(self):
        self.told = []

    def on_llm_new_token(self, token, *, chunk=None, **kwargs):
        self.told.append((token or "", plain(chunk.message)["content"] if chunk else None))

    def on_llm_end(self, response, **kwargs):
        messages = [plain(g.message) for gs in response.generations for g in gs]
        for message in messages:  # where the model does not mark its end, the guard does
            message.pop("chunk_position", None)
        self.told.append(messages)


def test_callbacks_are_told_the_same(bare, guarded):
    def told(model, way):
        heard = Heard()
        answer = getattr(model, way)("hi", config={"callbacks": [heard]})
        if way == "stream":
            list(answer)
        return heard.told

    assert told(guarded, "stream") == told(bare, "stream")
    if not isinstance(bare, NestedChat):
        assert told(guarded, "invoke") == told(bare, "invoke")


async def test_async_callbacks_are_told_the_same(bare, guarded):
    class AsyncHeard(AsyncCallbackHandler):
        def __init__(self):
            self.told = []

        async def on_llm_new_token(self, token, **kwargs):
            self.told.append(token or "")

    async def told(model):
        heard = AsyncHeard()
        _ = [chunk async for chunk in model.astream("hi", config={"callbacks": [heard]})]
        return heard.told

    assert await told(guarded) == await told(bare)


def test_the_metadata_stands_on_one_chunk_and_survives_the_sum(bare):
    guarded = guard(bare, CHOPS["quiet"])
    chunks = list(guarded.stream("hi"))
    assert len(labels(chunks)) == 1
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert whole.response_metadata["chopmark"] == labels(chunks)[0].response_metadata["chopmark"]
    assert guarded.invoke("hi").response_metadata["chopmark"]["ending"] == "completed"


def test_nothing_comes_behind_the_last_chunk(bare):
    chunks = list(guard(bare, CHOPS["quiet"]).stream("hi"))
    if not isinstance(bare, WholeChat):
        assert [c.chunk_position for c in chunks] == [None] * (len(chunks) - 1) + ["last"]


def test_the_callers_messages_and_the_models_are_not_changed(chop):
    model = AsyncChatScript()
    asked = copy.deepcopy(CONVERSATION)
    guard(model, chop).invoke(asked)
    assert asked == CONVERSATION
    assert type(model) is AsyncChatScript
    assert "chopmark" not in model.invoke(asked).response_metadata


def test_a_model_that_fails_fails_the_same(chop):
    model = ChatScript(error=ZeroDivisionError("x"))
    guarded = guard(model, chop)
    for call in (guarded.invoke, lambda prompt: list(guarded.stream(prompt))):
        with pytest.raises(ZeroDivisionError, match="x"):
            call("hi")
