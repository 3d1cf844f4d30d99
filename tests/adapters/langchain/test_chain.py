"""Steps that guard the text in a chain, and a guard around a whole chain."""

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder, PromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_models import AsyncChatScript, ChatScript

from chopmark import Chopmark, RequestError
from chopmark_langchain import LangChainBlocked, chop_step, guard, guard_chain

PROMPT = ChatPromptTemplate.from_template("answer: {q}")


async def collected(pieces):
    return [piece async for piece in pieces]


def both(chop, model, **options):
    return (
        chop_step(chop, "input") | PROMPT | model | StrOutputParser() | chop_step(chop, **options)
    )


def around(chop, model, **options):
    return guard_chain(PROMPT | model | StrOutputParser(), chop, **options)


MADE = {"steps": both, "around": around}


@pytest.fixture(params=MADE)
def made(request):
    return MADE[request.param]


def test_text_is_screened_and_marked(made, marking):
    model = ChatScript(pieces=["the SEC", "RET", " is out"])
    assert made(marking, model).invoke({"q": "what is SECRET?"}) == "<the *** is out>"
    assert model.seen == ["answer: what is ***?"]


async def test_text_is_screened_and_marked_async(made, marking):
    model = AsyncChatScript(pieces=["the SEC", "RET", " is out"])
    assert await made(marking, model).ainvoke({"q": "what is SECRET?"}) == "<the *** is out>"
    assert model.seen == ["answer: what is ***?"]


def test_it_keeps_streaming(made, marking):
    model = ChatScript(pieces=list("a long SECRET text in letters"))
    got = list(made(marking, model).stream({"q": "x"}))
    assert "".join(got) == "<a long *** text in letters>"
    assert len([piece for piece in got if piece]) > 15


async def test_it_keeps_streaming_async(made, marking):
    model = AsyncChatScript(pieces=list("a long SECRET text in letters"))
    got = await collected(made(marking, model).astream({"q": "x"}))
    assert "".join(got) == "<a long *** text in letters>"
    assert len([piece for piece in got if piece]) > 15


def test_a_piece_goes_out_before_the_next_is_made(chop):
    pulled = []

    def pieces():
        for n in range(30):
            pulled.append(n)
            yield "0123456789"

    stream = chop_step(chop).transform(pieces())
    next(stream)
    next(stream)
    assert len(pulled) < 5


def test_a_blocked_prompt_reaches_nothing_behind_it(made, chop):
    model = ChatScript()
    for ask in (made(chop, model).invoke, lambda q: list(made(chop, model).stream(q))):
        with pytest.raises(LangChainBlocked):
            ask({"q": "FORBIDDEN"})
    assert model.seen == []


async def test_a_blocked_prompt_reaches_nothing_behind_it_async(made, chop):
    model = AsyncChatScript()
    with pytest.raises(LangChainBlocked):
        await made(chop, model).ainvoke({"q": "FORBIDDEN"})
    with pytest.raises(LangChainBlocked):
        await collected(made(chop, model).astream({"q": "FORBIDDEN"}))
    assert model.seen == []


def test_a_blocked_answer_is_cut(made, chop):
    chain = made(chop, ChatScript(pieces=list("well, FORBIDDEN things")))
    got = []
    with pytest.raises(LangChainBlocked):
        got.extend(chain.stream({"q": "x"}))
    assert "F" not in "".join(got)
    with pytest.raises(LangChainBlocked):
        chain.invoke({"q": "x"})


def test_a_refusal_can_be_the_answer(made, chop):
    chain = made(chop, ChatScript(pieces=["FORBIDDEN"]), on_block="refuse")
    assert chain.invoke({"q": "x"}) == chop.policy.refusal("en")
    assert "".join(chain.stream({"q": "x"})) == chop.policy.refusal("en")


def test_policy_off_changes_nothing(made):
    model = ChatScript(pieces=["FORBIDDEN", " SECRET"])
    chain, bare = made(Chopmark("off"), model), PROMPT | model | StrOutputParser()
    assert chain.invoke({"q": "FORBIDDEN"}) == bare.invoke({"q": "FORBIDDEN"})
    assert list(chain.stream({"q": "x"})) == list(bare.stream({"q": "x"}))


async def test_policy_off_changes_nothing_async(made):
    model = AsyncChatScript(pieces=["FORBIDDEN", " SECRET"])
    chain, bare = made(Chopmark("off"), model), PROMPT | model | StrOutputParser()
    assert await chain.ainvoke({"q": "x"}) == await bare.ainvoke({"q": "x"})
    assert await collected(chain.astream({"q": "x"})) == await collected(bare.astream({"q": "x"}))


def test_each_end_leaves_its_record(chop, log):
    both(chop, ChatScript()).invoke({"q": "hi"})
    assert [r.adapter for r in log.records] == ["langchain.step"] * 2
    around(chop, ChatScript()).invoke({"q": "hi"})
    assert len(log.records) == 3
    assert log.records[2].answer.characters == len("It is so.")


# What can pass.

INPUTS = {
    "text": "a SECRET",
    "message": HumanMessage("a SECRET"),
    "messages": [HumanMessage("a SECRET"), AIMessage("b")],
    "pairs": [("system", "s"), ("human", "a SECRET")],
    "chat-prompt": ChatPromptTemplate.from_template("a {x}").invoke({"x": "SECRET"}),
    "text-prompt": PromptTemplate.from_template("a {x}").invoke({"x": "SECRET"}),
    "mapping": {"q": "a SECRET", "n": 3, "name": "b"},
    "nested": {"q": {"deep": ["a SECRET", None]}, "rows": (1, "c")},
    "history": {"history": [HumanMessage("a SECRET")], "q": "b"},
    "documents": {"context": [Document("a SECRET", metadata={"source": "SECRET"})], "q": "b"},
    "prompt-in-mapping": {"p": ChatPromptTemplate.from_template("a SECRET").invoke({})},
    "blocks": [HumanMessage([{"type": "text", "text": "a SEC"}, {"type": "text", "text": "RET"}])],
}


