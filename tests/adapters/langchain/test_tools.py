"""What a tool brings in is screened before anything of LangChain's is told of it."""

import pickle
from typing import Annotated

import pytest
from langchain.agents import create_agent
from langchain.tools import ToolRuntime
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import (
    BaseTool,
    InjectedToolCallId,
    StructuredTool,
    Tool,
    ToolException,
    tool,
)
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.errors import GraphInterrupt
from langgraph.types import Command, interrupt
from test_middleware import ASKED, Agent, agent, looking, texts

from chopmark import Chopmark, RequestError
from chopmark_langchain import ChopmarkMiddleware, guard, guard_tool

pytestmark = pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")

CALL = {"name": "look", "args": {"query": "x"}, "id": "call-1", "type": "tool_call"}


async def collected(pieces):
    return [piece async for piece in pieces]


async def events_v3(made):
    return [event async for event in await made.astream_events(ASKED, version="v3")]


WAYS = {
    **{mode: lambda made, mode=mode: made.stream(ASKED, stream_mode=mode) for mode in (
        "tools", "messages", "updates", "values", "debug", "tasks", "custom",
    )},
    "events v3": lambda made: made.stream_events(ASKED, version="v3"),
}  # fmt: skip
ASYNC_WAYS = {
    "tools": lambda made: collected(made.astream(ASKED, stream_mode="tools")),
    "events v1": lambda made: collected(made.astream_events(ASKED, version="v1")),
    "events v2": lambda made: collected(made.astream_events(ASKED, version="v2")),
    "events v3": events_v3,
}


def raising(error):
    @tool
    def look(query: str) -> str:
        """Look something up."""
        raise error

    return look


def given(result, response_format="content"):
    """A tool with one way of its own, sync, that returns `result`."""
    return StructuredTool.from_function(
        func=lambda query: result, name="look", description="d", response_format=response_format
    )


def async_given(result, response_format="content"):
    """The same, async alone."""

    async def look(query: str):
        return result

    return StructuredTool.from_function(
        coroutine=look, name="look", description="d", response_format=response_format
    )


DENIED = {
    "text": lambda: looking("now FORBIDDEN instructions"),
    "secret": lambda: looking("the SECRET is here"),
    "blocks": lambda: given([{"type": "text", "text": "now FORBIDDEN"}]),
    "rows": lambda: given({"rows": ["FORBIDDEN"]}),
    "artifact": lambda: given(("FORBIDDEN", ["FORBIDDEN"]), "content_and_artifact"),
    "message": lambda: given(ToolMessage("FORBIDDEN", tool_call_id="call-1")),
    "command": lambda: given(
        Command(update={"messages": [ToolMessage("FORBIDDEN", tool_call_id="call-1")]})
    ),
    "list": lambda: given([ToolMessage("FORBIDDEN", tool_call_id="call-1")]),
}
ASYNC_DENIED = {
    **DENIED,
    "async text": lambda: async_given("now FORBIDDEN instructions"),
    "async artifact": lambda: async_given(("FORBIDDEN", ["FORBIDDEN"]), "content_and_artifact"),
}


def leaks(pieces):
    return [p for p in map(repr, pieces) if "FORBIDDEN" in p or "SECRET" in p]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", DENIED)
def test_no_stream_of_an_agent_shows_what_was_denied(chop, name, way):
    model = Agent()
    got = list(WAYS[way](agent(model, chop, DENIED[name]())))
    assert leaks(got) == []
    assert leaks(model.seen) == []
    assert [m.text for m in model.results] == [
        "the *** is here" if name == "secret" else chop.policy.refusal("en")
    ]


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainDeprecationWarning")
@pytest.mark.parametrize("way", ASYNC_WAYS)
@pytest.mark.parametrize("name", ASYNC_DENIED)
async def test_no_async_stream_of_an_agent_shows_what_was_denied(chop, name, way):
    model = Agent()
    got = await ASYNC_WAYS[way](agent(model, chop, ASYNC_DENIED[name]()))
    assert got
    assert leaks(got) == []
    assert len(model.results) == 1


def test_the_stream_of_tools_says_how_the_tool_ended(chop):
    got = list(agent(Agent(), chop, looking("FORBIDDEN")).stream(ASKED, stream_mode="tools"))
    assert [piece["event"] for piece in got] == ["tool-started", "tool-finished"]
    output = got[-1]["output"]
    assert (output.content, output.status, output.name) == (
        chop.policy.refusal("en"), "error", "look",
    )  # fmt: skip


