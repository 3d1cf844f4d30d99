"""A guard model that gives no judgement raises, in time; the policy says what happens then."""

from __future__ import annotations

import json
import multiprocessing
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from guard_server import GuardServer, Reply, completion

from chopmark import Chopmark, Context, OnError, Policy, PolicyBlocked
from chopmark.testing import MemoryLog, plugin
from chopmark_guardmodel import (
    GuardModelAnswerError,
    GuardModelDetector,
    GuardModelTimeoutError,
    GuardModelUnreachableError,
)

Make = Callable[..., GuardModelDetector]
INPUT = Context(direction="input", role="user")


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_a_server_that_is_not_there_is_said_to_be_so(make: Make) -> None:
    url = f"http://127.0.0.1:{closed_port()}/v1"
    with pytest.raises(GuardModelUnreachableError, match=r"cannot be reached.*`base_url`"):
        make(base_url=url).judge("x", INPUT)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_slow_answer_ends_at_the_timeout(server: GuardServer, make: Make, chunked: bool) -> None:
    body = completion("safe").parts[0]
    slow = Reply([body], wait=3.0, chunked=chunked)
    dripping = Reply([bytes([byte]) for byte in body], pause=0.05, chunked=chunked)
    for reply in (slow, dripping):
        server.reply = lambda _, reply=reply: reply  # type: ignore[misc]
        started = time.monotonic()
        with pytest.raises(GuardModelTimeoutError, match=r"within 0\.3 seconds"):
            make(timeout=0.3).judge("x", INPUT)
        assert time.monotonic() - started < 2.0


def test_an_answer_that_drips_in_time_is_read(server: GuardServer, make: Make) -> None:
    body = completion("unsafe\nS1").parts[0]
    for chunked in (False, True):
        server.reply = (
            lambda _, c=chunked: Reply(  # type: ignore[misc]
                [body[:40], body[40:41], body[41:]], pause=0.01, chunked=c
            )
        )
        assert make().judge("x", INPUT)


@pytest.mark.parametrize(
    ("status", "cure"),
    [(400, "context"), (401, "api_key_env"), (404, "base_url"), (500, "log"), (302, "log")],
)
def test_an_error_of_the_server_is_said_with_its_status(
    server: GuardServer, make: Make, status: int, cure: str
) -> None:
    server.reply = lambda body: Reply([b'{"error": "CANARY"}'], status)
    with pytest.raises(GuardModelAnswerError, match=f"status {status}; .*{cure}") as raised:
        make().judge("x", INPUT)
    assert "CANARY" not in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>CANARY</html>",
        b"\xff\xfe",
        b"[]",
        b'"CANARY"',
        b'{"choices": []}',
        b'{"choices": [{"message": {}}]}',
        json.dumps({"choices": [{"message": {"content": 7}}]}).encode(),
        completion(None).parts[0],
        json.dumps(
            {"choices": [{"message": {"content": "safe"}, "logprobs": {"content": [{"token": 1}]}}]}
        ).encode(),
        json.dumps({"choices": [{"message": {"content": "safe"}, "logprobs": 5}]}).encode(),
        b"x" * (2 << 20),
    ],
    ids=range(12),
)
def test_garbage_raises_and_is_not_quoted(server: GuardServer, make: Make, body: bytes) -> None:
    server.reply = lambda _: Reply([body])
    with pytest.raises(GuardModelAnswerError) as raised:
        make().judge("x", INPUT)
    assert "CANARY" not in str(raised.value)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_connection_that_breaks_in_the_answer_raises(
    server: GuardServer, make: Make, chunked: bool
) -> None:
    body = completion("safe").parts[0]
    server.reply = lambda _: Reply([body[:30], body[30:]], broken=True, chunked=chunked)
    with pytest.raises(GuardModelUnreachableError):
        make().judge("x", INPUT)


def test_a_connection_that_was_closed_while_idle_is_opened_again(
    server: GuardServer, make: Make
) -> None:
    server.closes = True
    detector = make(cache=0)
    for _ in range(3):
        assert detector.judge("x", INPUT) == []


