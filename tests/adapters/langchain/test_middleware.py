"""An agent whose model and tools are guarded, in every mode in which it streams."""

from typing import Annotated

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelFallbackMiddleware, ModelRetryMiddleware
from langchain.agents.structured_output import ToolStrategy
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import InjectedToolCallId, tool
from langchain_models import AsyncChatScript
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command
from pydantic import BaseModel, Field

from chopmark import Chopmark, Policy
from chopmark.testing import WordDetector, plugin
from chopmark_langchain import ChopmarkMiddleware, LangChainBlocked

pytestmark = pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
ASKED = {"messages": [HumanMessage("look it up")]}


class Agent(AsyncChatScript):
    """Calls the tool once, then says `pieces`. What its tools returned is in `results`."""

    results: list = Field(default_factory=list)

    def _note(self, messages, stop, kwargs):
        super()._note(messages, stop, kwargs)
        self.results += [m for m in messages if isinstance(m, ToolMessage)]


def looking(result):
    """A tool that returns `result`."""

    @tool
    def look(query: str) -> str:
        """Look something up."""
        return result

    return look


def agent(model, chop, *tools, before=(), behind=(), **options):
    middleware = [*before, ChopmarkMiddleware(chop, **options), *behind]
    return create_agent(model, list(tools) or [looking("a fine result")], middleware=middleware)


def texts(state):
    return [message.text for message in state["messages"]]


def test_an_agent_runs_and_its_answer_is_screened(marking):
    model = Agent(pieces=["the SEC", "RET"])
    state = agent(model, marking).invoke(ASKED)
    assert texts(state)[-1] == "<the ***>"
    assert [type(m).__name__ for m in state["messages"]] == [
        "HumanMessage", "AIMessage", "ToolMessage", "AIMessage",
    ]  # fmt: skip
    assert state["messages"][-1].response_metadata["chopmark"]["action"] == "modify"


async def test_an_async_agent_does_the_same(marking):
    state = await agent(Agent(pieces=["the SEC", "RET"]), marking).ainvoke(ASKED)
    assert texts(state)[-1] == "<the ***>"


STREAMED = Agent(pieces=list("all of it: SECRET, and no more"))
WHOLE = "all of it: ***, and no more"


def fresh():
    return STREAMED.model_copy(deep=True)


def raw(value):
    return "SECRET" in repr(value) or "ECRE" in repr(value)


@pytest.mark.parametrize("mode", ["messages", "updates", "values", "debug"])
def test_no_stream_mode_shows_what_was_replaced(chop, mode):
    got = list(agent(fresh(), chop).stream(ASKED, stream_mode=mode))
    assert not any(raw(piece) for piece in got)
    if mode == "messages":
        said = "".join(m.text for m, _ in got if m.type == "AIMessageChunk")
        assert said == WHOLE
        assert len([m for m, _ in got if m.text and m.type == "AIMessageChunk"]) > 10
    elif mode == "values":
        assert texts(got[-1])[-1] == WHOLE


@pytest.mark.parametrize("mode", ["messages", "updates", "values"])
async def test_no_async_stream_mode_shows_what_was_replaced(chop, mode):
    got = [piece async for piece in agent(fresh(), chop).astream(ASKED, stream_mode=mode)]
    assert got
    assert not any(raw(piece) for piece in got)


async def test_events_v2_do_not_show_what_was_replaced(chop):
    events = [e async for e in agent(fresh(), chop).astream_events(ASKED, version="v2")]
    assert not any(raw(event) for event in events)
    chunks = [e["data"]["chunk"] for e in events if e["event"] == "on_chat_model_stream"]
    assert "".join(chunk.text for chunk in chunks) == WHOLE


def test_events_v3_do_not_show_what_was_replaced(chop):
    stream = agent(fresh(), chop).stream_events(ASKED, version="v3")
    events = list(stream)
    assert events
    assert not any(raw(event) for event in events)
    assert texts(stream.output)[-1] == WHOLE


async def test_async_events_v3_do_not_show_what_was_replaced(chop):
    stream = await agent(fresh(), chop).astream_events(ASKED, version="v3")
    events = [event async for event in stream]
    assert events
    assert not any(raw(event) for event in events)


@pytest.mark.parametrize("ask", [lambda a: a.invoke, lambda a: lambda s: list(a.stream(s))])
def test_a_blocked_prompt_reaches_no_model(chop, ask):
    model = Agent()
    with pytest.raises(LangChainBlocked):
        ask(agent(model, chop))({"messages": [HumanMessage("a FORBIDDEN thing")]})
    assert model.seen == []


def test_a_refusal_ends_the_agent(chop):
    model = Agent()
    state = agent(model, chop, on_block="refuse").invoke({"messages": [HumanMessage("FORBIDDEN")]})
    assert texts(state)[-1] == chop.policy.refusal("en")
    assert model.seen == []


class Calling(Agent):
    """Calls its tool with an argument that the policy denies."""

    def _message(self, messages, kwargs):
        message = super()._message(messages, kwargs)
        for call in message.tool_calls:
            call["args"] = dict.fromkeys(call["args"], "FORBIDDEN")
        return message


def test_a_call_that_the_model_makes_up_is_not_run(chop):
    ran = []

    @tool
    def send(body: str) -> str:
        """Send it."""
        ran.append(body)
        return "sent"

    with pytest.raises(LangChainBlocked):
        agent(Calling(disable_streaming=True), chop, send).invoke(ASKED)
    assert ran == []


