"""What a tool of an agent brings in is screened before anything of LangChain's is told of it."""

import pytest
from langchain.agents import create_agent
from langchain.tools import ToolRuntime
from langchain_core.messages import ToolMessage
from langchain_core.tools import ToolException, tool
from langchain_tools import async_given, given, leaks, raising
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.errors import GraphInterrupt
from langgraph.types import Command, interrupt
from test_middleware import ASKED, Agent, agent, looking, texts

from chopmark_langchain import ChopmarkMiddleware

pytestmark = pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")


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


def mixed(names, ways):
    """Return each name with some ways, and each way with some names; the others are `deep`."""
    return [
        pytest.param(name, way, marks=[] if (row + column) % 4 == 0 else pytest.mark.deep)
        for row, name in enumerate(names)
        for column, way in enumerate(ways)
    ]


@pytest.mark.parametrize(("name", "way"), mixed(DENIED, WAYS))
def test_no_stream_of_an_agent_shows_what_was_denied(chop, name, way):
    model = Agent()
    got = list(WAYS[way](agent(model, chop, DENIED[name]())))
    assert leaks(got) == []
    assert leaks(model.seen) == []
    assert [m.text for m in model.results] == [
        "the *** is here" if name == "secret" else chop.policy.refusal("en")
    ]


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainDeprecationWarning")
@pytest.mark.parametrize(("name", "way"), mixed(ASYNC_DENIED, ASYNC_WAYS))
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