def test_a_connection_is_used_again(server: GuardServer, make: Make) -> None:
    detector = make(cache=0)
    for _ in range(5):
        detector.judge("x", INPUT)
    assert len(server.connections) == 1


def test_no_more_questions_run_at_once_than_allowed(server: GuardServer, make: Make) -> None:
    two = threading.Event()

    def reply(body: Any) -> Reply:
        if server.busiest == 2:
            two.set()
        two.wait(5)  # until two ask at once, however busy this machine is
        return completion("safe", wait=0.01)

    server.reply = reply
    detector = make(concurrency=2, cache=0)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda n: detector.judge(f"x{n}", INPUT), range(8))) == [[]] * 8
    assert server.busiest == 2


def test_who_waits_too_long_for_a_connection_is_told(server: GuardServer, make: Make) -> None:
    server.reply = lambda body: completion("safe", wait=0.5)
    detector = make(concurrency=1, cache=0, timeout=0.2)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(detector.judge, f"x{n}", INPUT) for n in range(2)]
        assert [type(one.exception()) for one in asked] == [GuardModelTimeoutError] * 2


def test_a_failure_is_not_remembered(server: GuardServer, make: Make) -> None:
    detector = make()
    server.reply = lambda body: Reply([b"{}"], 500)
    with pytest.raises(GuardModelAnswerError):
        detector.judge("x", INPUT)
    server.says("unsafe\nS1")
    assert detector.judge("x", INPUT)


def test_the_key_of_the_environment_is_sent_and_not_shown(
    server: GuardServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUARD_KEY", "s3cret")
    detector = make(api_key_env="GUARD_KEY")
    detector.judge("x", INPUT)
    make().judge("x", INPUT)
    sent = [headers.get("authorization") for headers in server.headers]
    assert sent == ["Bearer s3cret", None]
    assert "s3cret" not in repr(detector._options)


def test_a_proxy_of_the_environment_does_not_see_the_texts(
    server: GuardServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert make().judge("x", INPUT) == []


def guarded(detector: GuardModelDetector, handling: Any) -> tuple[Any, MemoryLog]:
    log = MemoryLog()
    policy = Policy(name="g", on_error=OnError(detector=handling))
    chop = Chopmark(policy, plugins=[plugin(detectors=[detector], log=log)])

    @chop.guard
    def answer(prompt: str) -> str:
        return "fine"

    return answer, log


def test_where_the_policy_says_block_a_broken_guard_blocks(server: GuardServer, make: Make) -> None:
    server.reply = lambda body: Reply([b"{}"], 500)
    answer, log = guarded(make(), "block")
    with pytest.raises(PolicyBlocked) as blocked:
        answer("hello")
    assert not blocked.value.judged
    assert [f.error for r in log.records for f in r.failures] == ["GuardModelAnswerError"]


def test_where_the_policy_says_allow_the_failure_is_in_the_record(make: Make) -> None:
    detector = make(base_url=f"http://127.0.0.1:{closed_port()}/v1")
    answer, log = guarded(detector, "allow")
    assert answer("hello") == "fine"
    failures = [(f.name, f.error, f.handled) for r in log.records for f in r.failures]
    assert failures == [("guardmodel", "GuardModelUnreachableError", "allow")] * 2


def _judge_in_child(detector: GuardModelDetector, queue: Any) -> None:
    queue.put([v.category for v in detector.judge("from the child", INPUT)])


def test_a_forked_process_has_connections_of_its_own(server: GuardServer, make: Make) -> None:
    server.says("unsafe\nS1")
    detector = make(cache=0)
    detector.judge("x", INPUT)
    fork = multiprocessing.get_context("fork")
    queue = fork.Queue()
    child = fork.Process(target=_judge_in_child, args=(detector, queue))
    child.start()
    assert queue.get(timeout=10) == ["violence"]
    child.join(10)
    assert detector.judge("x", INPUT)
    assert len(server.connections) == 2