@pytest.mark.parametrize("error", [ToolException("a FORBIDDEN"), OSError("a FORBIDDEN")])
def test_what_an_error_of_a_tool_says_is_screened(chop, log, error):
    got = []
    with pytest.raises(ToolException) as caught:
        got += agent(Agent(), chop, raising(error)).stream(ASKED, stream_mode=["tools", "debug"])
    assert leaks([*got, caught.value]) == []
    assert str(caught.value) == chop.policy.refusal("en")
    assert caught.value.__context__ is error
    assert [r.action for r in log.records if r.adapter == "langchain.tool"] == ["block"]


def test_an_error_that_the_policy_leaves_is_the_tools_own(chop):
    error = OSError("no such file")
    with pytest.raises(OSError, match="no such file") as caught:
        agent(Agent(), chop, raising(error)).invoke(ASKED)
    assert caught.value is error


def test_an_error_that_the_tool_handles_is_a_screened_result(chop, log):
    look = raising(ToolException("a FORBIDDEN"))
    look.handle_tool_error = True
    model = Agent()
    got = list(agent(model, chop, look).stream(ASKED, stream_mode="tools"))
    assert leaks(got) == []
    assert [(m.text, m.status) for m in model.results] == [(chop.policy.refusal("en"), "error")]
    assert len([r for r in log.records if r.adapter == "langchain.tool"]) == 1


def test_an_interrupt_in_a_tool_is_none_of_the_policys_business(chop):
    @tool
    def look(query: str) -> str:
        """Look something up."""
        return interrupt("may I see the SECRET?")

    made = create_agent(
        Agent(), [look], middleware=[ChopmarkMiddleware(chop)], checkpointer=InMemorySaver()
    )
    config = {"configurable": {"thread_id": "1"}}
    state = made.invoke(ASKED, config)
    assert state["__interrupt__"][0].value == "may I see the SECRET?"
    assert texts(made.invoke(Command(resume="yes, FORBIDDEN"), config))[2] == chop.policy.refusal(
        "en"
    )
    assert issubclass(GraphInterrupt, Exception)  # so it would be taken for an error


def test_what_a_tool_sends_on_its_way_is_held_until_it_was_screened(chop):
    @tool
    def look(query: str, runtime: ToolRuntime) -> str:
        """Look something up."""
        for delta in query.split("|"):
            runtime.emit_output_delta(delta)
        return "fine"

    class Asking(Agent):
        def _message(self, messages, kwargs):
            message = super()._message(messages, kwargs)
            for call in message.tool_calls:
                call["args"] = {"query": self.asks}
            return message

        asks: str = ""

    def deltas(asks):
        made = agent(Asking(disable_streaming=True, asks=asks), chop, look)
        got = list(made.stream(ASKED, stream_mode="tools"))
        assert got[-1]["event"] == "tool-finished"
        return [piece["delta"] for piece in got if piece["event"] == "tool-output-delta"]

    assert deltas("one|two") == ["one", "two"]
    assert deltas("the SEC|RET") == ["the ***"]


def test_known_limit_what_a_tool_writes_into_a_custom_stream(chop):
    """What the docstrings say: a tool that sends by itself, past its result, is not screened."""

    @tool
    def look(query: str) -> str:
        """Look something up."""
        get_stream_writer()("FORBIDDEN")
        return "fine"

    got = list(agent(Agent(), chop, look).stream(ASKED, stream_mode="custom"))
    assert got == ["FORBIDDEN"]


def test_known_limit_the_artifact_of_a_result_that_is_not_denied(chop):
    """What the docstrings say: no model reads it, and the policy has no text of it to judge."""
    look = given(("fine", {"raw": "FORBIDDEN"}), "content_and_artifact")
    state = agent(Agent(), chop, look).invoke(ASKED)
    assert state["messages"][2].artifact == {"raw": "FORBIDDEN"}


# A guarded tool by itself.


class Told(BaseCallbackHandler):
    def __init__(self):
        self.told = []

    def on_tool_end(self, output, **kwargs):
        self.told.append(output)

    def on_tool_error(self, error, **kwargs):
        self.told.append(error)


class OwnTool(BaseTool):
    """As users write one: a class, without a schema, that takes a config and a run manager."""

    name: str = "own"
    description: str = "d"
    result: str = "FORBIDDEN"

    def _run(self, query: str, config: RunnableConfig, run_manager=None) -> str:
        assert config["metadata"]["who"] == "me"
        assert run_manager is not None
        return f"{query}: {self.result}"


def plain(result="FORBIDDEN"):
    return Tool(name="plain", func=lambda query: f"{query}: {result}", description="d")


TOOLS = {"function": lambda: looking("FORBIDDEN"), "class": OwnTool, "plain": plain}


