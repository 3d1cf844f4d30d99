"""Odd input gets a clear error or a recorded pass; never a traceback of ours, never silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chopmark import (
    Chopmark,
    Context,
    Kind,
    Needs,
    OnError,
    Policy,
    PolicyBlocked,
    Request,
    RequestError,
    Verdict,
    load_policy,
)
from chopmark._decorator import TextShape
from chopmark.hookspecs import Scanner
from chopmark.testing import MemoryLog, plugin

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


@pytest.mark.parametrize("text", [None, b"x", ["a"], 3])
def test_only_a_string_is_screened_and_anything_else_is_told(text: Any) -> None:
    with pytest.raises(RequestError, match=rf"as a string, not {type(text).__name__}"):
        Chopmark(Policy(name="p")).screen(text)


def test_a_direction_that_there_is_not_is_told() -> None:
    sideways: Any = "sideways"
    with pytest.raises(
        RequestError, match=r"direction is 'sideways'; give \"input\" or \"output\""
    ):
        Chopmark(Policy(name="p")).screen("x", direction=sideways)


class Once:
    """Hands over one thing for every text that it judges."""

    name = "once"
    version = "1"
    blocking = False

    def __init__(self, handed: object, needs: Needs) -> None:
        self.needs = needs
        self.handed = handed

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        handed: Any = self.handed
        return [handed]


class OnceInAStream(Once):
    """The same, with a scanner of its own."""

    def open(self, context: Context) -> Scanner:
        return _OnceScanner(self.handed)


class _OnceScanner:
    def __init__(self, handed: object) -> None:
        self.settled = 0
        self._handed: Any = handed

    def feed(self, text: str) -> Sequence[Verdict]:
        self.settled += len(text)
        return [self._handed] if self.settled > 4 else ()

    def finish(self) -> Sequence[Verdict]:
        return ()


ONCE = [
    Once(None, Needs.window(3)),
    Once(None, Needs.clause()),
    Once(None, Needs.whole()),
    OnceInAStream(None, Needs.window(3)),
]


class Texts(TextShape):
    """Pieces of text of one kind."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(whole=False, structured=kind == "structured")
        self.strings = False  # every piece is shown to `read`


WRONG = {
    "an outcome that nobody knows": Verdict(category="x", start=0, end=1, outcome="zap"),  # type: ignore[arg-type]
    "a start before the text": Verdict(category="x", start=-3, end=-1, outcome="modify"),
    "an end behind the text": Verdict(category="x", start=0, end=99, outcome="modify"),
    "an end before the start": Verdict(category="x", start=2, end=1, outcome="modify"),
    "half a character": Verdict(category="x", start=0.5, end=1),  # type: ignore[arg-type]
    "a score above 1": Verdict(category="x", start=0, end=1, score=7.0, outcome="warn"),
    "a score that is no number": Verdict(category="x", start=0, end=1, score=float("nan")),
    "no category": Verdict(category="", start=0, end=1, outcome="warn"),
    "a replacement that is no text": Verdict(
        category="x", start=0, end=1, outcome="modify", replacement=3  # type: ignore[arg-type]
    ),
    "a mapping": {"category": "x", "start": 0, "end": 1},
    "nothing": None,
}  # fmt: skip


@pytest.mark.parametrize("handed", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("kind", ONCE, ids=["window", "clause", "whole", "stream"])
@pytest.mark.parametrize("wire", ["answer", "structured"])
def test_a_verdict_that_cannot_be_used_breaks_its_detector_and_nothing_gets_out(
    kind: Once, handed: object, wire: Kind
) -> None:
    log = MemoryLog()
    brought = plugin(detectors=[type(kind)(handed, kind.needs)], log=log)
    chop = Chopmark(Policy(name="p", roles=()), plugins=[brought])

    pieces = ("to", "o ", '"much"。', ' to\\u0020"say')
    got: list[str] = []
    with pytest.raises(PolicyBlocked):
        got.extend(chop.stream(Request(stream=True), Texts(wire), lambda request: pieces))
    assert "too".startswith("".join(got).strip())
    assert [(f.name, f.error, f.handled) for f in log.records[0].failures] == [
        ("once", "VerdictError", "block")
    ]
    assert not log.records[0].judged


def test_a_verdict_that_cannot_be_used_is_recorded_where_the_policy_goes_on() -> None:
    for handed in WRONG.values():
        log = MemoryLog()
        brought = plugin(detectors=[Once(handed, Needs.whole())], log=log)
        policy = Policy(name="p", roles=(), on_error=OnError(detector="allow"))

        @Chopmark(policy, plugins=[brought]).guard
        def answer(prompt: str) -> str:
            return "hello"

        assert answer("q") == "hello"
        assert log.records[0].failures[0].error == "VerdictError"
        assert log.records[0].verdicts == ()
