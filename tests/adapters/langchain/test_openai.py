"""The real ChatOpenAI against a server on this machine."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.exceptions import ModelRefusalError
from pydantic import BaseModel

from chopmark_langchain import LangChainBlocked, guard

langchain_openai = pytest.importorskip("langchain_openai")
ANSWER = ["The ", "numb", "er is SEC", "RET", ", 好的", "."]
SAID = "The number is ***, 好的."
USAGE = {"prompt_tokens": 7, "completion_tokens": 9, "total_tokens": 16}


class Person(BaseModel):
    """A person."""

    name: str
    mail: str


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        message, pieces = self._answer(body)
        if body.get("stream"):
            self._stream(pieces)
        else:
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self._send(
                "application/json",
                json.dumps(_completion("chat.completion", [choice], usage=USAGE)),
            )

    def _answer(self, body):
        if body.get("tools"):
            name = body["tools"][0]["function"]["name"]
            args = json.dumps({"name": "Ann", "mail": "SECRET"})
            call = {"id": "c", "type": "function", "function": {"name": name, "arguments": args}}
            cut = [{"index": 0, "function": {"arguments": a}} for a in (args[:9], args[9:])]
            cut[0] |= {"id": "c", "type": "function"}
            cut[0]["function"]["name"] = name
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
            return message, [{"tool_calls": [part]} for part in cut]
        if body.get("response_format"):
            text = json.dumps({"name": "Ann", "mail": "SECRET"})
            pieces = [text[n : n + 5] for n in range(0, len(text), 5)]
        else:
            text, pieces = "".join(ANSWER), ANSWER
        return {"role": "assistant", "content": text}, [{"content": piece} for piece in pieces]

    def _stream(self, pieces):
        deltas = [{"role": "assistant", "content": ""}, *pieces, {}]
        events = []
        for n, delta in enumerate(deltas):
            ends = "stop" if n == len(deltas) - 1 else None
            choice = {"index": 0, "delta": delta, "finish_reason": ends}
            events.append(_completion("chat.completion.chunk", [choice]))
        events.append(_completion("chat.completion.chunk", [], usage=USAGE))
        lines = [f"data: {json.dumps(event)}\n\n" for event in events]
        self._send("text/event-stream", "".join(lines) + "data: [DONE]\n\n")

    def _send(self, kind, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")  # each test has an event loop of its own
        self.end_headers()
        self.wfile.write(data)


def _completion(kind, choices, usage=None):
    return {
        "id": "chatcmpl-1", "object": kind, "created": 1, "model": "gpt-x", "choices": choices,
        "usage": usage,
    }  # fmt: skip


@pytest.fixture(scope="module")
def server():
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def bare(server):
    server.asked.clear()
    return langchain_openai.ChatOpenAI(
        model="gpt-x",
        api_key="no-key",
        base_url=f"http://127.0.0.1:{server.server_port}/v1",
        max_retries=0,
        stream_usage=True,
    )


@pytest.fixture
def model(bare, chop):
    return guard(bare, chop)


def test_invoke(model, server, log):
    answer = model.invoke("what is the SECRET?")
    assert answer.text == SAID
    assert server.asked[0]["messages"] == [{"role": "user", "content": "what is the ***?"}]
    assert answer.usage_metadata["input_tokens"] == 7
    assert answer.response_metadata["finish_reason"] == "stop"
    assert (log.records[0].model, log.records[0].usage.output_tokens) == ("gpt-x", 9)


async def test_ainvoke(model):
    assert (await model.ainvoke("hi")).text == SAID


def test_stream_keeps_every_chunk(bare, model):
    """ChatOpenAI does not say where its stream ends, so what was held comes in one more chunk."""
    expected, chunks = list(bare.stream("hi")), list(model.stream("hi"))
    assert len(chunks) == len(expected) + 1
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert whole.text == SAID
    assert whole.usage_metadata == {**expected[-2].usage_metadata}
    assert whole.response_metadata["chopmark"]["action"] == "modify"
    assert whole.response_metadata["finish_reason"] == "stop"


async def test_astream(model):
    assert "".join([chunk.text async for chunk in model.astream("hi")]) == SAID


def test_a_blocked_prompt_is_not_sent(model, server):
    with pytest.raises(LangChainBlocked):
        model.invoke("FORBIDDEN")
    with pytest.raises(LangChainBlocked):
        list(model.stream("FORBIDDEN"))
    assert server.asked == []


@pytest.mark.parametrize("streams", [False, True])
def test_tools(model, streams):
    bound = model.bind_tools([Person])
    if streams:
        chunks = list(bound.stream("hi"))
        answer = chunks[0]
        for chunk in chunks[1:]:
            answer += chunk
    else:
        answer = bound.invoke("hi")
    assert answer.tool_calls[0]["args"] == {"name": "Ann", "mail": "SECRET"}


@pytest.mark.parametrize("method", ["json_schema", "json_mode"])
def test_structured_output_is_screened_and_fits_its_schema(model, method):
    asked = model.with_structured_output(Person, method=method)
    assert asked.invoke("as json") == Person(name="Ann", mail="***")
    raw = model.with_structured_output(Person, method=method, include_raw=True).invoke("as json")
    assert "SECRET" not in repr(raw)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # openai's own dump
@pytest.mark.parametrize("method", ["json_schema", "json_mode"])
def test_structured_output_streams(model, method):
    pieces = list(model.with_structured_output(Person, method=method).stream("as json"))
    assert pieces[-1] == Person(name="Ann", mail="***")


def test_what_callbacks_are_told_of_the_model_cannot_be_loaded_bare(bare, chop):
    class Told(BaseCallbackHandler):
        def on_chat_model_start(self, serialized, messages, **kwargs):
            self.serialized = serialized

    told = Told()
    bare.invoke("hi", {"callbacks": [told]})
    assert told.serialized["type"] == "constructor"
    guard(bare, chop).invoke("hi", {"callbacks": [told]})
    assert told.serialized["type"] == "not_implemented"
    bare.invoke("hi", {"callbacks": [told]})
    assert told.serialized["type"] == "constructor"


def test_structured_output_of_a_refusal_is_a_refusal(bare, chop):
    model = guard(bare, chop, on_block="refuse").with_structured_output(Person)
    with pytest.raises(ModelRefusalError):
        model.invoke("FORBIDDEN")
