"""What a guard costs a client of OpenAI's SDK: per call and per event, against the bare client.

    python bench/openai_sdk.py [--rounds 25]

The server is a mock transport in this process, so what is measured is the SDK and the guard.
Five clients take turns in every round, so that what else the machine does hits all of them
alike: bare, guarded by an empty policy, by a policy with one detector that finds nothing, by one
that also marks (which writes every event anew), and a client over a guarded transport with the
one detector. Printed are microseconds of processor time, least and median of the rounds, and what
is over the bare client. The empty policy has limits: 15 µs a call, 1.5 µs an event; the exit
status is 1 where one is exceeded.
"""

import argparse
import asyncio
import gc
import json
import statistics
import sys
import time

import openai

from chopmark import Chopmark, Policy
from chopmark.testing import SuffixMarker, WordDetector, plugin
from chopmark_openai import guard, transport
from chopmark_openai._http import module_of

HTTP = module_of(openai.DefaultHttpxClient)
CALL_LIMIT, EVENT_LIMIT = 15.0, 1.5
EVENTS, CALLS, STREAMS = 200, 20, 1
MESSAGES = [{"role": "user", "content": "a question of some length, as they are asked"}]
WORDS = [f"word{n % 10} " for n in range(EVENTS)]
HEAD = {"id": "c-1", "created": 1, "model": "m"}


