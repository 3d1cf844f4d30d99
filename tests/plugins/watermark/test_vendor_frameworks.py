"""The real classes of LangChain, LlamaIndex and OpenAI, linted and guarded without a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chopmark import Chopmark, Mark, MarkError, Policy, Response
from chopmark_watermark import check

from .chat_server import ChatServer

langchain_openai = pytest.importorskip("langchain_openai")
like = pytest.importorskip("llama_index.llms.openai_like")
openai = pytest.importorskip("openai")

CLAUDE = "anthropic/claude-sonnet-4.6"


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer() as made:
        yield made
        made.shutdown()


@pytest.fixture(scope="module")
def chop() -> Chopmark:
    options = {"watermark": {"vendor": "auto"}}
    return Chopmark(Policy(name="vendor", plugins=("watermark",), settings=options))


def chat_openai(server: ChatServer, **more: Any) -> Any:
    return langchain_openai.ChatOpenAI(model=CLAUDE, base_url=server.url, api_key="k", **more)


def openai_like(server: ChatServer, **more: Any) -> Any:
    return like.OpenAILike(
        model=CLAUDE, api_base=server.url, api_key="k", is_chat_model=True, **more
    )


def vendor_mark(responses: list[Response]) -> Mark:
    [mark] = responses.pop().marks
    assert (mark.marker, mark.kind, mark.where) == ("vendor", "watermark", "declared")
    return mark


def parameters(findings: Any) -> list[str]:
    return [finding.parameter for finding in findings]


# The lint.


def test_langchain_leaves_the_mark_alone_until_a_parameter_is_set(server: ChatServer) -> None:
    assert check(chat_openai(server)) == ()
    assert parameters(check(chat_openai(server, temperature=0.2))) == ["temperature"]
    bound = chat_openai(server).bind(top_p=0.9).bind(stop=["x"])
    assert parameters(check(bound)) == ["top_p"]
    inside = chat_openai(server, extra_body={"top_k": 40})
    assert parameters(check(inside)) == ["top_k"]


def test_llamaindex_sends_a_temperature_that_nobody_gave(server: ChatServer) -> None:
    [finding] = check(openai_like(server))
    assert finding.what == "temperature is 0.1, which LlamaIndex sends where nobody gives one"
    assert finding.cure == "give the LLM temperature=1.0"
    assert check(openai_like(server, temperature=1.0)) == ()


@pytest.mark.deep  # three seconds of imports; they are read as OpenAI's are, which are tested above
def test_anthropics_own_classes_are_read() -> None:
    anthropic = pytest.importorskip("langchain_anthropic")
    model = anthropic.ChatAnthropic(model="claude-sonnet-4-6", api_key="k")
    assert check(model) == ()
    assert parameters(check(model.bind(top_k=5))) == ["top_k"]


def test_llamaindex_with_anthropic_loses_the_mark() -> None:
    anthropic = pytest.importorskip("llama_index.llms.anthropic")
    llm = anthropic.Anthropic(model="claude-sonnet-4-6", api_key="k")
    assert parameters(check(llm)) == ["temperature"]


def test_a_guarded_model_reads_as_the_bare_one(server: ChatServer, chop: Chopmark) -> None:
    from chopmark_langchain import guard as guard_langchain
    from chopmark_llamaindex import guard as guard_llamaindex

    for bare, guard in (
        (chat_openai(server, temperature=0.1), guard_langchain),
        (openai_like(server), guard_llamaindex),
    ):
        assert check(guard(bare, chop)) == check(bare) != ()


def test_what_cannot_be_read_is_named_with_the_cure(server: ChatServer) -> None:
    from langchain_core.prompts import ChatPromptTemplate

    chain = ChatPromptTemplate.from_template("{q}") | chat_openai(server)
    for target in (chain, openai.OpenAI(api_key="k"), "claude-sonnet-4-6", None):
        with pytest.raises(MarkError, match="give a LangChain chat model, a LlamaIndex LLM"):
            check(target)


# What the guarded call itself puts on record.


def test_langchain_says_with_each_answer_what_was_declared(
    server: ChatServer, chop: Chopmark
) -> None:
    from chopmark_langchain import guard

    told: list[Response] = []
    model = guard(chat_openai(server), chop, on_response=told.append)
    message = model.invoke("q")
    mark = vendor_mark(told)
    assert mark.placed
    assert mark.data["vendor"] == "anthropic"
    [carried] = message.response_metadata["chopmark"]["marks"]
    assert carried["data"] == mark.data

    list(model.stream("q", temperature=0.1))
    assert server.asked[-1]["temperature"] == 0.1
    mark = vendor_mark(told)
    assert not mark.placed
    assert mark.reason.startswith("temperature is 0.1: on Claude Sonnet 4.6")

    model.bind(extra_body={"top_k": 3}).invoke("q")
    assert server.asked[-1]["top_k"] == 3
    assert vendor_mark(told).reason.startswith("top_k is 3")


def test_llamaindex_says_with_each_answer_that_it_was_lost(
    server: ChatServer, chop: Chopmark
) -> None:
    from llama_index.core.base.llms.types import ChatMessage

    from chopmark_llamaindex import guard

    told: list[Response] = []
    llm = guard(openai_like(server), chop, on_response=told.append)
    llm.chat([ChatMessage("q")])
    assert server.asked[-1]["temperature"] == 0.1
    assert "which LlamaIndex sends" in vendor_mark(told).reason

    list(llm.stream_chat([ChatMessage("q")], temperature=1.0))
    assert server.asked[-1]["temperature"] == 1.0
    assert vendor_mark(told).placed


def test_openai_says_with_each_answer_what_was_declared(server: ChatServer, chop: Chopmark) -> None:
    from chopmark_openai import guard

    told: list[Response] = []
    client = openai.OpenAI(base_url=server.url, api_key="k")
    create = guard(client, chop, on_response=told.append).chat.completions.create
    ask: Any = {"model": CLAUDE, "messages": [{"role": "user", "content": "q"}]}
    create(**ask)
    assert vendor_mark(told).placed
    create(**ask, top_p=0.5)
    assert vendor_mark(told).reason.startswith("top_p is 0.5")
    for _ in create(**ask, stream=True, extra_body={"top_k": 3}):
        pass
    assert vendor_mark(told).reason.startswith("top_k is 3")