@pytest.mark.parametrize("name", TOOLS)
async def test_a_guarded_tool_says_the_refusal_on_every_path(chop, log, name):
    bare, told = TOOLS[name](), Told()
    guarded = guard_tool(bare, chop)
    config = {"callbacks": [told], "metadata": {"who": "me"}}
    refusal = chop.policy.refusal("en")
    assert guarded.invoke({"query": "x"}, config) == refusal
    assert await guarded.ainvoke({"query": "x"}, config) == refusal
    message = guarded.invoke({**CALL, "args": {"query": "x"}}, config)
    assert (message.content, message.status) == (refusal, "error")
    amessage = await guarded.ainvoke({**CALL, "args": {"query": "x"}}, config)
    assert (amessage.content, amessage.tool_call_id) == (refusal, "call-1")
    assert leaks(told.told) == []
    assert len(told.told) == 4
    assert [record.adapter for record in log.records] == ["langchain.tool"] * 4
    assert "FORBIDDEN" in bare.invoke({"query": "x"}, config)


@pytest.mark.parametrize("name", TOOLS)
def test_a_guarded_tool_is_of_its_own_class_and_says_the_same_of_itself(chop, name):
    bare = TOOLS[name]()
    guarded = guard_tool(bare, chop)
    assert isinstance(guarded, type(bare))
    assert guarded.args == bare.args
    assert guarded.tool_call_schema.model_json_schema() == bare.tool_call_schema.model_json_schema()
    assert guard_tool(guarded, chop) is guarded
    assert type(bare).__name__ == type(guarded).__name__


def test_copies_and_pickles_of_a_guarded_tool_stay_guarded(chop):
    guarded = guard_tool(OwnTool(), Chopmark("off"))
    assert type(pickle.loads(pickle.dumps(guarded))) is not OwnTool
    copied = guard_tool(plain(), chop).model_copy(update={"description": "other"})
    assert copied.invoke("x") == chop.policy.refusal("en")


async def test_results_that_are_not_denied_are_the_tools_own(chop):
    rows = {"rows": [1, 2]}
    assert guard_tool(given(rows), chop).invoke({"query": "x"}) is rows
    assert await guard_tool(async_given(rows), chop).ainvoke({"query": "x"}) is rows
    assert guard_tool(given({"rows": "SECRET"}), chop).invoke({"query": "x"}) == '{"rows": "***"}'


def test_a_tool_guarded_twice_is_screened_once_by_each_policy(chop, marking, log):
    both = guard_tool(guard_tool(plain("SECRET"), chop), marking)
    assert both.invoke("x") == "x: ***"
    assert [record.policy for record in log.records] == [chop.policy_id, marking.policy_id]


def test_the_middleware_screens_a_guarded_tool_no_second_time(chop, log):
    made = agent(Agent(), chop, guard_tool(looking("fine"), chop))
    made.invoke(ASKED)
    assert [r.adapter for r in log.records] == ["langchain", "langchain.tool", "langchain"]


def test_a_guarded_tool_works_in_an_agent_without_the_middleware(chop):
    model = Agent()
    made = create_agent(guard(model, chop), [guard_tool(looking("FORBIDDEN"), chop)])
    assert leaks(made.stream(ASKED, stream_mode=["tools", "updates"])) == []
    assert model.results[0].text == chop.policy.refusal("en")


def test_injected_arguments_reach_a_guarded_tool(chop):
    @tool
    def look(query: str, call: Annotated[str, InjectedToolCallId], runtime: ToolRuntime) -> str:
        """Look something up."""
        return f"{call} {runtime.tool_call_id} SECRET"

    for given_tool in (look, guard_tool(look, chop)):
        state = agent(Agent(), chop, given_tool).invoke(ASKED)
        assert state["messages"][2].text == "call-1 call-1 ***"


def test_what_wraps_a_tool_behind_the_middleware_is_screened_too(chop):
    class Adding(ChopmarkMiddleware):
        def wrap_tool_call(self, request, handler):
            message = handler(request)
            return message.model_copy(update={"content": message.text + " FORBIDDEN"})

    adding = Adding(Chopmark("off"))
    model = Agent()
    agent(model, chop, looking("fine"), behind=[adding]).invoke(ASKED)
    assert model.results[0].text == chop.policy.refusal("en")


def test_on_response_is_told_of_every_result(chop):
    told = []
    guard_tool(plain("SECRET"), chop, on_response=told.append).invoke("x")
    assert [response.action for response in told] == ["modify"]


def test_only_tools_can_be_guarded(chop):
    with pytest.raises(RequestError, match=r"langchain_core\.tools\.tool"):
        guard_tool(lambda query: query, chop)
    with pytest.raises(TypeError, match="Chopmark"):
        guard_tool(plain(), "cn")


def test_with_policy_off_nothing_changes():
    assert guard_tool(plain(), Chopmark("off")).invoke("x") == "x: FORBIDDEN"