def chunk(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return {**HEAD, "object": "chat.completion.chunk", "choices": [choice]}


def message(text):
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    item = {"id": "m-1", "type": "message", "role": "assistant", "status": "completed"}
    return {**item, "content": [part] if text else []}


def response(status, output):
    made = {"id": "r-1", "object": "response", "created_at": 1, "model": "m", "tools": []}
    made |= {"parallel_tool_calls": True, "tool_choice": "auto", "metadata": {}}
    return {**made, "status": status, "output": output}


def lines(events):
    return [f"data: {json.dumps(e)}\n\n".encode() for e in events]


def bodies():
    """Return what the server says, by path and by whether it streams."""
    text = "".join(WORDS)
    at = {"item_id": "m-1", "output_index": 0, "content_index": 0, "logprobs": []}
    events = [
        {"type": "response.created", "response": response("in_progress", [])},
        {"type": "response.output_item.added", "output_index": 0, "item": message("")},
        {"type": "response.content_part.added", **at, "part": message("x")["content"][0]},
        *({"type": "response.output_text.delta", **at, "delta": word} for word in WORDS),
        {"type": "response.output_text.done", **at, "text": text},
        {"type": "response.output_item.done", "output_index": 0, "item": message(text)},
        {"type": "response.completed", "response": response("completed", [message(text)])},
    ]
    choice = {"index": 0, "finish_reason": "stop", "logprobs": None}
    choice["message"] = {"role": "assistant", "content": text}
    whole = {**HEAD, "object": "chat.completion", "choices": [choice]}
    chunks = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": w}) for w in WORDS)]
    return {
        ("/v1/chat/completions", False): [json.dumps(whole).encode()],
        ("/v1/chat/completions", True): [*lines([*chunks, chunk({}, "stop")]), b"data: [DONE]\n\n"],
        ("/v1/responses", False): [json.dumps(response("completed", [message(text)])).encode()],
        ("/v1/responses", True): lines({**e, "sequence_number": n} for n, e in enumerate(events)),
    }


class Parts(HTTP.SyncByteStream, HTTP.AsyncByteStream):
    def __init__(self, parts):
        self.parts = parts

    def __iter__(self):
        return iter(self.parts)

    async def __aiter__(self):
        for part in self.parts:
            yield part


def server():
    said = bodies()

    def reply(request):
        stream = b'"stream":true' in request.content
        kind = "text/event-stream" if stream else "application/json"
        parts = Parts(said[request.url.path, stream])
        return HTTP.Response(200, headers={"content-type": kind}, stream=parts)

    return HTTP.MockTransport(reply)


def policy(name, **brought):
    return Chopmark(Policy(name=name), plugins=[plugin(**brought)])


def clients():
    """Return pairs of a sync and an async client, by name."""
    nothing = WordDetector({"~": "deny"})
    one = policy("one", detectors=[nothing])
    marking = policy("mark", detectors=[nothing], markers=[SuffixMarker("[AI] ")])

    def pair(inner):
        options = {"api_key": "k", "base_url": "http://server/v1", "max_retries": 0}
        sync, asynchronous = HTTP.Client(transport=inner), HTTP.AsyncClient(transport=inner)
        return (
            openai.OpenAI(http_client=sync, **options),
            openai.AsyncOpenAI(http_client=asynchronous, **options),
        )

    bare = pair(server())
    guarded = {
        "empty policy": Chopmark(Policy(name="empty")),
        "one detector": one,
        "and a mark": marking,
    }
    return {
        "bare": bare,
        **{name: tuple(guard(c, chop) for c in bare) for name, chop in guarded.items()},
        "transport, one": pair(transport(one, server())),
    }


def create(sync, _):
    for _ in range(CALLS):
        sync.chat.completions.create(model="m", messages=MESSAGES)
    return CALLS


def respond(sync, _):
    for _ in range(CALLS):
        sync.responses.create(model="m", input="a question")
    return CALLS


def stream(sync, _):
    for _ in range(STREAMS):
        for _ in sync.chat.completions.create(model="m", messages=MESSAGES, stream=True):
            pass
    return STREAMS * EVENTS


def stream_responses(sync, _):
    for _ in range(STREAMS):
        for _ in sync.responses.create(model="m", input="a question", stream=True):
            pass
    return STREAMS * EVENTS


async def acreate(_, client):
    for _ in range(CALLS):
        await client.chat.completions.create(model="m", messages=MESSAGES)
    return CALLS


async def astream(_, client):
    for _ in range(STREAMS):
        made = client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        async for _ in await made:
            pass
    return STREAMS * EVENTS


WAYS = {
    "chat, a call": (create, CALL_LIMIT),
    "responses, a call": (respond, CALL_LIMIT),
    "async chat, a call": (acreate, CALL_LIMIT),
    "chat, an event": (stream, EVENT_LIMIT),
    "responses, an event": (stream_responses, EVENT_LIMIT),
    "async chat, an event": (astream, EVENT_LIMIT),
}


def once(way, pair, loop):
    """Return microseconds a call, or an event, of one round."""
    began = time.process_time()
    done = way(*pair)
    if not isinstance(done, int):
        done = loop.run_until_complete(done)
    return (time.process_time() - began) / done * 1e6


def main(rounds):
    pairs = clients()
    loop = asyncio.new_event_loop()
    passed = True
    gc.disable()  # it would strike whoever's turn it is
    print(f"openai {openai.__version__}, {HTTP.__name__}")
    print(f"{'':24}{'':16}{'least':>9}{'median':>9}{'over bare':>11}")
    for title, (way, limit) in WAYS.items():
        taken = {name: [] for name in pairs}
        for pair in pairs.values():
            once(way, pair, loop)
        order = list(pairs)
        for _ in range(rounds):
            order.append(order.pop(0))  # no client always follows the same one
            gc.collect()
            for name in order:
                taken[name].append(once(way, pairs[name], loop))
        least = {name: min(times) for name, times in taken.items()}
        for name, times in taken.items():
            over = least[name] - least["bare"]
            note = ""
            if name == "empty policy":
                note = f"  limit {limit:g}" + ("" if over <= limit else "  EXCEEDED")
                passed = passed and over <= limit
            print(
                f"{title if name == 'bare' else '':24}{name:16}{least[name]:9.2f}"
                f"{statistics.median(times):9.2f}{over:11.2f}{note}"
            )
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    return 0 if passed else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    sys.exit(main(parser.parse_args().rounds))
