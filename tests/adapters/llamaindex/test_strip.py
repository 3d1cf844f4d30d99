"""Marks of ours never go back to the model: history, tools, nodes, and what is indexed."""

import pytest
from llama_index.core.base.llms.types import ChatMessage, TextBlock, ToolCallBlock
from llama_index.core.ingestion import IngestionCache, IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import Document, MetadataMode, NodeWithScore, TextNode
from llama_index.core.tools import FunctionTool
from llamaindex_models import Chatting, Completing, said
from openai.types.chat import ChatCompletionMessageFunctionToolCall

from chopmark import Chopmark, Policy
from chopmark.testing import MemoryLog, SuffixMarker, WordDetector, plugin
from chopmark_llamaindex import ChopmarkPostprocessor, MarkStripper, guard, guard_tool

HIDDEN = "\u2062\u2063"


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def chop(log):
    hidden = SuffixMarker("", HIDDEN, kind="manifest", strips=True)
    markers = [SuffixMarker("<", ">", strips=True), hidden]
    brought = plugin(detectors=[WordDetector({"SECRET": "modify"})], markers=markers, log=log)
    return Chopmark(Policy(name="strips"), plugins=[brought])


def test_history_is_sent_without_marks_and_stays_as_it_is(chop, log):
    llm = guard(Chatting(said("fine")), chop)
    marked = f"<a SECRET>{HIDDEN}"
    roles = ("system", "user", "assistant", "model", "tool", "function")
    asked = [ChatMessage(marked, role=role) for role in roles]
    llm.chat(asked)
    sent = [message.content for message in llm.asked_of[-1]]
    assert sent == ["<a SECRET>", "<a ***>", "a SECRET", "a SECRET", "a ***", "a ***"]
    assert {message.content for message in asked} == {marked}
    spans = [(v.start, v.end) for v in log.records[0].verdicts]
    assert [marked[start:end] for start, end in spans] == ["SECRET"] * 3


def test_an_answer_can_be_given_back_as_it_came(chop):
    llm = guard(Chatting(said("fine")), chop)
    answer = llm.chat([ChatMessage("q")]).message
    assert answer.content == f"<fine>{HIDDEN}"
    blocks = ChatMessage(role="assistant", blocks=[TextBlock(text="<a>"), TextBlock(text="b")])
    list(llm.stream_chat([answer, blocks, ChatMessage("more")]))
    assert [[b.text for b in m.blocks] for m in llm.asked_of[-1]] == [
        ["fine"],
        ["a", "b"],
        ["more"],
    ]


def test_arguments_of_earlier_tool_calls_are_sent_without_marks(chop):
    llm = guard(Chatting(said("fine")), chop)
    text, bare = f'{{"<k>" : "<b>{HIDDEN}", "n":1.50}}', '{"<k>" : "b", "n":1.50}'
    function = ChatCompletionMessageFunctionToolCall(
        id="<1>", type="function", function={"name": "<f>", "arguments": text}
    )
    blocks = [
        TextBlock(text="so"),
        ToolCallBlock(tool_call_id="<1>", tool_name="<f>", tool_kwargs={"<k>": "<b>", "n": ["c"]}),
        ToolCallBlock(tool_name="g", tool_kwargs=text),
        ToolCallBlock(tool_name="h", tool_kwargs={"a": "b"}),
    ]
    older = {"tool_calls": [function, {"id": "2", "function": {"arguments": text}}], "x": 1}
    asked = [
        ChatMessage(role="assistant", blocks=blocks),
        ChatMessage(role="assistant", content="x", additional_kwargs=older),
    ]
    before = [message.model_dump() for message in asked]
    llm.chat(asked)
    list(llm.stream_chat(messages=tuple(asked)))
    assert len(llm.asked_of) == 2
    for first, second in llm.asked_of:
        assert first.blocks[1] == blocks[1].model_copy(
            update={"tool_kwargs": {"<k>": "b", "n": ["c"]}}
        )
        assert first.blocks[2].tool_kwargs == bare
        assert first.blocks[3] is blocks[3]
        sent = second.additional_kwargs["tool_calls"]
        assert (sent[0].id, sent[0].function.name) == ("<1>", "<f>")
        assert [sent[0].function.arguments, sent[1]["function"]["arguments"]] == [bare, bare]
        assert second.additional_kwargs["x"] == 1
    assert [message.model_dump() for message in asked] == before


def test_prompts_are_sent_without_what_nobody_sees(chop):
    llm = guard(Completing(["fine"]), chop)
    llm.complete(f"<q>{HIDDEN}")
    assert llm.asked_of == ["<q>"]


def test_tools_bring_no_marks(chop):
    tool = guard_tool(FunctionTool.from_defaults(lambda: f"<out>{HIDDEN}", name="f"), chop)
    assert tool().content == "out"


async def test_retrieved_nodes_bring_no_marks(chop):
    nodes = [NodeWithScore(node=TextNode(text=t)) for t in (f"<one>{HIDDEN}", "two")]
    processor = ChopmarkPostprocessor(chop)
    for kept in (
        processor.postprocess_nodes(nodes),
        await processor.apostprocess_nodes(nodes),
    ):
        assert [node.text for node in kept] == ["one", "two"]
        assert kept[1] is nodes[1]
    assert nodes[0].text == f"<one>{HIDDEN}"


def test_a_pipeline_indexes_texts_without_marks(chop):
    documents = [
        Document(text=f"<one. two. three.>{HIDDEN}", metadata={"source": "a"}, id_="d"),
        Document(text="four"),
    ]
    splitter = SentenceSplitter(chunk_size=60, chunk_overlap=0)
    pipeline = IngestionPipeline(transformations=[MarkStripper(chop), splitter])
    nodes = pipeline.run(documents=documents)
    assert " ".join(node.get_content() for node in nodes) == "one. two. three. four"
    first = nodes[0]
    assert first.metadata == {"source": "a", "chopmark_marks": "suffix"}
    assert first.ref_doc_id == "d"
    for mode in (MetadataMode.EMBED, MetadataMode.LLM):
        assert "chopmark" not in first.get_content(mode)
    assert documents[0].text == f"<one. two. three.>{HIDDEN}"
    assert documents[0].metadata == {"source": "a"}


def test_a_pipeline_s_cache_tells_policies_apart(chop):
    other = Chopmark(Policy(name="other"), plugins=[plugin()])
    cache = IngestionCache()
    texts = []
    for policy in (other, chop, chop):
        pipeline = IngestionPipeline(transformations=[MarkStripper(policy)], cache=cache)
        texts += [node.text for node in pipeline.run(documents=[Document(text="<one>", id_="d")])]
    assert texts == ["<one>", "one", "one"]
