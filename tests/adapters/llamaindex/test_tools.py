"""What a guarded tool brings back was screened before a model reads it."""

import pytest
from llama_index.core import Document, SummaryIndex
from llama_index.core.base.llms.types import ImageBlock, TextBlock
from llama_index.core.llms import MockLLM
from llama_index.core.tools import FunctionTool, QueryEngineTool, ToolMetadata
from llama_index.core.tools.types import BaseTool, ToolOutput

from chopmark import Chopmark, RequestError
from chopmark_llamaindex import guard_tool


def echo(text: str) -> str:
    """Return the text."""
    return text


async def results(tool, *args, **kwargs):
    return [tool(*args, **kwargs), await tool.acall(*args, **kwargs)]


async def test_a_denied_output_becomes_an_error_that_says_so(chop):
    for output in await results(guard_tool(FunctionTool.from_defaults(echo), chop), "FORBIDDEN"):
        assert output.is_error
        assert output.content == output.raw_output == chop.policy.refusal("en")
        assert output.tool_name == "echo"


async def test_a_secret_is_replaced_in_text_and_raw_output(chop):
    for output in await results(guard_tool(FunctionTool.from_defaults(echo), chop), "a SECRET"):
        assert output.content == output.raw_output == "a ***"
        assert not output.is_error


async def test_other_outputs_are_the_tools_own(chop):
    given = {"rows": [1, 2]}
    tool = guard_tool(FunctionTool.from_defaults(lambda: given, name="t", description="d"), chop)
    for output in await results(tool):
        assert output.raw_output is given


async def test_images_stay_between_texts(chop):
    blocks = [
        TextBlock(text="SECRET"),
        ImageBlock(url="http://x.invalid/a.png"),
        TextBlock(text="b"),
    ]
    tool = guard_tool(FunctionTool.from_defaults(lambda: blocks, name="t", description="d"), chop)
    for output in await results(tool):
        assert [b.block_type for b in output.blocks] == ["text", "image", "text"]
        assert (output.blocks[0].text, output.blocks[2].text) == ("***", "b")


def test_the_bare_tool_stays_bare_and_the_class_is_its_own(chop):
    bare = FunctionTool.from_defaults(echo)
    guarded = guard_tool(guard_tool(bare, chop), chop)
    assert type(bare) is FunctionTool
    assert isinstance(guarded, FunctionTool)
    assert guarded.metadata is bare.metadata
    assert bare("FORBIDDEN").content == "FORBIDDEN"


def test_a_sync_tool_is_screened(chop):
    class Plain(BaseTool):
        metadata = ToolMetadata("d", name="plain")

        def __call__(self, text):
            return ToolOutput("plain", text, raw_input={"text": text}, raw_output=text)

    assert guard_tool(Plain(), chop)("FORBIDDEN").is_error
    assert guard_tool(Plain(), chop)("fine").content == "fine"


async def test_a_query_engine_as_a_tool_is_screened(chop):
    engine = SummaryIndex.from_documents([Document(text="SECRET")]).as_query_engine(llm=MockLLM())
    tool = guard_tool(QueryEngineTool.from_defaults(engine, name="q", description="d"), chop)
    for output in await results(tool, "what is it"):
        assert "***" in output.content
        assert "SECRET" not in output.content + str(output.raw_output)


def test_only_tools_can_be_guarded(chop):
    with pytest.raises(RequestError, match=r"FunctionTool\.from_defaults"):
        guard_tool(echo, chop)


def test_with_policy_off_nothing_changes():
    tool = guard_tool(FunctionTool.from_defaults(echo), Chopmark("off"))
    assert tool("FORBIDDEN").content == "FORBIDDEN"
