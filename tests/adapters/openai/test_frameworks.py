"""Frameworks that make their own client, guarded below it."""

import openai
import pytest
from openai_server import MODULE, Answer, json_answer
from openai_wire import calls_stream, chat, chat_stream, message_item, response

from chopmark_openai import OpenAIBlocked, guard, transport


@pytest.fixture
def clients(server, marking):
    """The HTTP clients that a framework is given."""
    inner = MODULE.HTTPTransport(verify=False)
    ainner = MODULE.AsyncHTTPTransport(verify=False)
    return {
        "http_client": MODULE.Client(transport=transport(marking, inner)),
        "http_async_client": MODULE.AsyncClient(transport=transport(marking, ainner)),
    }


def chat_openai(server, clients, **options):
    langchain_openai = pytest.importorskip("langchain_openai")
    return langchain_openai.ChatOpenAI(
        model="m", api_key="k", base_url=server.url, max_retries=3, **clients, **options
    )


async def test_chat_openai_over_a_transport(server, clients, log):
    model = chat_openai(server, clients)
    server.says(json_answer(chat({"content": "the SECRET"})))
    assert model.invoke("q").content == "<the ***>"
    assert (await model.ainvoke("q")).content == "<the ***>"
    server.says(Answer(chat_stream(["the SEC", "RET", "."], usage=True)))
    assert "".join(c.content for c in model.stream("q")) == "<the ***.>"
    assert "".join([c.content async for c in model.astream("q")]) == "<the ***.>"
    server.requests.clear()
    with pytest.raises(OpenAIBlocked):
        model.invoke("FORBIDDEN")
    with pytest.raises(OpenAIBlocked):
        list(model.stream("FORBIDDEN"))
    with pytest.raises(openai.OpenAIError):
        await model.ainvoke("FORBIDDEN")
    assert server.requests == []
    assert [r.ending for r in log.records] == ["completed"] * 4 + ["blocked"] * 3


def test_chat_openai_with_tools_over_a_transport(server, clients):
    server.says(Answer(calls_stream([("look", ['{"a":', ' "1"}']), ("look", ['{"a": "2"}'])])))
    total = None
    for c in chat_openai(server, clients).stream("q"):
        total = c if total is None else total + c
    assert [call["args"] for call in total.tool_calls] == [{"a": "1"}, {"a": "2"}]


def test_chat_openai_on_the_responses_api_over_a_transport(server, clients):
    server.says(json_answer(response([message_item("the SECRET")])))
    model = chat_openai(server, clients, use_responses_api=True)
    assert model.invoke("q").text == "<the ***>"


def test_chat_openai_is_refused_softly(server, chop):
    inner = MODULE.HTTPTransport(verify=False)
    http = MODULE.Client(transport=transport(chop, inner, on_block="refuse"))
    got = chat_openai(server, {"http_client": http}).invoke("FORBIDDEN")
    assert got.response_metadata["finish_reason"] == "content_filter"
    assert got.additional_kwargs["refusal"] == chop.policy.refusal("en")


def test_llama_index_over_a_transport(server, clients):
    like = pytest.importorskip("llama_index.llms.openai_like")
    model = like.OpenAILike(
        model="m", api_base=server.url, api_key="k", is_chat_model=True, max_retries=3,
        http_client=clients["http_client"], async_http_client=clients["http_async_client"],
    )  # fmt: skip
    server.says(json_answer(chat({"content": "the SECRET"})))
    from llama_index.core.llms import ChatMessage

    assert model.chat([ChatMessage("q")]).message.content == "<the ***>"
    server.says(Answer(chat_stream(["the SEC", "RET", "."])))
    assert list(model.stream_chat([ChatMessage("q")]))[-1].message.content == "<the ***.>"
    server.requests.clear()
    with pytest.raises(OpenAIBlocked):
        model.chat([ChatMessage("FORBIDDEN")])
    assert server.requests == []


def test_what_a_tracer_patched_on_the_guarded_client_sees_is_screened(server, marking):
    """Instrumentors wrap `create` of the resource classes."""
    client = guard(server.client(), marking)
    seen = []
    create = client.chat.completions.create

    def traced(**options):
        seen.append(create(**options))
        return seen[-1]

    client.chat.completions.create = traced
    server.says(json_answer(chat({"content": "the SECRET"})))
    client.chat.completions.create(model="m", messages=[])
    assert seen[0].choices[0].message.content == "<the ***>"
