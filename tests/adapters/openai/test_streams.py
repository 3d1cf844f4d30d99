"""Streams that end in every way they can, sync and async."""

import asyncio
import gc
import gzip
import itertools
import json
import threading
import warnings
import zlib

import openai
import pytest
from openai_server import Answer, json_answer
from openai_wire import (
    DONE,
    chat,
    chat_stream,
    chunk,
    event,
    message_events,
    message_item,
    response,
    response_stream,
    text_response_stream,
)

from chopmark_openai import OpenAIBlocked, guard

ASK = {"model": "m", "messages": []}


def texts(chunks):
    return [c.choices[0].delta.content for c in chunks if c.choices]


def endless():
    yield event(chunk({"role": "assistant", "content": ""}))
    for n in itertools.count():
        yield event(chunk({"content": f"{n} "}))


def test_leaving_a_stream_closes_the_connection_and_records_it(server, chop, log):
    server.says(Answer(endless(), pause=0.002))
    stream = guard(server.client(), chop).chat.completions.create(**ASK, stream=True)
    for piece in stream:
        if piece.choices[0].delta.content:
            break
    stream.close()
    assert server.left.wait(60)
    assert [record.ending for record in log.records] == ["abandoned"]


def test_dropping_a_stream_closes_the_connection_and_records_it(server, chop, log):
    server.says(Answer(endless(), pause=0.002))
    stream = guard(server.client(), chop).chat.completions.create(**ASK, stream=True)
    next(stream)
    del stream
    gc.collect()  # the client's own stream refers to itself
    assert server.left.wait(60)
    assert [record.ending for record in log.records] == ["abandoned"]


async def test_dropping_an_async_stream_closes_the_connection_and_records_it(server, chop, log):
    server.says(Answer(endless(), pause=0.002))
    client = guard(server.aclient(), chop)
    stream = await client.chat.completions.create(**ASK, stream=True)
    await anext(stream)
    del stream
    gc.collect()
    assert await asyncio.to_thread(server.left.wait, 60)
    assert [record.ending for record in log.records] == ["abandoned"]


def test_closing_a_stream_that_nobody_read_records_it(server, chop, log):
    server.says(Answer(endless(), pause=0.002))
    guard(server.client(), chop).chat.completions.create(**ASK, stream=True).close()
    assert server.left.wait(60)
    assert [(r.ending, r.answer.characters) for r in log.records] == [("abandoned", 0)]


async def test_leaving_an_async_stream_closes_the_connection_and_records_it(server, chop, log):
    server.says(Answer(endless(), pause=0.002))
    client = guard(server.aclient(), chop)
    async with await client.chat.completions.create(**ASK, stream=True) as stream:
        async for piece in stream:
            if piece.choices[0].delta.content:
                break
    assert await asyncio.to_thread(server.left.wait, 60)
    assert [record.ending for record in log.records] == ["abandoned"]


@pytest.mark.parametrize("stream", [False, True])
async def test_cancelling_a_task_is_recorded(server, chop, log, stream):
    silence = Answer([b" "] * 1000, kind="application/json", pause=0.01)
    server.says(Answer(endless(), pause=0.01) if stream else silence)
    client = guard(server.aclient(), chop)

    async def read():
        made = await client.chat.completions.create(**ASK, stream=stream)
        async for _ in made:
            pass

    task = asyncio.create_task(read())
    assert await asyncio.to_thread(server.asked.wait, 60)
    await asyncio.sleep(0.15)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(server.left.wait, 60)
    assert [record.ending for record in log.records] == ["cancelled"]


def test_a_server_that_drops_the_connection_is_a_model_error(server, chop, log):
    server.says(Answer(chat_stream(["one ", "two "])[:-2], broken=True))
    got = []
    with pytest.raises(Exception, match=r"incomplete|Connection"):
        got.extend(guard(server.client(), chop).chat.completions.create(**ASK, stream=True))
    assert "one two ".startswith("".join(texts(got)))
    assert [record.ending for record in log.records] == ["model_error"]


@pytest.mark.parametrize("status", [400, 401, 429, 500])
@pytest.mark.parametrize("stream", [False, True])
def test_an_error_status_is_the_clients_own_error(server, chop, log, status, stream):
    server.says(json_answer({"error": {"message": "no", "code": "c-1"}}, status))
    with pytest.raises(openai.APIStatusError) as caught:
        guard(server.client(), chop).chat.completions.create(**ASK, stream=stream)
    assert (caught.value.status_code, caught.value.code) == (status, "c-1")
    assert [record.ending for record in log.records] == ["model_error"]
    assert [f.error for r in log.records for f in r.failures] == [type(caught.value).__name__]


