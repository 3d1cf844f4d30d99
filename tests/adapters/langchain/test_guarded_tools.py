"""A guarded tool says what the policy lets it say, by itself and in an agent."""

import pickle
from typing import Annotated

import pytest
from langchain.agents import create_agent
from langchain.tools import ToolRuntime
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, InjectedToolCallId, Tool, tool
from langchain_tools import async_given, given, leaks
from test_middleware import ASKED, Agent, agent, looking

from chopmark import Chopmark, RequestError
from chopmark_langchain import ChopmarkMiddleware, guard, guard_tool

CALL = {"name": "look", "args": {"query": "x"}, "id": "call-1", "type": "tool_call"}


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
