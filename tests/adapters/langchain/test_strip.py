"""Marks of ours never go back to the model: history, tools, documents, and what is indexed."""

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_models import ChatScript, TextScript

from chopmark import Chopmark, Policy
from chopmark.testing import MemoryLog, SuffixMarker, WordDetector, plugin
from chopmark_langchain import MarkStripper, chop_step, guard, guard_chain

HIDDEN = "\u2062\u2063"


def markers():
    hidden = SuffixMarker("", HIDDEN, kind="manifest", strips=True)
    hidden.name = "hidden"
    return [SuffixMarker("<", ">", strips=True), hidden]


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def chop(log):
    words = WordDetector({"SECRET": "modify"})
    brought = plugin(detectors=[words], markers=markers(), log=log)
    return Chopmark(Policy(name="strips"), plugins=[brought])


@pytest.fixture
def model(chop):
    return guard(ChatScript(), chop)


def history():
    call = {"name": "f", "args": {"a": "<b>"}, "id": "c"}
    return [
        SystemMessage(f"<be>{HIDDEN}"),
        HumanMessage(f"<is this one?>{HIDDEN}"),
        AIMessage(f"<one SECRET>{HIDDEN}", tool_calls=[call]),
        ToolMessage(f"<two>{HIDDEN}", tool_call_id="c"),
        AIMessage([{"type": "text", "text": "<a "}, {"type": "text", "text": f"b>{HIDDEN}"}]),
    ]


SENT = ["<be>", "<is this one?>", "one SECRET", "two", "a b"]


def test_history_is_sent_without_marks_and_stays_as_it_is(model):
    asked, before = history(), history()
    model.invoke(asked)
    assert model.seen == ["\n".join(SENT)]
    assert [m.model_dump() for m in asked] == [m.model_dump() for m in before]


def test_an_answer_can_be_given_back_as_it_came(model):
    first = model.invoke("q")
    assert first.text == f"<It is so.>{HIDDEN}"
    for _ in model.stream([HumanMessage("q"), first, HumanMessage("more")]):
        pass
    assert model.seen[-1] == "q\nIt is so.\nmore"


async def test_so_is_an_async_call(model):
    await model.ainvoke(history())
    assert model.seen == ["\n".join(SENT)]


def test_findings_point_into_what_was_given(model, log):
    text = f"<a SECRET>{HIDDEN}"
    model.invoke([ToolMessage(text, tool_call_id="c")])
    (verdict,) = log.records[0].verdicts
    assert text[verdict.start : verdict.end] == "SECRET"
    assert model.seen == ["a ***"]


def test_text_models_chains_and_steps_are_asked_without_marks(chop):
    llm = guard(TextScript(), chop)
    llm.invoke(f"q{HIDDEN}")
    assert llm.seen == ["q"]
    chat = ChatScript()
    prompt = ChatPromptTemplate.from_template("{docs}: {q}")
    asked = {"docs": Document(page_content=f"<doc>{HIDDEN}"), "q": f"<q>{HIDDEN}"}
    guard_chain(prompt | chat, chop).invoke(asked)
    assert "page_content='doc'" in chat.seen[-1]
    assert chat.seen[-1].endswith(": <q>")
    (chop_step(chop, "input") | chat).invoke(history())
    assert chat.seen[-1] == "\n".join(SENT)


def calling():
    """A message that calls tools, in every form in which a provider's package may send it."""
    args = {"<k>": "<b>", "n": [1.5, f"<c>{HIDDEN}"], "d": "d"}
    text = '{"<k>" : "<b>", "n":[1.50, "c"]}'
    return AIMessage(
        [
            {"type": "text", "text": "so"},
            {"type": "tool_use", "id": "<1>", "name": "<f>", "input": args},
            {"type": "function_call", "call_id": "1", "name": "f", "arguments": text},
        ],
        tool_calls=[{"name": "<f>", "args": args, "id": "<1>"}],
        invalid_tool_calls=[{"name": "g", "args": '<{"a"', "id": "2", "error": None}],
        additional_kwargs={
            "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": text}}]
        },
    )


async def test_arguments_of_earlier_tool_calls_are_sent_without_marks(chop):
    kept = []

    class Keeping(ChatScript):
        def _generate(self, messages, *args, **kwargs):
            kept.append(messages)
            return super()._generate(messages, *args, **kwargs)

        def _stream(self, messages, *args, **kwargs):
            kept.append(messages)
            return super()._stream(messages, *args, **kwargs)

    given = calling()
    plain = AIMessage("x", tool_calls=[{"name": "f", "args": {"a": ["b"]}, "id": "3"}])
    asked, model = [given, plain], guard(Keeping(), chop)
    prompt = ChatPromptTemplate.from_messages([("placeholder", "{history}")])
    model.invoke(asked)
    await model.ainvoke(asked)
    async for _ in model.astream(asked):
        pass
    guard_chain(Keeping(), chop).invoke(asked)
    (prompt | chop_step(chop, "input") | Keeping()).invoke({"history": asked})
    guard_chain(prompt | Keeping(), chop).invoke({"history": asked, "x": ("a",)})
    bare, text = {"<k>": "b", "n": [1.5, "c"], "d": "d"}, '{"<k>" : "b", "n":[1.50, "c"]}'
    assert len(kept) == 6
    for sent, same in kept:
        assert sent.tool_calls == [{**given.tool_calls[0], "args": bare}]
        assert sent.invalid_tool_calls[0]["args"] == '{"a"'
        assert sent.content[1] == {**given.content[1], "input": bare}
        assert sent.content[2]["arguments"] == text
        assert sent.additional_kwargs["tool_calls"][0]["function"]["arguments"] == text
        assert same is plain
    assert given == calling()


def test_documents_are_indexed_without_marks(chop):
    documents = [
        Document(page_content=f"<one>{HIDDEN}", metadata={"source": "a"}, id="1"),
        Document(page_content="two"),
    ]
    first, second = MarkStripper(chop).transform_documents(documents)
    assert (first.page_content, first.id) == ("one", "1")
    assert first.metadata == {"source": "a", "chopmark_marks": "suffix, hidden"}
    assert second is documents[1]
    assert documents[0].page_content == f"<one>{HIDDEN}"
    assert documents[0].metadata == {"source": "a"}


async def test_so_they_are_async(chop):
    (stripped,) = await MarkStripper(chop).atransform_documents([Document(page_content="<one>")])
    assert stripped.page_content == "one"
    assert stripped.metadata == {"chopmark_marks": "suffix"}
