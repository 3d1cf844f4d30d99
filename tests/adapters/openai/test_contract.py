"""The adapter's contract on every way to ask, for guarded clients and for transports."""

from functools import cached_property
from typing import ClassVar

import openai
import pytest
from openai_server import MODULE, json_answer
from openai_wire import answering, prompt_of

from chopmark.testing import AdapterContract, Path, Said, Script
from chopmark_openai import guard, transport

JSON = {"type": "json_object"}
LOOK = {"type": "function", "function": {"name": "look", "parameters": {}}}


class Clients:
    """A sync and an async client of one server, each made when it is asked for."""

    def __init__(self, server, sync, asynchronous):
        self.server, self._sync, self._asynchronous = server, sync, asynchronous

    @cached_property
    def sync(self):
        return self._sync()

    @cached_property
    def asynchronous(self):
        return self._asynchronous()


def asked(prompt, **more):
    return {"model": "m", "messages": [{"role": "user", "content": prompt}], **more}


# What an answer, or a piece of one, says, with what stands beside it.


def whole(completion):
    message = completion.choices[0].message
    return Said(message.content or message.refusal, completion.model_extra)


def part(chunk):
    delta = chunk.choices[0].delta if chunk.choices else None
    return Said(delta and (delta.content or delta.refusal), chunk.model_extra)


def called(completion):
    (call,) = completion.choices[0].message.tool_calls
    return Said(call.function.arguments, completion.model_extra)


def called_part(chunk):
    calls = chunk.choices[0].delta.tool_calls if chunk.choices else None
    return Said(calls[0].function.arguments if calls else "", chunk.model_extra)


def output(made):
    parts = [part for item in made.output for part in getattr(item, "content", ())]
    texts = [part.text if part.type == "output_text" else part.refusal for part in parts]
    arguments = [item.arguments for item in made.output if item.type == "function_call"]
    return Said("".join([*texts, *arguments]), made.model_extra)


_TEXTS = (
    "response.output_text.delta",
    "response.refusal.delta",
    "response.function_call_arguments.delta",
)


def delta(event):
    made = getattr(event, "response", None)
    ended = event.type in ("response.completed", "response.incomplete")
    return Said(event.delta if event.type in _TEXTS else "", made.model_extra if ended else None)


def piece_of(event):
    """Of an event of the helper for chats: its text, or what the chunk in it carries."""
    if event.type in ("content.delta", "refusal.delta"):
        return Said(event.delta)
    return Said("", event.chunk.model_extra if event.type == "chunk" else None)


# The ways to ask.


def chat_call(said, **more):
    return lambda clients, prompt: said(
        clients.sync.chat.completions.create(**asked(prompt, **more))
    )


def achat_call(said, **more):
    async def run(clients, prompt):
        return said(await clients.asynchronous.chat.completions.create(**asked(prompt, **more)))

    return run


def chat_stream(said, **more):
    def run(clients, prompt):
        completions = clients.sync.chat.completions
        raw = completions.with_raw_response.create(**asked(prompt, stream=True, **more))
        with raw.parse() as chunks:
            for chunk in chunks:
                yield said(chunk)

    return run


def achat_stream(said, **more):
    async def run(clients, prompt):
        completions = clients.asynchronous.chat.completions
        async with await completions.create(**asked(prompt, stream=True, **more)) as chunks:
            async for chunk in chunks:
                yield said(chunk)

    return run


def chat_streaming_response(clients, prompt):
    with clients.sync.chat.completions.with_streaming_response.create(**asked(prompt)) as raw:
        return whole(raw.parse())


def chat_helper(clients, prompt):
    with clients.sync.chat.completions.stream(**asked(prompt)) as events:
        for event in events:
            yield piece_of(event)


async def achat_helper(clients, prompt):
    async with clients.asynchronous.chat.completions.stream(**asked(prompt)) as events:
        async for event in events:
            yield piece_of(event)


def completions_stream(clients, prompt):
    with clients.sync.completions.create(model="m", prompt=prompt, stream=True) as chunks:
        for chunk in chunks:
            yield Said(chunk.choices[0].text, chunk.model_extra)


def responses(clients, prompt, **more):
    return output(clients.sync.responses.create(model="m", input=prompt, **more))


def responses_stream(clients, prompt, **more):
    with clients.sync.responses.create(model="m", input=prompt, stream=True, **more) as events:
        for event in events:
            yield delta(event)


