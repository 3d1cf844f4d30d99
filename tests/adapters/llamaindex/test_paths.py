"""A canary on every road that leads to an LLM in LlamaIndex: prompt, answer, and tool call."""

import asyncio
import gc

import pytest
from llama_index.core import Document, MockEmbedding, PromptTemplate, VectorStoreIndex
from llama_index.core.agent.react import ReActChatFormatter, ReActOutputParser
from llama_index.core.agent.workflow import AgentWorkflow, CodeActAgent, FunctionAgent, ReActAgent
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import ChatMessage
from llama_index.core.program import FunctionCallingProgram, LLMTextCompletionProgram
from llama_index.core.tools import FunctionTool
from llama_index.core.workflow import Context
from llamaindex_models import Chatting, Completing, Wire, calls, said, wired
from pydantic import BaseModel

from chopmark import Chopmark, Policy, PolicyBlocked
from chopmark.testing import SuffixMarker, plugin
from chopmark_llamaindex import LlamaIndexBlocked, guard, guard_tool

pytestmark = [
    # LlamaIndex's workflows look at every attribute of an agent, deprecated ones of pydantic too,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    # and its memory leaves its database open.
    pytest.mark.filterwarnings("ignore:(?s).*Connection:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:(?s).*Connection:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("forgotten"),
]
ASK = PromptTemplate("{question}")


@pytest.fixture(scope="module")
def forgotten():
    """Collect those databases here: another test would get the warning."""
    yield
    gc.collect()


class Out(BaseModel):
    """What is asked for."""

    text: str


def add(text: str) -> str:
    """Return the text."""
    return f"tool says {text}"


TOOL = FunctionTool.from_defaults(add)


def index(*texts):
    nodes = [Document(text=text) for text in texts or ["a document"]]
    return VectorStoreIndex.from_documents(nodes, embed_model=MockEmbedding(embed_dim=4))


def run_agent(kind, llm, question, **options):
    """Run an agent to its end; return its last text and every text it streamed."""

    async def run():
        handler = kind(tools=[TOOL], llm=llm, **options).run(user_msg=question)
        streamed = ""
        async for event in handler.stream_events():
            streamed += getattr(event, "delta", None) or ""
        return str(await handler), streamed

    return asyncio.run(run())


async def _engine_astream(llm, question):
    response = await index().as_query_engine(llm=llm, streaming=True).aquery(question)
    return "".join([token async for token in response.async_response_gen()])


PATHS = {
    "chat": lambda llm, q: llm.chat([ChatMessage(q)]).message.content,
    "predict": lambda llm, q: llm.predict(ASK, question=q),
    "apredict": lambda llm, q: asyncio.run(llm.apredict(ASK, question=q)),
    "stream": lambda llm, q: "".join(llm.stream(ASK, question=q)),
    "chat_with_tools": lambda llm, q: llm.chat_with_tools([TOOL], q).message.content,
    "achat_with_tools": lambda llm, q: asyncio.run(llm.achat_with_tools([TOOL], q)).message.content,
    "stream_chat_with_tools": lambda llm, q: "".join(
        p.delta for p in llm.stream_chat_with_tools([TOOL], q)
    ),
    "predict_and_call": lambda llm, q: str(
        llm.predict_and_call([TOOL], q, error_on_no_tool_call=False)
    ),
    "query engine": lambda llm, q: str(index().as_query_engine(llm=llm).query(q)),
    "streaming query engine": lambda llm, q: "".join(
        index().as_query_engine(llm=llm, streaming=True).query(q).response_gen
    ),
    "async streaming query engine": lambda llm, q: asyncio.run(_engine_astream(llm, q)),
    "tree summarize": lambda llm, q: str(
        index().as_query_engine(llm=llm, response_mode="tree_summarize").query(q)
    ),
    "chat engine": lambda llm, q: str(SimpleChatEngine.from_defaults(llm=llm).chat(q)),
    "context chat engine": lambda llm, q: str(
        index().as_chat_engine(llm=llm, chat_mode="context").chat(q)
    ),
    "function agent": lambda llm, q: run_agent(FunctionAgent, llm, q)[0],
    "function agent at once": lambda llm, q: run_agent(FunctionAgent, llm, q, streaming=False)[0],
    "react agent": lambda llm, q: run_agent(ReActAgent, llm, q)[0],
    "workflow": lambda llm, q: str(
        asyncio.run(_workflow(AgentWorkflow.from_tools_or_functions([TOOL], llm=llm), q))
    ),
}


async def _workflow(workflow, question):
    return await workflow.run(user_msg=question)


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_goes_through(path, chop):
    assert PATHS[path](guard(Chatting(said("all ", "fine")), chop), "hello") == "all fine"


@pytest.mark.parametrize("path", PATHS)
def test_a_denied_prompt_does_not_reach_the_model(path, chop):
    llm = guard(Chatting(said("all ", "fine")), chop)
    with pytest.raises(Exception) as error:  # workflows wrap what their steps raise
        PATHS[path](llm, "say FORBIDDEN")
    assert _blocks(error.value)
    assert not llm.asked_of


@pytest.mark.parametrize("path", PATHS)
def test_a_denied_answer_does_not_reach_the_caller(path, chop, log):
    llm = guard(Chatting(said("so ", "FORB", "IDDEN")), chop)
    with pytest.raises(Exception) as error:
        PATHS[path](llm, "hello")
    assert _blocks(error.value)
    assert "FORBIDDEN" not in str(error.value)
    assert log.records[-1].action == "block"


@pytest.mark.parametrize("path", PATHS)
def test_a_replaced_word_stays_replaced(path, chop):
    llm = guard(Chatting(said("the ", "SEC", "RET")), chop)
    assert PATHS[path](llm, "about SECRET") == "the ***"
    assert "SECRET" not in str(llm.asked_of)


def _blocks(error):
    """Return whether a block is this error or behind it."""
    while error is not None:
        if isinstance(error, PolicyBlocked):
            return True
        error = error.__cause__ or error.__context__
    return False


# A tool call.

AGENTS = {"function": (FunctionAgent, {}), "at once": (FunctionAgent, {"streaming": False})}


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_calls_its_tool_and_answers(agent, chop, log):
    kind, options = AGENTS[agent]
    wire = Wire("it was SECRET", calls=[("add", '{"text": "x"}')])
    text, streamed = run_agent(kind, guard(wired(wire), chop), "go", **options)
    assert text == "it was ***"
    assert streamed == ("it was ***" if agent == "function" else "")
    assert wire.asked[1]["messages"][-1]["content"] == "tool says x"
    assert "chopmark" not in str(wire.asked)
    assert len(log.records) == 2


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_does_not_call_a_tool_with_denied_arguments(agent, chop):
    kind, options = AGENTS[agent]
    ran = []
    tool = FunctionTool.from_defaults(lambda text: ran.append(text), name="add", description="d")
    wire = Wire("done", calls=[("add", '{"text": "\\u0046ORBIDDEN"}')])

    async def run():
        return await kind(tools=[tool], llm=guard(wired(wire), chop), **options).run(user_msg="go")

    with pytest.raises(Exception) as error:
        asyncio.run(run())
    assert _blocks(error.value)
    assert not ran


def test_a_denied_tool_result_does_not_reach_the_model(chop):
    wire = Wire("done", calls=[("add", '{"text": "x"}')])
    tool = FunctionTool.from_defaults(lambda text: "FORBIDDEN", name="add", description="d")

    async def run():
        return await FunctionAgent(tools=[tool], llm=guard(wired(wire), chop)).run(user_msg="go")

    with pytest.raises(Exception) as error:
        asyncio.run(run())
    assert _blocks(error.value)
    assert len(wire.asked) == 1


def test_an_agent_goes_on_without_the_denied_output(chop):
    """Also for a tool that needs the context: that its class is a FunctionTool's counts there."""

    async def look(ctx: Context, text: str) -> str:
        """Look it up."""
        await ctx.store.set("asked", text)
        return "FORBIDDEN"

    wire = Wire("I could not find it", calls=[("look", '{"text": "x"}')])
    tool = guard_tool(FunctionTool.from_defaults(async_fn=look), chop)

    async def run():
        agent = FunctionAgent(tools=[tool], llm=guard(wired(wire), chop))
        ctx = Context(agent)
        answer = str(await agent.run(user_msg="go", ctx=ctx))
        return answer, await ctx.store.get("asked")

    assert asyncio.run(run()) == ("I could not find it", "x")
    assert wire.asked[-1]["messages"][-1]["content"] == chop.policy.refusal("en")


def test_a_react_agent_goes_on_with_what_was_screened(chop):
    steps = [
        said("Thought: I look.\nAction: add\n", 'Action Input: {"text": "x"}'),
        said("Thought: I know.\n", "Answer: it is SEC", "RET"),
    ]
    text, streamed = run_agent(ReActAgent, guard(Chatting(*steps), chop), "go")
    assert text == "it is ***"
    assert "SECRET" not in streamed


def test_a_code_agent_gets_no_denied_code(chop):
    ran = []

    async def run():
        agent = CodeActAgent(
            tools=[TOOL],
            llm=guard(Chatting(calls("execute", {"code": "FORBIDDEN()"})), chop),
            code_execute_fn=lambda code: ran.append(code) or "",
        )
        return await agent.run(user_msg="go")

    with pytest.raises(Exception) as error:
        asyncio.run(run())
    assert _blocks(error.value)
    assert not ran


def test_predict_and_call_without_tool_calling_says_no_denied_word(chop):
    """This path turns every error into an answer."""
    for last in ("FORBIDDEN", "fine"):
        llm = guard(Completing(["Thought: x\n", f"Answer: {last}"], is_chat=True), chop)
        found = str(
            llm.predict_and_call(
                [TOOL],
                "hello",
                react_chat_formatter=ReActChatFormatter(),
                output_parser=ReActOutputParser(),
            )
        )
        assert "FORBIDDEN" not in found
        assert llm.asked_of


def test_programs_made_by_hand_are_screened(chop):
    for arguments, wanted in (({"text": "fine"}, "fine"), ({"text": "FORBIDDEN"}, None)):
        made = (
            FunctionCallingProgram.from_defaults(
                Out, llm=guard(Chatting(calls("Out", arguments)), chop), prompt=ASK
            ),
            LLMTextCompletionProgram.from_defaults(
                output_cls=Out,
                llm=guard(
                    Chatting(calls("x", "{}", text=f'{{"text": "{arguments["text"]}"}}')), chop
                ),
                prompt=PromptTemplate("{question}"),
            ),
        )
        for program in made:
            if wanted:
                assert program(question="q") == Out(text="fine")
            else:
                with pytest.raises(LlamaIndexBlocked):
                    program(question="q")


def test_a_visible_mark_stands_once_on_what_an_agent_says():
    chop = Chopmark(Policy(name="m"), plugins=[plugin(markers=[SuffixMarker("<<", ">>")])])
    wire = Wire("the answer", calls=[("add", '{"text": "x"}')])
    text, streamed = run_agent(FunctionAgent, guard(wired(wire), chop), "go")
    assert text == streamed == "<<the answer>>"


def test_of_a_react_answer_only_the_mark_at_the_end_stays():
    """Why the package says `position = "both"`: the agent cuts off what is before `Answer:`."""
    chop = Chopmark(Policy(name="m"), plugins=[plugin(markers=[SuffixMarker("<<", ">>")])])
    steps = [
        said('Thought: I look.\nAction: add\nAction Input: {"text": "x"}'),
        said("Thought: I know.\nAnswer: it is so"),
    ]
    assert run_agent(ReActAgent, guard(Chatting(*steps), chop), "go")[0] == "it is so>>"
