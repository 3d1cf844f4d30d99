"""The adapter's contract on every way to ask, for guarded clients and for transports."""

from typing import ClassVar

import openai
import pytest
from openai_server import MODULE, json_answer
from openai_wire import answer_to, prompt_of

from chopmark.testing import AdapterContract, Path
from chopmark_openai import guard, transport


class Clients:
    """A sync and an async client of one server."""

    def __init__(self, server, sync, asynchronous):
        self.server, self.sync, self.asynchronous = server, sync, asynchronous


def asked(prompt):
    return {"model": "m", "messages": [{"role": "user", "content": prompt}]}


def said(message):
    return message.content or message.refusal or ""


def chat(clients, prompt):
    return said(clients.sync.chat.completions.create(**asked(prompt)).choices[0].message)


def chat_streaming_response(clients, prompt):
    with clients.sync.chat.completions.with_streaming_response.create(**asked(prompt)) as raw:
        return said(raw.parse().choices[0].message)


def chat_parts(chunks):
    for chunk in chunks:
        for choice in chunk.choices:
            text = choice.delta.content or choice.delta.refusal
            if text is not None:
                yield text


def chat_raw_stream(clients, prompt):
    completions = clients.sync.chat.completions
    raw = completions.with_raw_response.create(**asked(prompt), stream=True)
    with raw.parse() as chunks:
        yield from chat_parts(chunks)


def chat_helper(clients, prompt):
    with clients.sync.chat.completions.stream(**asked(prompt)) as events:
        for event in events:
            if event.type in ("content.delta", "refusal.delta"):
                yield event.delta


def completions_stream(clients, prompt):
    with clients.sync.completions.create(model="m", prompt=prompt, stream=True) as chunks:
        for chunk in chunks:
            yield chunk.choices[0].text


def output(response):
    parts = [part for item in response.output for part in item.content]
    return "".join(part.text if part.type == "output_text" else part.refusal for part in parts)


def responses(clients, prompt):
    return output(clients.sync.responses.create(model="m", input=prompt))


def deltas(events):
    for event in events:
        if event.type in ("response.output_text.delta", "response.refusal.delta"):
            yield event.delta


def responses_stream(clients, prompt):
    with clients.sync.responses.create(model="m", input=prompt, stream=True) as events:
        yield from deltas(events)


def responses_helper(clients, prompt):
    with clients.sync.responses.stream(model="m", input=prompt) as events:
        yield from deltas(events)


async def achat(clients, prompt):
    answer = await clients.asynchronous.chat.completions.create(**asked(prompt))
    return said(answer.choices[0].message)


async def achat_stream(clients, prompt):
    stream = await clients.asynchronous.chat.completions.create(**asked(prompt), stream=True)
    async with stream as chunks:
        async for chunk in chunks:
            for part in chat_parts([chunk]):
                yield part


async def achat_helper(clients, prompt):
    async with clients.asynchronous.chat.completions.stream(**asked(prompt)) as events:
        async for event in events:
            if event.type in ("content.delta", "refusal.delta"):
                yield event.delta


async def aresponses(clients, prompt):
    return output(await clients.asynchronous.responses.create(model="m", input=prompt))


async def aresponses_stream(clients, prompt):
    made = clients.asynchronous.responses.create(model="m", input=prompt, stream=True)
    async with await made as events:
        async for event in events:
            for part in deltas([event]):
                yield part


class OpenAIContract(AdapterContract):
    paths: ClassVar = {
        "chat": Path("call", chat),
        "chat streaming response": Path("call", chat_streaming_response),
        "responses": Path("call", responses),
        "chat raw stream": Path("stream", chat_raw_stream),
        "chat helper": Path("stream", chat_helper),
        "completions stream": Path("stream", completions_stream),
        "responses stream": Path("stream", responses_stream),
        "responses helper": Path("stream", responses_helper),
        "async chat": Path("acall", achat),
        "async responses": Path("acall", aresponses),
        "async chat stream": Path("astream", achat_stream),
        "async chat helper": Path("astream", achat_helper),
        "async responses stream": Path("astream", aresponses_stream),
    }
    blocked = openai.OpenAIError

    @pytest.fixture(autouse=True)
    def _server(self, server):
        self.server = server

    def bare(self, script):
        def reply(path, body):
            if script.error is not None:
                return json_answer({"error": {"message": "no"}}, 400)
            return answer_to(path, body, script.pieces)

        self.server.reply = reply
        self.server.requests.clear()
        return Clients(self.server, self.server.client(), self.server.aclient())

    def seen(self, model):
        return [prompt_of(body) for _, _, body in model.server.requests]

    def model_error(self):
        response = MODULE.Response(400, request=MODULE.Request("POST", "http://x"))
        return openai.BadRequestError("no", response=response, body=None)


class TestGuardedClients(OpenAIContract):
    def guard(self, model, chop, **options):
        return Clients(
            model.server,
            guard(model.sync, chop, **options),
            guard(model.asynchronous, chop, **options),
        )


class TestClientsWithTransport(OpenAIContract):
    paths: ClassVar = {
        name: OpenAIContract.paths[name]
        for name in (
            "chat streaming response", "responses", "chat raw stream", "responses stream",
            "async chat", "async chat stream",
        )
    }  # fmt: skip

    def guard(self, model, chop, **options):
        def guarded(client):
            return transport(chop, client._client._transport, **options)

        sync = MODULE.Client(transport=guarded(model.sync))
        asynchronous = MODULE.AsyncClient(transport=guarded(model.asynchronous))
        return Clients(
            model.server,
            model.server.client(http_client=sync),
            model.server.aclient(http_client=asynchronous),
        )
