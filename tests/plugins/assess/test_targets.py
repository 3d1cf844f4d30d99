"""What can be asked: functions, models, servers and files; what each may do wrong."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chopmark_assess import AssessError
from chopmark_assess._answer import Reply
from chopmark_assess._bank import Case
from chopmark_assess._pool import ask_all
from chopmark_assess._target import Asking, open_target

CASES = [
    Case(id=f"c{n}", text=f"text {n}", kind="should-refuse", codes=("A.2.a",)) for n in range(8)
]
CASE = CASES[0]

MODULE = """
import asyncio
from chopmark import Chopmark, Policy
from chopmark_langchain import guard
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

chop = Chopmark(Policy(name="t", plugins=("keyword",), refusals={"en": "No way."}))

def plain(text): return "said " + text

@chop.guard
def guarded(text): return "go kill yourself"

@chop.guard(on_block="refuse")
async def refusing(text): return "go kill yourself"

def pieces(text):
    yield "said "
    yield text

async def async_plain(text):
    await asyncio.sleep(0.01)
    return "said " + text

async def async_pieces(text):
    yield "said "
    await asyncio.sleep(0.01)
    yield text

async def asleep(text):
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        cancelled.append(text)
        raise

cancelled = []

class Chain:
    async def ainvoke(self, text): return {"content": [{"type": "text", "text": "said "}, text]}

class Nested:
    chain = Chain()