def test_an_error_event_in_a_stream_is_the_clients_own_error(server, chop, log):
    failed = event({"error": {"message": "overloaded", "code": "c-2"}})
    server.says(Answer([*chat_stream(["one ", "two "])[:-2], failed, DONE]))
    got = []
    with pytest.raises(openai.APIError, match="overloaded"):
        got.extend(guard(server.client(), chop).chat.completions.create(**ASK, stream=True))
    assert "one two ".startswith("".join(texts(got)))
    assert [record.ending for record in log.records] == ["model_error"]


def test_a_response_that_failed_says_what_was_delivered_and_no_more(server, chop, log):
    text = "a long answer that ends in FORBID"
    events = message_events([text])[:-3]
    server.says(Answer(response_stream(events, [message_item(text)], "failed")))
    client = guard(server.client(), chop)
    events = list(client.responses.create(model="m", input="q", stream=True))
    said = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert events[-1].type == "response.failed"
    assert events[-1].response.output_text == said == text[: -len("FORBID") - 2]
    assert [record.ending for record in log.records] == ["model_error"]


def test_a_whole_response_that_failed_holds_no_unscreened_text(server, chop, log):
    error = {"code": "server_error", "message": "no"}
    server.says(json_answer(response([message_item("FORBIDDEN")], "failed", error=error)))
    got = guard(server.client(), chop).responses.create(model="m", input="q")
    assert (got.status, got.output_text, got.error.message) == ("failed", "", "no")
    assert [record.ending for record in log.records] == ["model_error"]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_encoded_bodies_are_read(server, marking, coding):
    pack = gzip.compress if coding == "gzip" else zlib.compress
    headers = {"content-encoding": coding}
    body = json.dumps(chat({"content": "the SECRET"})).encode()
    server.says(Answer([pack(body)], kind="application/json", headers=headers))
    client = guard(server.client(), marking)
    assert client.chat.completions.create(**ASK).choices[0].message.content == "<the ***>"
    packed = pack(b"".join(chat_stream(["the SEC", "RET"])))
    server.says(Answer([packed[:20], packed[20:]], headers=headers))
    raw = client.chat.completions.with_raw_response.create(**ASK, stream=True)
    assert "content-encoding" not in raw.headers
    assert "".join(t or "" for t in texts(raw.parse())) == "<the ***>"


def test_a_stream_without_a_finish_reason_still_gives_all_of_its_text(server, marking, log):
    parts = chat_stream(["one ", "two"])
    for ends in ([DONE], []):
        server.says(Answer([*parts[:-2], *ends]))
        client = guard(server.client(), marking)
        got = texts(client.chat.completions.create(**ASK, stream=True))
        assert "".join(t or "" for t in got) == "<one two>"
    assert [record.ending for record in log.records] == ["completed"] * 2
    assert [record.answer.characters for record in log.records] == [9, 9]


def test_a_server_that_lingers_after_the_end_is_not_waited_for(server, chop, log):
    has_all, gave_up = threading.Event(), threading.Event()

    def lingering():
        yield from chat_stream(["one"])
        if not has_all.wait(60):
            gave_up.set()
        yield b": bye\n\n"

    server.says(Answer(lingering()))
    got = texts(guard(server.client(), chop).chat.completions.create(**ASK, stream=True))
    has_all.set()
    assert not gave_up.is_set()
    assert "".join(t or "" for t in got) == "one"
    assert [record.ending for record in log.records] == ["completed"]


def test_a_stream_read_to_its_end_is_completed_although_the_client_stops_at_done(
    server, recording, log
):
    server.says(Answer(chat_stream(["one"], usage=True)))
    got = list(guard(server.client(), recording).chat.completions.create(**ASK, stream=True))
    assert got[-1].usage.total_tokens == 8
    assert got[-1].chopmark["ending"] == "completed"
    assert all(getattr(c, "chopmark", None) is None for c in got[:-1])
    assert (log.records[0].usage.input_tokens, log.records[0].usage.output_tokens) == (3, 5)


def test_an_empty_answer_is_recorded_and_carries_the_metadata(server, marking, log):
    client = guard(server.client(), marking)
    server.says(json_answer(chat({"content": ""})))
    assert client.chat.completions.create(**ASK).chopmark["action"] == "allow"
    server.says(Answer(chat_stream([])))
    assert list(client.chat.completions.create(**ASK, stream=True))[-1].chopmark
    server.says(json_answer(response([])))
    assert client.responses.create(model="m", input="q").chopmark["action"] == "allow"
    server.says(Answer(response_stream([], [])))
    events = list(client.responses.create(model="m", input="q", stream=True))
    assert events[-1].response.chopmark["action"] == "allow"
    assert [record.ending for record in log.records] == ["completed"] * 4