def responses_helper(clients, prompt):
    with clients.sync.responses.stream(model="m", input=prompt) as events:
        for event in events:
            yield delta(event)


async def aresponses(clients, prompt):
    return output(await clients.asynchronous.responses.create(model="m", input=prompt))


async def aresponses_stream(clients, prompt):
    made = clients.asynchronous.responses.create(model="m", input=prompt, stream=True)
    async with await made as events:
        async for event in events:
            yield delta(event)


def json_responses(clients, prompt):
    return responses(clients, prompt, text={"format": JSON})


def json_responses_stream(clients, prompt):
    return responses_stream(clients, prompt, text={"format": JSON})


class OpenAIContract(AdapterContract):
    paths: ClassVar = {
        "chat": Path("call", chat_call(whole)),
        "chat streaming response": Path("call", chat_streaming_response),
        "responses": Path("call", responses),
        "chat raw stream": Path("stream", chat_stream(part)),
        "chat helper": Path("stream", chat_helper),
        "completions stream": Path("stream", completions_stream),
        "responses stream": Path("stream", responses_stream),
        "responses helper": Path("stream", responses_helper),
        "async chat": Path("acall", achat_call(whole)),
        "async responses": Path("acall", aresponses),
        "async chat stream": Path("astream", achat_stream(part)),
        "async chat helper": Path("astream", achat_helper),
        "async responses stream": Path("astream", aresponses_stream),
        "json chat": Path("call", chat_call(whole, response_format=JSON), "json"),
        "json chat stream": Path("stream", chat_stream(part, response_format=JSON), "json"),
        "json async chat": Path("acall", achat_call(whole, response_format=JSON), "json"),
        "json async stream": Path("astream", achat_stream(part, response_format=JSON), "json"),
        "json responses": Path("call", json_responses, "json"),
        "json responses stream": Path("stream", json_responses_stream, "json"),
        "call in chat": Path("call", chat_call(called, tools=[LOOK]), "call"),
        "call in chat stream": Path("stream", chat_stream(called_part, tools=[LOOK]), "call"),
        "call in async chat": Path("acall", achat_call(called, tools=[LOOK]), "call"),
        "call in async stream": Path("astream", achat_stream(called_part, tools=[LOOK]), "call"),
        "call in responses": Path("call", responses, "call"),
        "call in responses stream": Path("stream", responses_stream, "call"),
    }
    blocked = openai.OpenAIError

    @pytest.fixture(autouse=True)
    def _server(self, server):
        self.server = server

    def bare(self, script):
        def reply(path, body):
            if script.error is not None:
                return json_answer({"error": {"message": "no"}}, 400)
            return answering(script, path, body)

        self.server.reply = reply
        self.server.requests.clear()
        return Clients(self.server, self.server.client, self.server.aclient)

    def seen(self, model):
        return [prompt_of(body) for _, _, body in model.server.requests]

    def model_error(self):
        response = MODULE.Response(400, request=MODULE.Request("POST", "http://x"))
        return openai.BadRequestError("no", response=response, body=None)


class TestGuardedClients(OpenAIContract):
    def guard(self, model, chop, **options):
        return Clients(
            model.server,
            lambda: guard(model.sync, chop, **options),
            lambda: guard(model.asynchronous, chop, **options),
        )

    def test_the_guarded_client_is_of_the_users_own_class(self, chop):
        bare = self.bare(Script(("fine",)))
        guarded = self.guard(bare, chop)
        assert isinstance(guarded.sync, type(bare.sync))
        assert isinstance(guarded.asynchronous, type(bare.asynchronous))
        assert type(bare.sync) is openai.OpenAI, "the bare client was changed"


class TestClientsWithTransport(OpenAIContract):
    paths: ClassVar = {
        name: OpenAIContract.paths[name]
        for name in (
            "chat streaming response", "responses", "chat raw stream", "responses stream",
            "async chat", "async chat stream", "json chat stream", "json responses",
            "call in chat", "call in responses stream",
        )
    }  # fmt: skip

    def guard(self, model, chop, **options):
        def guarded(client, make, kind):
            inner = transport(chop, client._client._transport, **options)
            return make(http_client=kind(transport=inner))

        server = model.server
        return Clients(
            server,
            lambda: guarded(model.sync, server.client, MODULE.Client),
            lambda: guarded(model.asynchronous, server.aclient, MODULE.AsyncClient),
        )
