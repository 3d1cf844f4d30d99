"""What a guard lets pass unscreened is said, once for each client and endpoint."""

import logging

import openai
import pytest
from openai_server import MODULE, json_answer
from openai_wire import chat, response

from chopmark import Chopmark
from chopmark_openai import guard, transport
from chopmark_openai._passed import endpoint_name
from chopmark_openai._supported import SUPPORTED

PASSING = {
    "assistants": lambda c: c.post("/assistants", body={}, cast_to=object),
    "threads": lambda c: c.post("/threads/thread_1/runs", body={}, cast_to=object),
    "conversations": lambda c: c.conversations.create(),
    "batches": lambda c: c.batches.create(
        completion_window="24h", endpoint="/v1/responses", input_file_id="f"
    ),
    "images": lambda c: c.images.generate(model="m", prompt="p"),
    "audio": lambda c: c.audio.speech.create(model="m", voice="v", input="i"),
    "realtime": lambda c: c.realtime.client_secrets.create(),
    "files": lambda c: c.files.content("file-1"),
    "GET chat/completions": lambda c: c.chat.completions.list(),
    "GET chat/completions/messages": lambda c: c.chat.completions.messages.list("chatcmpl-1"),
    "GET responses/input_items": lambda c: c.responses.input_items.list("resp_1"),
    "rerank": lambda c: c.post("/rerank", body={}, cast_to=object),
}
QUIET = {
    "chat": lambda c: c.chat.completions.create(model="m", messages=[]),
    "models": lambda c: c.models.list(),
    "embeddings": lambda c: c.embeddings.create(model="m", input="i"),
    "moderations": lambda c: c.moderations.create(input="i"),
    "delete": lambda c: c.files.delete("file-1"),
    "delete answer": lambda c: c.chat.completions.delete("chatcmpl-1"),
}


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.WARNING, "chopmark")

    def told():
        return [r.getMessage() for r in caplog.records if r.name == "chopmark"]

    return told


@pytest.fixture
def answering(server):
    data = [{"embedding": [0.1], "index": 0}]
    server.reply = lambda path, body: json_answer(
        chat({"content": "x"}) if "chat" in path and body else {"id": "x", "data": data}
    )
    return server


@pytest.mark.parametrize("name", PASSING)
def test_a_request_that_is_not_guarded_is_said_once_for_each_client(answering, chop, said, name):
    client = guard(answering.client(), chop)
    for asking in (client, client, client.with_options(timeout=7)):
        PASSING[name](asking)
    (line,) = said()
    assert f"does not guard {name!r}" in line
    assert "chat.completions, completions and responses" in line
    PASSING[name](guard(answering.client(), chop))
    assert len(said()) == 2


async def test_an_async_client_says_it_too(answering, chop, said):
    client = guard(answering.aclient(), chop)
    await client.images.generate(model="m", prompt="p")
    await client.images.generate(model="m", prompt="p")
    assert ["'images'" in line for line in said()] == [True]


def test_a_guarded_transport_says_it_too(answering, chop, said):
    http = MODULE.Client(transport=transport(chop))
    client = answering.client(http_client=http)
    client.images.generate(model="m", prompt="p")
    client.images.generate(model="m", prompt="p")
    assert ["'images'" in line for line in said()] == [True]


@pytest.mark.parametrize("name", QUIET)
def test_nothing_is_said_of_what_is_guarded_or_gives_no_text(answering, chop, said, name):
    QUIET[name](guard(answering.client(), chop))
    assert said() == []


def test_reading_a_stored_answer_is_guarded_and_not_said(server, chop, said):
    server.says(json_answer(response([])))
    guard(server.client(), chop).responses.retrieve("resp_1")
    assert said() == []


def test_nothing_is_said_where_nothing_is_guarded(answering, said):
    client = guard(answering.client(), Chopmark("off"))
    PASSING["images"](client)
    client.realtime.connect(model="m")
    assert said() == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_web_socket_is_said_when_it_is_asked_for(server, chop, said, asynchronous):
    client = guard(server.aclient() if asynchronous else server.client(), chop)
    client.with_options(timeout=7)
    assert said() == []
    client.realtime.connect(model="m")
    client.realtime.connect(model="m")
    assert ["'realtime'" in line for line in said()] == [True]
    if hasattr(client.responses, "connect"):
        client.responses.connect()
        assert "'responses.connect'" in said()[-1]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/images/generations", "images"),
        ("/openai/deployments/d/images/generations", "images"),
        ("threads/thread_1/runs/run_1", "threads"),
        ("/v1/vector_stores/vs_1/search", "vector_stores"),
        ("/v2/other/1", "other"),
        ("/", ""),
    ],
)
def test_an_endpoint_is_named_without_ids(path, name):
    assert endpoint_name("POST", path) == name


@pytest.mark.parametrize("version", ["2.50.0", "2.54.0", "3.0.0", "3.99"])
def test_a_version_in_the_range_is_taken(version):
    SUPPORTED.check(version)
    SUPPORTED.check(openai.__version__)


@pytest.mark.parametrize("version", ["1.99.9", "2.49.0", "4.0.0"])
def test_another_version_is_refused_with_the_cure(version):
    with pytest.raises(ImportError, match=rf"{version} is installed; .*chopmark\[openai\]"):
        SUPPORTED.check(version)