def test_a_body_that_is_no_json_is_screened_as_it_stands(server, chop, log):
    page = "<html>the SECRET page</html>"
    server.says(Answer([page.encode()], kind="text/html"))
    client = guard(server.client(), chop)
    assert client.chat.completions.create(**ASK) == "<html>the *** page</html>"
    server.says(Answer([b"the FORBIDDEN page \xff"], kind="text/plain"))
    with pytest.raises(OpenAIBlocked):
        client.chat.completions.create(**ASK)
    server.says(Answer([b"bytes \xff\xfe\x00"], kind="application/octet-stream"))
    raw = client.chat.completions.with_raw_response.create(**ASK)
    assert raw.content == b"bytes \xff\xfe\x00"


def test_an_empty_body_comes_through(server, chop, log):
    server.says(Answer([], kind="application/json"))
    raw = guard(server.client(), chop).chat.completions.with_raw_response.create(**ASK)
    assert raw.content == b""
    assert [record.ending for record in log.records] == ["completed"]


def test_events_that_are_no_json_are_screened_as_they_stand(server, chop):
    odd = [b"event: note\ndata: the SECRET\n\n", b"data:\n\n", b": the SECRET comment\n\n"]
    server.says(Answer([*odd, *chat_stream(["x"])]))
    create = guard(server.client(), chop).chat.completions.with_streaming_response.create
    with create(**ASK, stream=True) as got:
        body = b"".join(got.iter_bytes())
    assert body.startswith(b"event: note\ndata: the ***\n\ndata:\n\n: the SECRET comment\n\n")


def test_a_megabyte_comes_through(server, chop):
    prompt = "tell me more, please. " * 50_000
    server.says(json_answer(chat({"content": prompt})))
    client = guard(server.client(), chop)
    messages = [{"role": "user", "content": prompt}]
    got = client.chat.completions.create(model="m", messages=messages)
    assert got.choices[0].message.content == prompt
    assert server.requests[0][2]["messages"] == messages
    server.says(Answer(chat_stream([prompt, "x"])))
    stream = client.chat.completions.create(model="m", messages=messages, stream=True)
    assert "".join(t or "" for t in texts(stream)) == prompt + "x"


def test_a_stream_answered_with_json_is_screened(server, chop):
    server.says(json_answer(chat({"content": "FORBIDDEN"})))
    create = guard(server.client(), chop).chat.completions.with_streaming_response.create
    with pytest.raises(OpenAIBlocked), create(**ASK, stream=True) as got:
        got.read()


async def test_the_connection_of_an_async_stream_is_used_again(server, chop):
    server.keeps_alive = True
    server.says(Answer(chat_stream(["one"])))
    async with guard(server.aclient(), chop) as client:
        for _ in range(3):
            stream = await client.chat.completions.create(**ASK, stream=True)
            assert [c async for c in stream]
    assert len(server.connections) == 1


def test_streams_are_read_and_cancelled_on_trio(server, marking, log):
    trio = pytest.importorskip("trio")

    async def main():
        client = guard(server.aclient(), marking)
        server.says(Answer(chat_stream(["one SEC", "RET"])))
        stream = await client.chat.completions.create(**ASK, stream=True)
        got = texts([c async for c in stream])
        server.says(Answer(endless(), pause=0.005))
        with trio.move_on_after(0.2):
            async for _ in await client.chat.completions.create(**ASK, stream=True):
                pass
        return "".join(t or "" for t in got)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # httpx leaves its own generators to the collector
        got = trio.run(main)
        gc.collect()
    assert got == "<one ***>"
    assert server.left.wait(60)
    assert [record.ending for record in log.records] == ["completed", "cancelled"]


async def test_async_streams_end_as_sync_ones_do(server, marking, log):
    client = guard(server.aclient(), marking)
    server.says(Answer(chat_stream(["one SEC", "RET"], usage=True)))
    stream = await client.chat.completions.create(**ASK, stream=True)
    chunks = [c async for c in stream]
    assert "".join(t or "" for t in texts(chunks)) == "<one ***>"
    assert chunks[-1].chopmark["action"] == "modify"
    server.says(Answer(text_response_stream(["one SEC", "RET"])))
    async with client.responses.stream(model="m", input="q") as events:
        final = await events.get_final_response()
    assert final.output_text == "<one ***>"
    failed = event({"error": {"message": "overloaded"}})
    server.says(Answer([*chat_stream(["one "])[:-2], failed]))
    with pytest.raises(openai.APIError, match="overloaded"):
        async for _ in await client.chat.completions.create(**ASK, stream=True):
            pass
    server.says(json_answer({"error": {"message": "no"}}, 400))
    with pytest.raises(openai.BadRequestError):
        await client.chat.completions.create(**ASK, stream=True)
    endings = ["completed", "completed", "model_error", "model_error"]
    assert [record.ending for record in log.records] == endings