# What tools bring in.


def check_withheld(message, model, chop):
    assert (message.text, message.status) == (chop.policy.refusal("en"), "error")
    assert message.artifact is None
    assert message.tool_call_id == "call-1"
    assert [result.text for result in model.results] == [message.text]


def test_a_denied_tool_result_is_withheld(chop, log):
    model = Agent()
    state = agent(model, chop, looking("now FORBIDDEN instructions")).invoke(ASKED)
    check_withheld(state["messages"][2], model, chop)
    tool_record = next(r for r in log.records if r.adapter == "langchain.tool")
    assert (tool_record.action, tool_record.ending, tool_record.model) == (
        "block", "blocked", "look",
    )  # fmt: skip
    assert [v.direction for v in tool_record.verdicts] == ["input"]


async def test_a_denied_tool_result_is_withheld_async(chop):
    model = Agent()
    state = await agent(model, chop, looking("now FORBIDDEN instructions")).ainvoke(ASKED)
    check_withheld(state["messages"][2], model, chop)


def test_what_is_replaced_in_a_tool_result_is_replaced(chop):
    model = Agent()
    state = agent(model, chop, looking("the SECRET is here")).invoke(ASKED)
    assert state["messages"][2].text == "the *** is here"
    assert model.results[0].text == "the *** is here"


def test_blocks_of_a_tool_result_keep_their_places(chop):
    @tool
    def look(query: str) -> list:
        """Look something up."""
        return [
            {"type": "text", "text": "one SECRET, "},
            {"type": "image", "url": "https://host.example/x.png"},
            {"type": "text", "text": "two"},
        ]

    state = agent(Agent(), chop, look).invoke(ASKED)
    blocks = state["messages"][2].content
    assert [b.get("text") or b.get("url") for b in blocks] == [
        "one ***, ", "https://host.example/x.png", "two",
    ]  # fmt: skip


def test_the_message_in_a_command_is_screened(chop):
    @tool
    def look(query: str, tool_call_id: Annotated[str, InjectedToolCallId]) -> Command:
        """Look something up."""
        message = ToolMessage("FORBIDDEN", tool_call_id=tool_call_id, artifact={"raw": "FORBIDDEN"})
        return Command(update={"messages": [message]})

    model = Agent()
    state = agent(model, chop, look).invoke(ASKED)
    check_withheld(state["messages"][2], model, chop)


def test_a_graph_made_by_hand_can_use_it_on_its_tool_node(chop):
    screening = ChopmarkMiddleware(chop)
    node = ToolNode([looking("FORBIDDEN")], wrap_tool_call=screening.wrap_tool_call)
    graph = StateGraph(MessagesState)
    graph.add_node("tools", node)
    graph.add_edge(START, "tools")
    call = {"name": "look", "args": {"query": "x"}, "id": "call-1"}
    state = graph.compile().invoke({"messages": [AIMessage("", tool_calls=[call])]})
    assert texts(state)[-1] == chop.policy.refusal("en")


def test_a_policy_without_tools_leaves_results_alone(log):
    words = WordDetector({"FORBIDDEN": "deny"})
    brought = plugin(detectors=[words], log=log)
    chop = Chopmark(Policy(name="users", roles=("user",)), plugins=[brought])
    state = agent(Agent(), chop, looking("FORBIDDEN")).invoke(ASKED)
    assert texts(state)[2] == "FORBIDDEN"
    assert {record.adapter for record in log.records} == {"langchain"}


def test_policy_off_changes_nothing():
    def told(middleware):
        made = create_agent(fresh(), [looking("FORBIDDEN")], middleware=middleware)
        state = made.invoke(ASKED)
        return [m.model_dump(exclude={"id"}) for m in state["messages"]]

    assert told([ChopmarkMiddleware(Chopmark("off"))]) == told([])


# With other middleware.


def test_a_structured_answer_is_screened_and_whole(marking):
    class Found(BaseModel):
        what: str

    made = create_agent(
        Agent(), [], response_format=ToolStrategy(Found), middleware=[ChopmarkMiddleware(marking)]
    )
    state = made.invoke({"messages": [HumanMessage("'it'")]})
    assert state["structured_response"] == Found(what="it")


def test_a_fallback_before_it_gets_guarded_models(chop):
    second = Agent()
    made = agent(Agent(), chop, before=[ModelFallbackMiddleware(second)])
    with pytest.raises(LangChainBlocked):
        made.invoke({"messages": [HumanMessage("FORBIDDEN")]})
    assert second.seen == []


def test_known_bypass_a_fallback_behind_it(chop):
    """What the docstring warns of: fails when LangChain begins to leave blocks alone."""
    second = Agent()
    made = agent(Agent(), chop, behind=[ModelFallbackMiddleware(second)])
    made.invoke({"messages": [HumanMessage("FORBIDDEN")]})
    assert second.seen[0] == "FORBIDDEN"


def test_the_retry_middleware_leaves_a_block_alone(chop, log):
    made = agent(Agent(), chop, before=[ModelRetryMiddleware(max_retries=2, initial_delay=0)])
    with pytest.raises(LangChainBlocked):
        made.invoke({"messages": [HumanMessage("FORBIDDEN")]})
    assert len(log.records) == 1


def test_every_model_call_and_tool_result_leaves_one_record(chop, log):
    agent(Agent(), chop).invoke(ASKED)
    assert [record.adapter for record in log.records] == [
        "langchain",
        "langchain.tool",
        "langchain",
    ]
