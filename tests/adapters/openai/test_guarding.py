"""What a guarded client is, what a block does, and how often a call is sent."""

import importlib
import pickle
import sys
from contextlib import suppress
from dataclasses import replace

import openai
import pytest
from openai_server import MODULE, Answer, json_answer
from openai_wire import chat, chat_stream, message_item, prompt_of, response

from chopmark import Chopmark, LogError, Policy, PolicyBlocked, RequestError, calling
from chopmark.testing import BrokenLog, MemoryLog, SuffixMarker, WordDetector, plugin
from chopmark_openai import OpenAIBlocked, OpenAILogError, guard, transport

for _name in ("httpx", "httpx2"):  # early: openai 3 stumbles over one that is being imported
    with suppress(ImportError):
        importlib.import_module(_name)

DENIED = {"model": "m", "messages": [{"role": "user", "content": "FORBIDDEN"}]}
ASK = {"model": "m", "messages": [{"role": "user", "content": "q"}]}


def test_a_denied_prompt_sends_nothing_and_is_not_tried_again(server, chop, log):
    client = guard(server.client(max_retries=5), chop)
    for create in (
        lambda: client.chat.completions.create(**DENIED),
        lambda: client.chat.completions.create(**DENIED, stream=True),
        lambda: client.chat.completions.with_raw_response.create(**DENIED),
        lambda: client.chat.completions.parse(**DENIED),
        lambda: client.chat.completions.stream(**DENIED).__enter__(),
        lambda: client.completions.create(model="m", prompt="FORBIDDEN"),
        lambda: client.responses.create(model="m", input="FORBIDDEN"),
        lambda: client.responses.parse(model="m", input="FORBIDDEN"),
        lambda: client.responses.stream(model="m", input="FORBIDDEN").__enter__(),
        lambda: client.beta.chat.completions.parse(**DENIED),
    ):
        with pytest.raises(openai.OpenAIError) as caught:
            create()
        assert type(caught.value) is OpenAIBlocked
    assert server.requests == []
    assert [record.ending for record in log.records] == ["blocked"] * 10


def test_a_denied_answer_is_asked_for_once(server, chop):
    server.says(json_answer(chat({"content": "FORBIDDEN"})))
    for client in (
        guard(server.client(max_retries=5), chop),
        server.client(max_retries=5, http_client=MODULE.Client(transport=transport(chop))),
    ):
        with pytest.raises(OpenAIBlocked):
            client.chat.completions.create(**ASK)
        assert len(server.requests) == 1
        server.requests.clear()


def test_a_call_that_is_tried_again_is_screened_and_recorded_once(server, log, monkeypatch):
    seen = []

    class Counting(WordDetector):
        def judge(self, text, context):
            if context.direction == "input":
                seen.append(text)
            return super().judge(text, context)

    chop = Chopmark(
        Policy(name="t"), plugins=[plugin(detectors=[Counting({"x": "deny"})], log=log)]
    )
    answers = iter(
        [json_answer({}, 500), json_answer({}, 429), json_answer(chat({"content": "y"}))]
    )
    server.reply = lambda path, body: next(answers)
    client = guard(server.client(max_retries=2), chop)
    monkeypatch.setattr(type(client), "_calculate_retry_timeout", lambda *args: 0)
    raw = client.chat.completions.with_raw_response.create(**ASK)
    assert raw.retries_taken == 2
    assert len(server.requests) == 3
    assert seen == ["q"]
    assert [record.ending for record in log.records] == ["completed"]


def test_a_block_says_what_it_is(server, chop):
    with pytest.raises(PolicyBlocked) as caught:
        guard(server.client(), chop).chat.completions.create(**DENIED)
    error = caught.value
    assert (error.status_code, error.code, error.is_retryable) == (403, "content_filter", False)
    assert error.judged
    assert error.response.verdicts[0].category == "word.deny"
    assert str(error) == chop.policy.refusal("en")
    assert pickle.loads(pickle.dumps(error)).response == error.response


@pytest.mark.parametrize("stream", [False, True])
def test_a_log_that_fails_is_an_error_that_the_client_does_not_try_to_mend(server, stream):
    server.says(Answer(chat_stream(["x"])) if stream else json_answer(chat({"content": "x"})))
    chop = Chopmark(Policy(name="t"), plugins=[plugin(log=BrokenLog())])
    for client in (
        guard(server.client(max_retries=3), chop),
        server.client(max_retries=3, http_client=MODULE.Client(transport=transport(chop))),
    ):
        with pytest.raises(LogError) as caught:
            list(client.chat.completions.create(**ASK, stream=stream))
        assert type(caught.value) is OpenAILogError
        assert len(server.requests) == 1
        server.requests.clear()


def test_an_unknown_audience_is_an_error_that_the_client_does_not_try_to_mend(server, chop):
    for client in (
        guard(server.client(max_retries=3), chop),
        server.client(max_retries=3, http_client=MODULE.Client(transport=transport(chop))),
    ):
        with calling(audience="nobody"), pytest.raises(RequestError, match="nobody"):
            client.chat.completions.create(**ASK)
    assert server.requests == []


