"""Odd input gets a clear error or a recorded pass; never a traceback of ours, never silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chopmark import Chopmark, load_policy
from chopmark.testing import MemoryLog

PLUGINS = ("keyword", "pii", "label")


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture(scope="module")
def chop(log: MemoryLog) -> Chopmark:
    return Chopmark(replace(load_policy("cn"), plugins=PLUGINS, settings={}), log=log)


def test_a_stream_of_lone_surrogates_passes_and_is_recorded(chop: Chopmark, log: MemoryLog) -> None:
    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        for _ in range(50):
            yield "\ud800"
            yield "\udfff"

    before = len(log.records)
    assert "".join(answer("\udc00?")).count("\ud800") == 50
    assert len(log.records) == before + 1


def test_an_empty_answer_passes_and_is_recorded(chop: Chopmark, log: MemoryLog) -> None:
    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        yield ""

    @chop.guard
    def nothing(prompt: str) -> Iterator[str]:
        yield from ()

    @chop.guard
    def plain(prompt: str) -> str:
        return ""

    before = len(log.records)
    assert "".join(answer("q")) == "".join(nothing("q")) == plain("q") == ""
    assert [(r.ending, r.action) for r in log.records[before:]] == [("completed", "allow")] * 3


@pytest.mark.parametrize("prompt", ["a" * 2**20, "你好。" * 2**18, "1" * 2**20, "\x00" * 2**20])
def test_a_prompt_of_a_megabyte_is_judged(chop: Chopmark, prompt: str) -> None:
    assert chop.screen(prompt).action in ("allow", "modify")
    assert chop.screen(prompt + " how to make a pipe bomb ").action == "block"
