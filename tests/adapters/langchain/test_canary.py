"""A denied prompt must not reach the model, whatever way it is asked."""

import copy
import pickle

import pytest
from langchain_core.messages import ChatMessage, HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import ConfigurableField, RunnableParallel
from langchain_models import AsyncChatScript, ChatScript, EventChat, NestedChat, WholeChat
from pydantic import BaseModel

from chopmark import Chopmark, Policy, PolicyBlocked, Rules
from chopmark.testing import MemoryLog, WordDetector, plugin
from chopmark_langchain import LangChainBlocked, guard

pytestmark = pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
CANARY = "tell me of FORBIDDEN things"


class Answer(BaseModel):
    """An answer."""

    text: str


def each(pieces):
    return list(pieces)


WAYS = {
    "invoke": lambda m: m.invoke(CANARY),
    "messages": lambda m: m.invoke([("system", "s"), ("human", CANARY)]),
    "blocks": lambda m: m.invoke([HumanMessage([{"type": "text", "text": CANARY}])]),
    "split-blocks": lambda m: m.invoke(
        [HumanMessage([{"type": "text", "text": "FORB"}, {"type": "text", "text": "IDDEN"}])]
    ),
    "document": lambda m: m.invoke(
        [HumanMessage([{"type": "document", "source": {"type": "text", "data": CANARY}}])]
    ),
    "tool-result": lambda m: m.invoke([HumanMessage("x"), ToolMessage(CANARY, tool_call_id="c")]),
    "unknown-role": lambda m: m.invoke([ChatMessage(CANARY, role="customer")]),
    "stream": lambda m: each(m.stream(CANARY)),
    "stream-v3": lambda m: each(m.stream_events(CANARY, version="v3").text),
    "output-v3": lambda m: m.stream_events(CANARY, version="v3").output,
    "batch": lambda m: m.batch(["fine", CANARY]),
    "batch-as-completed": lambda m: each(m.batch_as_completed([CANARY])),
    "generate": lambda m: m.generate([[HumanMessage(CANARY)]]),
    "transform": lambda m: each(m.transform(iter([CANARY]))),
    "tools": lambda m: m.bind_tools([Answer]).invoke(CANARY),
    "tools-stream": lambda m: each(m.bind_tools([Answer]).stream(CANARY)),
    "structured": lambda m: m.with_structured_output(Answer).invoke(CANARY),
    "structured-raw": lambda m: m.with_structured_output(Answer, include_raw=True).invoke(CANARY),
    "structured-stream": lambda m: each(m.with_structured_output(Answer).stream(CANARY)),
    "bind": lambda m: m.bind(stop=["x"]).invoke(CANARY),
    "config": lambda m: m.with_config(tags=["x"]).invoke(CANARY),
    "chain": lambda m: (ChatPromptTemplate.from_template("{q}") | m | StrOutputParser()).invoke(
        {"q": CANARY}
    ),
    "chain-stream": lambda m: each(
        (ChatPromptTemplate.from_template("{q}") | m | StrOutputParser()).stream({"q": CANARY})
    ),
    "parallel": lambda m: RunnableParallel(a=m).invoke(CANARY),
    "map": lambda m: m.map().invoke([CANARY]),
    "configured": lambda m: (
        m.configurable_fields(model=ConfigurableField(id="model"))
        .with_config(configurable={"model": "m2"})
        .invoke(CANARY)
    ),
    "copy": lambda m: m.model_copy().invoke(CANARY),
    "deepcopy": lambda m: copy.deepcopy(m).invoke(CANARY),
    "made-anew": lambda m: type(m)().invoke(CANARY),
}


async def collected(pieces):
    return [piece async for piece in pieces]


ASYNC_WAYS = {
    "ainvoke": lambda m: m.ainvoke(CANARY),
    "astream": lambda m: collected(m.astream(CANARY)),
    "abatch": lambda m: m.abatch(["fine", CANARY]),
    "agenerate": lambda m: m.agenerate([[HumanMessage(CANARY)]]),
    "events-v2": lambda m: collected(m.astream_events(CANARY, version="v2")),
    "tools": lambda m: m.bind_tools([Answer]).ainvoke(CANARY),
    "structured": lambda m: m.with_structured_output(Answer).ainvoke(CANARY),
    "structured-stream": lambda m: collected(m.with_structured_output(Answer).astream(CANARY)),
    "chain": lambda m: (ChatPromptTemplate.from_template("{q}") | m).ainvoke({"q": CANARY}),
}
DENYING = Chopmark(
    Policy(name="canary"), plugins=[plugin(detectors=[WordDetector({"FORBIDDEN": "deny"})])]
)
CLASSES = [ChatScript, AsyncChatScript, NestedChat, WholeChat, EventChat]


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def model(request):
    return guard(request.param(), DENYING)


def sees_only_fine(model):
    return [text for text in model.seen if text != "fine"] == []


@pytest.mark.parametrize("name", WAYS)
def test_no_way_to_ask_leads_past_the_guard(model, name):
    way = WAYS[name]
    if name.endswith("-v3") and isinstance(model, WholeChat):
        pytest.skip("core has no events for a model that cannot stream")
    with pytest.raises(LangChainBlocked):
        way(model)
    assert sees_only_fine(model)


@pytest.mark.parametrize("way", ASYNC_WAYS.values(), ids=ASYNC_WAYS.keys())
async def test_no_async_way_to_ask_leads_past_the_guard(model, way):
    with pytest.raises(LangChainBlocked):
        await way(model)
    assert sees_only_fine(model)


async def test_async_events_v3_do_not_lead_past_the_guard(model):
    if isinstance(model, WholeChat):
        pytest.skip("core has no events for a model that cannot stream")
    stream = await model.astream_events(CANARY, version="v3")
    with pytest.raises(LangChainBlocked):
        await stream.output
    assert sees_only_fine(model)


def test_a_pickled_model_does_not_lead_past_the_guard():
    pytest.importorskip("stdnum")
    policy = Policy(name="pii", plugins=("pii",), rules=Rules(both={"pii": "block"}))
    again = pickle.loads(pickle.dumps(guard(ChatScript(), Chopmark(policy))))
    with pytest.raises(PolicyBlocked):
        again.invoke("write to someone@mail.example.org")
    again.invoke("fine")
    assert again.seen == ["fine"]


def test_two_policies_both_hold(chop, log):
    other_log = MemoryLog()
    words = WordDetector({"OTHERWORD": "deny"})
    other = Chopmark(Policy(name="other"), plugins=[plugin(detectors=[words], log=other_log)])
    model = guard(guard(ChatScript(), chop), other)
    for prompt in (CANARY, "an OTHERWORD"):
        with pytest.raises(LangChainBlocked):
            model.invoke(prompt)
        with pytest.raises(LangChainBlocked):
            list(model.stream(prompt))
    model.invoke("fine")
    assert model.seen == ["fine"]
    assert (log.records[-1].ending, other_log.records[-1].ending) == ("completed", "completed")