@pytest.mark.parametrize("name", INPUTS)
def test_every_kind_of_input_is_screened_and_keeps_its_kind(chop, name):
    value = INPUTS[name]
    before = repr(value)
    passed = chop_step(chop, "input").invoke(value)
    assert type(passed) is type(value)
    assert "***" in repr(passed)
    assert "a SECRET" not in repr(passed)
    assert repr(value) == before, "the caller's input was changed"


@pytest.mark.parametrize("value", [3, None, {"n": 3}, [], [1, 2], b"SECRET"])
def test_input_without_text_passes(chop, value):
    assert chop_step(chop, "input").invoke(value) is value


def test_input_that_is_fine_is_the_same_object(chop):
    for value in ("fine", [HumanMessage("fine")], {"q": "fine"}):
        assert chop_step(chop, "input").invoke(value) is value


def test_a_prompt_with_history_is_screened_behind_the_template(chop):
    prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{q}")])
    model = ChatScript()
    chain = prompt | chop_step(chop, "input") | model
    chain.invoke({"history": [HumanMessage("old SECRET")], "q": "new"})
    assert model.seen == ["old ***\nnew"]


def test_messages_pass_with_the_metadata(marking):
    chain = ChatScript(pieces=["the SEC", "RET"]) | chop_step(marking)
    said = chain.invoke("hi")
    assert said.text == "<the ***>"
    assert said.response_metadata["chopmark"]["action"] == "modify"
    chunks = list(chain.stream("hi"))
    assert "".join(chunk.text for chunk in chunks) == "<the ***>"
    assert [c.chunk_position for c in chunks if "chopmark" in c.response_metadata] == ["last"]


def test_something_that_is_no_text_is_refused_with_a_cure(chop):
    with pytest.raises(RequestError, match="put it before the parser"):
        (RunnableLambda(lambda x: {"a": 1}) | chop_step(chop)).invoke("hi")
    with pytest.raises(RequestError, match="of one kind"):
        list(chop_step(chop).transform(iter(["a", AIMessage("b")])))


def test_a_guarded_model_before_a_step_is_still_guarded(chop, log):
    """In a stream it runs while the step pulls; it must not be taken for a nested call."""
    model = ChatScript()
    chain = guard(model, chop) | StrOutputParser() | chop_step(chop)
    for ask in (chain.invoke, lambda prompt: list(chain.stream(prompt))):
        with pytest.raises(LangChainBlocked):
            ask("FORBIDDEN")
    assert model.seen == []
    list(chain.stream("fine"))
    assert [r.adapter for r in log.records][-2:] == ["langchain", "langchain.step"]


async def test_a_guarded_model_before_a_step_is_still_guarded_async(chop):
    model = AsyncChatScript()
    chain = guard(model, chop) | StrOutputParser() | chop_step(chop)
    with pytest.raises(LangChainBlocked):
        await collected(chain.astream("FORBIDDEN"))
    assert model.seen == []


def test_a_guarded_model_in_a_guarded_chain_is_screened_once(chop, log):
    chain = guard_chain(guard(ChatScript(), chop) | StrOutputParser(), chop)
    assert chain.invoke("hi") == "It is so."
    assert "".join(chain.stream("hi")) == "It is so."
    assert [record.adapter for record in log.records] == ["langchain.step"] * 2


def test_a_guarded_chain_refuses_in_the_form_of_its_answers(chop):
    text = guard_chain(ChatScript() | StrOutputParser(), chop, on_block="refuse")
    message = guard_chain(RunnablePassthrough() | ChatScript(), chop, on_block="refuse")
    assert text.invoke("FORBIDDEN") == chop.policy.refusal("en")
    assert message.invoke("FORBIDDEN").response_metadata["finish_reason"] == "content_filter"
    (chunk,) = message.stream("FORBIDDEN")
    assert chunk.chunk_position == "last"


def test_leaving_early_is_recorded(made, chop, log):
    stream = made(chop, ChatScript(pieces=list("0123456789" * 3))).stream({"q": "x"})
    for _ in range(15):
        next(stream)
    stream.close()
    assert log.records[-1].ending == "abandoned"


def test_wrong_arguments_are_told_with_the_cure(chop):
    with pytest.raises(ValueError, match='give "input" or "output"'):
        chop_step(chop, "both")
    with pytest.raises(ValueError, match='give "raise" or "refuse"'):
        chop_step(chop, on_block="ignore")
    with pytest.raises(TypeError, match="Chopmark"):
        chop_step("cn")


def test_calls_between_the_pieces_of_a_guarded_stream_are_still_guarded(chop):
    model = guard(ChatScript(pieces=["a"]), chop)

    def pieces():
        for prompt in ("one", "two SECRET", "FORBIDDEN"):
            yield model.invoke(prompt).text

    with pytest.raises(LangChainBlocked):
        list(chop_step(chop).transform(pieces()))
    assert model.seen == ["one", "two ***"]


async def test_calls_between_the_pieces_of_a_guarded_async_stream_are_still_guarded(chop):
    model = guard(AsyncChatScript(pieces=["a"]), chop)

    async def pieces():
        for prompt in ("one", "two SECRET", "FORBIDDEN"):
            yield (await model.ainvoke(prompt)).text

    with pytest.raises(LangChainBlocked):
        await collected(chop_step(chop).atransform(pieces()))
    assert model.seen == ["one", "two ***"]