def test_a_guarded_client_keeps_every_option(server, chop):
    class Mine(openai.OpenAI):
        pass

    http = MODULE.Client(verify=False)
    bare = Mine(
        api_key="k-1", organization="o", project="p", base_url=server.url, timeout=7, max_retries=4,
        default_headers={"x-a": "1"}, default_query={"v": "2"}, webhook_secret="w",
        http_client=http,
    )  # fmt: skip
    _ = bare.chat, bare.responses  # they hold the client that made them
    client = guard(bare, chop)
    assert isinstance(client, Mine)
    assert type(client).__name__ == "Mine"
    for name in ("api_key", "organization", "project", "base_url", "timeout", "max_retries"):
        assert getattr(client, name) == getattr(bare, name)
    assert client._client is http
    with pytest.raises(OpenAIBlocked):
        client.chat.completions.create(**DENIED)
    server.says(json_answer(chat({"content": "x"})))
    client.chat.completions.create(**ASK)
    path, headers, _ = server.requests[0]
    assert path == "/v1/chat/completions?v=2"
    assert (headers["authorization"], headers["x-a"]) == ("Bearer k-1", "1")
    assert (headers["openai-organization"], headers["openai-project"]) == ("o", "p")


def test_the_bare_client_stays_bare(server, chop, log):
    bare = server.client()
    guard(bare, chop)
    server.says(json_answer(chat({"content": "FORBIDDEN"})))
    assert bare.chat.completions.create(**DENIED).choices[0].message.content == "FORBIDDEN"
    assert log.records == []


@pytest.mark.parametrize("change", ["with_options", "copy", "with_options with_options"])
def test_copies_stay_guarded(server, chop, change):
    client = guard(server.client(), chop)
    for name in change.split():
        client = getattr(client, name)(timeout=3, http_client=MODULE.Client(verify=False))
    with pytest.raises(OpenAIBlocked):
        client.chat.completions.create(**DENIED)
    assert client.timeout == 3
    assert server.requests == []


async def test_azure_clients_are_guarded(server, chop):
    options = {
        "api_key": "k", "api_version": "v-1", "azure_endpoint": server.url.removesuffix("/v1"),
        "max_retries": 0,
    }  # fmt: skip
    client = guard(openai.AzureOpenAI(**options, http_client=MODULE.Client(verify=False)), chop)
    assert isinstance(client, openai.AzureOpenAI)
    with pytest.raises(OpenAIBlocked):
        client.chat.completions.create(**DENIED)
    with pytest.raises(OpenAIBlocked):
        client.with_options(timeout=1).chat.completions.create(**DENIED)
    assert server.requests == []
    server.says(json_answer(chat({"content": "the SECRET"})))
    got = client.chat.completions.create(**ASK)
    assert got.choices[0].message.content == "the ***"
    assert server.requests[0][0].startswith("/openai/deployments/m/chat/completions")
    client = guard(openai.AsyncAzureOpenAI(**options), chop)
    with pytest.raises(OpenAIBlocked):
        await client.chat.completions.create(**DENIED)
    refusing = guard(openai.AzureOpenAI(**options), chop, on_block="refuse")
    got = refusing.chat.completions.create(**DENIED)
    assert got.choices[0].finish_reason == "content_filter"


def test_a_guarded_client_and_a_guarded_transport_screen_once(server, chop, log):
    http = MODULE.Client(transport=transport(chop, MODULE.HTTPTransport(verify=False)))
    client = guard(server.client(http_client=http), chop)
    server.says(json_answer(chat({"content": "x"})))
    client.chat.completions.create(**ASK)
    server.says(Answer(chat_stream(["x", "y"])))
    list(client.chat.completions.create(**ASK, stream=True))
    assert [record.ending for record in log.records] == ["completed"] * 2


