"""Where the network cuts the bytes makes no difference."""

import json
from itertools import pairwise

import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai_server import MODULE, Answer
from openai_wire import (
    DONE,
    calls_stream,
    chat_stream,
    completion_stream,
    message_events,
    message_item,
    reasoning_events,
    reasoning_item,
    response_stream,
)
from tests.depth import scaled

from chopmark import Chopmark, Policy
from chopmark.testing import SuffixMarker, WordDetector, plugin
from chopmark_openai import OpenAIBlocked, guard
from chopmark_openai._sse import Cutter, event_data, make_event, with_data

ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")


def cut(data, places):
    edges = [0, *sorted(p % (len(data) + 1) for p in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


places = st.lists(st.integers(0, 10_000), max_size=30)


@pytest.mark.parametrize("end", ENDS)
@settings(max_examples=scaled(40), deadline=None)
@given(places=places, texts=st.lists(st.text(st.characters(codec="utf-8")), max_size=5))
def test_events_are_the_same_however_their_bytes_are_cut(end, places, texts):
    line_end = end[: len(end) // 2]
    events = []
    for n, text in enumerate(texts):
        lines = text.replace("\r", "\n").split("\n")
        said = line_end.join(b"data: " + line.encode() for line in lines)
        events.append(b"id: %d" % n + line_end + b": a comment" + line_end + said + end)
    cutter = Cutter()
    found = [event for part in cut(b"".join(events), places) for event in cutter.feed(part)]
    found += cutter.finish()
    assert b"".join(found) == b"".join(events)
    expected = ["\n".join(text.replace("\r", "\n").split("\n")) for text in texts]
    assert [event_data(event) for event in found if event.strip(b"\r\n")] == expected


def test_an_event_keeps_its_name_its_id_and_its_comments_when_its_data_changes():
    event = b"event: x\r\nid: 7\r\n: note\r\ndata: one\r\ndata: two\r\nretry: 3\r\n\r\n"
    assert event_data(event) == "one\ntwo"
    changed = with_data(event, b"new")
    assert changed == b"event: x\nid: 7\n: note\ndata: new\nretry: 3\n\n"


def test_a_byte_order_mark_and_a_field_without_a_space_are_understood():
    assert event_data(b"\xef\xbb\xbfdata:x\n\n") == "x"
    assert event_data(b": ping\n\n") is None
    assert event_data(make_event(b"x")) == "x"


PIECES = ["Das kostet 5 €, ", "SEC", "RET", " – 你好，", "世界\n\n", "\U0001f600 done"]
STREAMS = {
    "chat": chat_stream(PIECES, usage=True),
    "chat with CRLF": [part.replace(b"\n", b"\r\n") for part in chat_stream(PIECES)],
    "chat with comments": [b": keep-alive\n\n" + part for part in chat_stream(PIECES)],
    "tools": calls_stream([("a", ['{"x": "SEC', 'RET"}']), ("b", ["{}", " "])]),
    "completions": completion_stream(PIECES),
    "responses": response_stream(
        reasoning_events(PIECES) + message_events(PIECES, 1),
        [reasoning_item("".join(PIECES)), message_item("".join(PIECES))],
    ),
}


def read(client, name, got):
    """Add the bytes that come of the stream `name` to `got`."""
    if name == "completions":
        raw = client.completions.with_streaming_response
        made = raw.create(model="m", prompt="q", stream=True)
    elif name == "responses":
        made = client.responses.with_streaming_response.create(model="m", input="q", stream=True)
    else:
        completions = client.chat.completions.with_streaming_response
        made = completions.create(model="m", messages=[], stream=True)
    with made as response:
        for part in response.iter_bytes():
            got += part


def said_by(body):
    """Return the texts of all deltas in a body."""
    for event in Cutter().feed(body):
        data = json.loads(event_data(event))
        delta = data["choices"][0]["delta"].get("content") if "choices" in data else None
        yield delta or data.get("delta") or ""


class Parts(MODULE.SyncByteStream):
    def __init__(self, parts):
        self.parts = parts

    def __iter__(self):
        return iter(self.parts)


def scripted(parts):
    def reply(request):
        headers = {"content-type": "text/event-stream"}
        return MODULE.Response(200, headers=headers, stream=Parts(parts))

    http = MODULE.Client(transport=MODULE.MockTransport(reply))
    return openai.OpenAI(api_key="k", http_client=http, max_retries=0)


def policy(*words):
    detector = WordDetector(dict(words))
    markers = [SuffixMarker("<", ">")]
    return Chopmark(Policy(name="t"), plugins=[plugin(detectors=[detector], markers=markers)])


def out(parts, name):
    """Return what goes out for a stream, the call's id apart."""
    told, got = [], bytearray()
    read(guard(scripted(parts), policy(("SECRET", "modify")), on_response=told.append), name, got)
    return bytes(got).replace(b"\r\n", b"\n").replace(told[0].id.encode(), b"ID")


@pytest.mark.parametrize("name", STREAMS)
def test_what_goes_out_is_the_same_when_the_bytes_come_one_by_one(name):
    whole = b"".join(STREAMS[name])
    seen = out(STREAMS[name], name)
    assert seen == out([bytes([byte]) for byte in whole], name) == out([whole], name)
    assert b"SECRET" not in seen


@pytest.mark.parametrize("name", STREAMS)
@given(places=places)
@settings(max_examples=8, deadline=None)
def test_what_goes_out_is_the_same_however_the_bytes_are_cut(name, places):
    assert out(cut(b"".join(STREAMS[name]), places), name) == out(STREAMS[name], name)


@pytest.mark.parametrize("name", ["chat", "responses"])
@given(places=places)
@settings(max_examples=10, deadline=None)
def test_nothing_denied_goes_out_however_the_bytes_are_cut(name, places):
    chop = policy(("SECRET", "deny"), ("你好，世界", "deny"))
    client = guard(scripted(cut(b"".join(STREAMS[name]), places)), chop)
    got = bytearray()
    with pytest.raises(OpenAIBlocked):
        read(client, name, got)
    said = "".join(said_by(bytes(got)))
    assert said == ("<Das kostet 5 €, >" if name == "chat" else "Das kostet 5 €, ")


def test_a_stream_that_arrives_byte_by_byte_from_a_server_is_the_same(server, marking):
    text = "".join(PIECES).replace("SECRET", "***")
    for name in ("chat", "responses"):
        whole = b"".join(STREAMS[name])
        server.says(Answer([bytes([byte]) for byte in whole]))
        client = guard(server.client(), marking)
        if name == "chat":
            chunks = client.chat.completions.create(model="m", messages=[], stream=True)
            got = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        else:
            with client.responses.stream(model="m", input="q") as stream:
                got = stream.get_final_response().output_text
        assert got == f"<{text}>"


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces=st.lists(st.text(st.characters(codec="utf-8"), max_size=8), max_size=8))
def test_any_text_comes_through_a_quiet_policy_as_it_was(pieces):
    chop = policy(("SECRET", "modify"))
    plain = Chopmark(Policy(name="t"), plugins=[plugin(detectors=[WordDetector({"\x01": "deny"})])])
    text = "".join(pieces)
    if "\x01" in text or "SECRET" in text:
        return
    client = guard(scripted(chat_stream(pieces)), plain)
    chunks = client.chat.completions.create(model="m", messages=[], stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == text
    client = guard(scripted(chat_stream(pieces)), chop)
    chunks = client.chat.completions.create(model="m", messages=[], stream=True)
    marked = f"<{text}>" if text else ""
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == marked


def test_what_follows_the_end_is_not_read(server, recording):
    server.says(Answer([*chat_stream(["a"]), b"data: junk\n\n", DONE]))
    client = guard(server.client(), recording)
    chunks = list(client.chat.completions.create(model="m", messages=[], stream=True))
    assert [c.choices[0].delta.content for c in chunks] == ["", "a", None]