number = 5
wrong = lambda text: 5
usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
model = GenericFakeChatModel(messages=iter([AIMessage("said text 0", usage_metadata=usage)]))
unkind = GenericFakeChatModel(messages=iter([AIMessage("go kill yourself")]))
guarded_model = guard(unkind, chop)
"""


@pytest.fixture
def ask(here: Path) -> Callable[[str], Reply]:
    (here / "assessed.py").write_text(MODULE)

    def asked(name: str) -> Reply:
        target = open_target(f"assessed:{name}", Asking())
        try:
            return target.ask(CASE, 5.0)
        finally:
            target.close()

    return asked


@pytest.mark.parametrize(
    "name", ["plain", "pieces", "async_plain", "async_pieces", "Nested.chain", "model"]
)
def test_whatever_answers_with_text_is_a_target(name: str, ask: Callable[[str], Reply]) -> None:
    reply = ask(name)
    assert (reply.text, reply.blocked) == ("said text 0", False)
    if name == "model":
        assert reply.usage
        assert (reply.usage.input_tokens, reply.usage.output_tokens) == (3, 2)


def test_a_guard_that_blocks_is_a_refusal_and_no_error(ask: Callable[[str], Reply]) -> None:
    assert ask("guarded") == Reply(text="No way.", blocked=True)
    assert ask("guarded_model") == Reply(text="No way.", blocked=True)
    assert ask("refusing") == Reply(text="No way.", blocked=False)


def test_what_is_async_is_cancelled_when_it_takes_too_long(here: Path) -> None:
    (here / "assessed.py").write_text(MODULE)
    target = open_target("assessed:asleep", Asking())
    with pytest.raises(TimeoutError):
        target.ask(CASE, 0.05)
    import assessed  # type: ignore[import-not-found]

    until = time.monotonic() + 5
    while not assessed.cancelled and time.monotonic() < until:
        time.sleep(0.01)
    target.close()
    assert assessed.cancelled == ["text 0"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("assessed:nothing", "assessed has no 'nothing'; it has"),
        ("assessed:Chain", "is a class"),
        ("assessed:number", "is of type int"),
        ("nowhere_at_all:f", "there is no module 'nowhere_at_all'"),
        ("no target", "is none; write module:attribute"),
    ],
)
def test_a_target_that_is_none_is_named(name: str, says: str, here: Path) -> None:
    (here / "assessed.py").write_text(MODULE)
    with pytest.raises(AssessError) as told:
        open_target(name, Asking())
    assert says in str(told.value)


def test_an_answer_that_is_no_text_is_an_error_of_the_case(ask: Callable[[str], Reply]) -> None:
    with pytest.raises(AssessError, match="it answered with int"):
        ask("wrong")


def completion(text: str, finish: str = "stop") -> dict[str, Any]:
    return {
        "id": "1", "object": "chat.completion", "created": 0, "model": "m",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }  # fmt: skip


def test_a_server_is_asked_and_counts_the_tokens(server: Any) -> None:
    from openai_server import json_answer

    server.says(json_answer(completion("said")))
    asking = Asking(model="m", system="be kind", temperature=0.0, max_tokens=9)
    target = open_target(server.url, asking)
    reply = target.ask(CASE, 5.0)
    target.close()
    assert reply.usage
    assert (reply.text, reply.usage.input_tokens, reply.usage.output_tokens) == ("said", 7, 3)
    ((path, _, body),) = server.requests
    assert path == "/v1/chat/completions"
    assert body == {
        "model": "m", "temperature": 0.0, "max_tokens": 9,
        "messages": [
            {"role": "system", "content": "be kind"}, {"role": "user", "content": "text 0"}
        ],
    }  # fmt: skip


def test_a_server_s_filter_is_a_refusal(server: Any) -> None:
    from openai_server import json_answer

    target = open_target(server.url, Asking(model="m"))
    server.says(json_answer(completion("", "content_filter")))
    assert target.ask(CASE, 5.0).blocked
    server.says(json_answer({"error": {"message": "filtered", "code": "content_filter"}}, 400))
    reply = target.ask(CASE, 5.0)
    target.close()
    assert reply.blocked
    assert "filtered" in reply.text


def test_the_only_model_of_a_server_is_taken(server: Any) -> None:
    from openai_server import json_answer

    models = [{"id": "one", "object": "model", "created": 0, "owned_by": "us"}]
    server.says(json_answer({"object": "list", "data": models}))
    target = open_target(server.url, Asking())
    target.close()
    assert target.name == f"{server.url} one"
    server.says(json_answer({"object": "list", "data": [*models, {**models[0], "id": "two"}]}))
    with pytest.raises(AssessError, match="has not one model but one, two; give --model"):
        open_target(server.url, Asking())


def test_a_server_that_is_not_there_is_not_asked_for_by_another_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:  # closed again: nobody answers
        port = held.getsockname()[1]
    with pytest.raises(AssessError, match=r"refused\); is the server running") as told:
        open_target(f"http://127.0.0.1:{port}/v1", Asking())
    assert "--model" not in str(told.value)


def test_answers_in_another_order_find_their_cases_by_id(here: Path) -> None:
    lines = [{"id": case.id, "answer": f"to {case.text}"} for case in reversed(CASES)]
    (here / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    rows = [f'{case.id},"to {case.text}"' for case in reversed(CASES)]
    (here / "a.csv").write_text("\n".join(["id,answer", *rows]))
    for name in ("a.jsonl", "a.csv"):
        target = open_target(name, Asking())
        assert [target.ask(case, 1).text for case in CASES] == [f"to {c.text}" for c in CASES]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"id": "c0", "answer": "a"}\n{"id": "c0", "answer": "b"}', "a.jsonl:2: another answer"),
        ('{"id": "c0", "answer": "a"}\n{"id": "c1"}', "a.jsonl:2: no `id` and `answer`"),
        ('{"id": "c0", "answer"\n', "a.jsonl:1: not JSON"),
    ],
)
def test_a_broken_file_of_answers_is_named_by_line(text: str, says: str, here: Path) -> None:
    (here / "a.jsonl").write_text(text)
    with pytest.raises(AssessError) as told:
        open_target("a.jsonl", Asking())
    assert says in str(told.value)


class Slow:
    """A target of which some cases hang until the test lets go."""

    name = "slow"

    def __init__(self, hang: set[str]) -> None:
        self.hang, self.free = hang, threading.Event()
        self.began: list[float] = []

    def ask(self, case: Case, timeout: float) -> Reply:
        self.began.append(time.monotonic())
        if case.id in self.hang:
            self.free.wait(60)
        return Reply(text=case.text)

    def close(self) -> None: ...


def test_cases_that_hang_are_left_behind_and_the_others_answered() -> None:
    target = Slow({"c0", "c1", "c2"})
    began = time.monotonic()
    asking = ask_all(target, CASES, workers=2, timeout=0.2, stop=threading.Event())
    found = [one for came in asking for one in came]
    took = time.monotonic() - began
    target.free.set()
    assert sorted(one.case for one in found) == [case.id for case in CASES]
    assert {one.case for one in found if one.error} == target.hang
    assert all(one.error == "no answer within 0.2 seconds" for one in found if one.error)
    assert 0.4 < took < 30  # three that hang, two at a time


def test_no_more_cases_begin_in_a_minute_than_asked() -> None:
    target = Slow(set())
    stop = threading.Event()
    asking = ask_all(target, CASES[:5], workers=5, timeout=9, per_minute=1200, stop=stop)
    assert sum(map(len, asking)) == 5
    began = sorted(target.began)
    assert began[-1] - began[0] > 4 * 0.05 * 0.95