def test_two_policies_are_two_layers(server, chop, log):
    outer_log = MemoryLog()
    marks = plugin(markers=[SuffixMarker("[", "]")], log=outer_log)
    client = guard(guard(server.client(), chop), Chopmark(Policy(name="outer"), plugins=[marks]))
    server.says(json_answer(chat({"content": "the SECRET"})))
    assert client.chat.completions.create(**ASK).choices[0].message.content == "[the ***]"
    server.says(Answer(chat_stream(["the SEC", "RET"])))
    chunks = client.chat.completions.create(**ASK, stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "[the ***]"
    with pytest.raises(OpenAIBlocked):
        client.chat.completions.create(**DENIED)
    assert [r.ending for r in log.records] == ["completed", "completed", "blocked"]
    assert [r.ending for r in outer_log.records] == ["completed", "completed", "model_error"]


def test_guarding_again_with_other_options_uses_the_new_ones(server, chop, log):
    client = guard(server.client(), chop)
    assert guard(client, chop) is client
    client = guard(client, chop, on_block="refuse")
    got = client.chat.completions.create(**DENIED)
    assert got.choices[0].message.refusal == chop.policy.refusal("en")
    assert len(log.records) == 1


def test_on_response_is_told_how_every_call_ended(server, chop):
    told = []
    client = guard(server.client(), chop, on_response=told.append)
    server.says(json_answer(chat({"content": "the SECRET"})))
    got = client.chat.completions.create(**ASK)
    with pytest.raises(OpenAIBlocked):
        client.chat.completions.create(**DENIED)
    server.says(json_answer({}, 400))
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(**ASK)
    assert [(r.action, r.ending) for r in told] == [
        ("modify", "completed"),
        ("block", "blocked"),
        ("allow", "model_error"),
    ]
    assert told[0].text == "the ***"
    assert got.chopmark["id"] == told[0].id
    assert got.to_dict()["chopmark"] == got.chopmark


def test_a_policys_name_in_the_place_of_a_chopmark_is_told(server):
    for wrong in ("cn", None):
        with pytest.raises(TypeError, match=f"not {type(wrong).__name__}; make one: Chopmark"):
            guard(server.client(), wrong)
        with pytest.raises(TypeError, match="a Chopmark is needed"):
            transport(wrong)


def test_what_is_no_client_is_refused_with_a_cure(chop):
    with pytest.raises(RequestError, match="transport"):
        guard(object(), chop)
    with pytest.raises(RequestError, match='"refuse"'):
        transport(chop, on_block="ignore")
    with pytest.raises(RequestError, match="module="):
        transport(chop, inner=object())
    other = type(
        "Other", (), {"BaseTransport": int, "AsyncBaseTransport": int, "__name__": "other"}
    )
    with pytest.raises(RequestError, match="no transport of"):
        transport(chop, inner=MODULE.HTTPTransport(verify=False), module=other)


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
async def test_a_transport_serves_any_client_of_its_module(server, chop, log, name):
    module = sys.modules.get(name) or pytest.skip(f"{name} is not installed")
    body = {"model": "m", "input": "the SECRET"}
    server.says(json_answer(response([message_item("a SECRET")])))
    inner = module.HTTPTransport(verify=False)
    with module.Client(transport=transport(chop, inner), base_url=server.url) as http:
        got = http.post("/responses", json=body).json()
    ainner = module.AsyncHTTPTransport(verify=False)
    async with module.AsyncClient(transport=transport(chop, ainner), base_url=server.url) as http:
        again = (await http.post("/responses", json=body)).json()
    for answer in (got, again):
        assert answer["output"][0]["content"][0]["text"] == "a ***"
        assert answer["chopmark"]["action"] == "modify"
    assert [prompt_of(sent) for _, _, sent in server.requests] == ["the ***"] * 2
    assert len(log.records) == 2


async def test_a_transport_without_an_inner_one_makes_its_own(server, recording, log):
    server.says(json_answer({"error": {}}, 404))
    with MODULE.Client(transport=transport(recording, module=MODULE)) as http:
        assert http.post(f"{server.url}/responses", json={}).status_code == 404
        assert http.get(f"{server.url}/models").status_code == 404
    async with MODULE.AsyncClient(transport=transport(recording)) as http:
        assert (await http.post(f"{server.url}/responses", json={})).status_code == 404
    unused = transport(recording)
    unused.close()
    await unused.aclose()
    assert [record.ending for record in log.records] == ["model_error"] * 2
    assert [f.error for r in log.records for f in r.failures] == ["ErrorStatus"] * 2


def test_an_error_status_passes_a_transport_untouched(server, chop):
    body = {"error": {"message": "FORBIDDEN", "code": "c"}}
    server.says(json_answer(body, 400))
    inner = MODULE.HTTPTransport(verify=False)
    client = server.client(http_client=MODULE.Client(transport=transport(chop, inner)))
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**ASK)
    assert caught.value.response.json() == body
    assert caught.value.response.headers["content-type"] == "application/json"


def test_a_broken_connection_below_a_transport_is_tried_again(chop, log, monkeypatch):
    tries = []

    def reply(request):
        tries.append(request)
        raise MODULE.ConnectError("no route")

    http = MODULE.Client(transport=transport(chop, MODULE.MockTransport(reply)))
    client = openai.OpenAI(api_key="k", http_client=http, max_retries=2)
    monkeypatch.setattr(type(client), "_calculate_retry_timeout", lambda *args: 0)
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(**ASK)
    assert len(tries) == 3
    assert [record.ending for record in log.records] == ["model_error"] * 3


def test_a_call_inside_another_guarded_call_of_the_same_policy_passes(server, chop, log):
    client = guard(server.client(), chop)
    server.says(Answer(chat_stream(["a", "b"])))

    @chop.guard
    def answer(prompt):
        for c in client.chat.completions.create(**ASK, stream=True):
            yield c.choices[0].delta.content or ""

    assert "".join(answer("q")) == "ab"
    assert [record.adapter for record in log.records] == ["python"]


def test_an_escalation_is_a_block(server, log):
    chop = Chopmark(
        replace(Policy(name="t"), refusals={"en": "wait"}),
        plugins=[plugin(detectors=[WordDetector({"FORBIDDEN": "escalate"})], log=log)],
    )
    with pytest.raises(OpenAIBlocked, match="wait") as caught:
        guard(server.client(), chop).chat.completions.create(**DENIED)
    assert caught.value.response.action == "escalate"
