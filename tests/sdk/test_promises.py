"""DESIGN's four promises, for all texts, all cuts, and all ways to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from chopmark import Chopmark, Needs, Policy, PolicyBlocked, Record, Response
from chopmark.testing import MemoryLog, SuffixMarker, WordDetector, plugin

WORDS = {"bomb": "deny", "bo": "warn", "secret": "modify", "cretbo": "modify", "ask": "escalate"}
ALPHABET = [
    "bomb",
    "bom",
    "bo",
    "secret",
    "sec",
    "cretbo",
    "as",
    "ask",
    " ",
    "。",
    "x",
    "😀",
    "\ud800",
]
NEEDS = [Needs.window(6), Needs.window(9), Needs.clause(), Needs.whole()]

texts = st.lists(st.sampled_from(ALPHABET), max_size=14).map("".join)
needs = st.lists(st.sampled_from(NEEDS), min_size=1, max_size=3)


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[str, list[str]]:
    text = draw(texts)
    if draw(st.booleans()):
        return text, list(text)
    places = draw(st.lists(st.integers(0, len(text)), max_size=8))
    return text, [text[a:b] for a, b in pairwise([0, *sorted(places), len(text)])]


@dataclass
class Outcome:
    pieces: list[str]
    blocked: bool
    response: Response | None
    records: list[Record]


def build(
    kinds: Sequence[Needs], *, blocking: bool = False, cap: int = 12
) -> tuple[Chopmark, MemoryLog]:
    log = MemoryLog()
    detectors = [
        WordDetector(WORDS, name=f"d{n}", needs=kind, blocking=blocking and n == 0)
        for n, kind in enumerate(kinds)
    ]
    brought = plugin(detectors=detectors, markers=[SuffixMarker("<", ">")], log=log)
    return Chopmark(Policy(name="promises", holdback=cap), plugins=[brought]), log


def read(chop: Chopmark, log: MemoryLog, pieces: Sequence[str], stop: int = 10**9) -> Outcome:
    seen: list[Response] = []

    @chop.guard(on_response=seen.append)
    def answer(prompt: str) -> Iterator[str]:
        yield from pieces

    got: list[str] = []
    blocked = False
    stream = answer("a question")
    try:
        while len(got) < stop:
            got.append(next(stream))
        stream.close()  # type: ignore[attr-defined]
    except StopIteration:
        pass
    except PolicyBlocked:
        blocked = True
    return Outcome(got, blocked, seen[0] if seen else None, log.records)


async def read_async(
    chop: Chopmark, log: MemoryLog, pieces: Sequence[str], stop: int = 10**9
) -> Outcome:
    seen: list[Response] = []

    @chop.guard(on_response=seen.append)
    async def answer(prompt: str) -> AsyncIterator[str]:
        for piece in pieces:
            yield piece

    got: list[str] = []
    blocked = False
    stream = answer("a question")
    try:
        while len(got) < stop:
            got.append(await anext(stream))
        await stream.aclose()  # type: ignore[attr-defined]
    except StopAsyncIteration:
        pass
    except PolicyBlocked:
        blocked = True
    return Outcome(got, blocked, seen[0] if seen else None, log.records)


def facts(outcome: Outcome) -> tuple[object, ...]:
    """What must not depend on how the answer was cut."""
    (record,) = outcome.records
    return (
        "".join(outcome.pieces), outcome.blocked, record.action, record.ending,
        record.verdicts, record.marks, record.answer.characters,
    )  # fmt: skip


@given(cut_texts(), needs)
@example(("secretbomb", list("secretbomb")), [Needs.window(6), Needs.clause()])
@example(("xcretbomb", list("xcretbomb")), [Needs.whole(), Needs.window(9)])
def test_chunk_borders_do_not_matter(cut: tuple[str, list[str]], kinds: list[Needs]) -> None:
    text, pieces = cut
    assert facts(read(*build(kinds), pieces)) == facts(read(*build(kinds), [text]))


@given(cut_texts(), needs, st.sampled_from([12, 13, 17, 1000]))
@example(("x" * 9 + "bomb" + "x" * 9, list("x" * 9 + "bomb" + "x" * 9)), [Needs.clause()], 12)
@example(("x" * 9 + "bomb" + "x" * 9, list("x" * 9 + "bomb" + "x" * 9)), [Needs.whole()], 12)
def test_nothing_denied_is_delivered(
    cut: tuple[str, list[str]], kinds: list[Needs], cap: int
) -> None:
    text, pieces = cut
    assert max(map(len, WORDS)) <= cap // 2, "what is longer may be let go in part at the cap"
    outcome = read(*build(kinds, cap=cap), pieces)
    starts = [text.find(word) for word in ("bomb", "ask") if word in text]
    delivered = "".join(outcome.pieces)
    assert outcome.blocked == bool(starts)
    if starts:
        before = text[: min(starts)]
        redacted = (
            before.replace("secretbo", "***").replace("secret", "***").replace("cretbo", "***")
        )
        assert delivered.strip("<>") in (redacted, _cut_before_modify(text, min(starts)))
    assert "secret" not in delivered


def _cut_before_modify(text: str, stop: int) -> str:
    """What is left where a span to be replaced runs into the denied one."""
    spans = [
        (i, i + len(w))
        for w in ("secret", "cretbo")
        for i in range(len(text))
        if text.startswith(w, i)
    ]
    clusters: list[list[int]] = []
    for start, end in sorted(spans):
        if clusters and start < clusters[-1][1]:
            clusters[-1][1] = max(clusters[-1][1], end)
        else:
            clusters.append([start, end])
    out, at = "", 0
    for start, end in clusters:
        if start >= stop:
            break
        out += text[at:start]
        if end > stop:
            return out
        out, at = out + "***", end
    return out + text[at:stop]


@given(cut_texts(), needs, st.booleans())
def test_sync_and_async_agree(
    cut: tuple[str, list[str]], kinds: list[Needs], blocking: bool
) -> None:
    _, pieces = cut
    sync = read(*build(kinds), pieces)
    other = asyncio.run(read_async(*build(kinds, blocking=blocking), pieces))
    assert sync.pieces == other.pieces
    assert facts(sync) == facts(other)


@given(cut_texts(), needs, st.integers(0, 12), st.booleans())
def test_wherever_the_caller_stops_the_record_holds_what_was_delivered(
    cut: tuple[str, list[str]], kinds: list[Needs], stop: int, is_async: bool
) -> None:
    _, pieces = cut
    if is_async:
        outcome = asyncio.run(read_async(*build(kinds), pieces, stop))
    else:
        outcome = read(*build(kinds), pieces, stop)
    if not outcome.records:
        assert (stop, outcome.pieces) == (0, [])  # never started: no call was made
        return
    (record,) = outcome.records
    assert outcome.response is not None
    assert outcome.response.text == "".join(outcome.pieces)
    assert record.answer.characters == len(outcome.response.text)
    assert record.ending in ("completed", "blocked", "abandoned")
    wheres = [m.where for m in record.marks]
    assert sorted(set(wheres)) == sorted(wheres), "a marking was finished twice"


@given(cut_texts())
def test_an_empty_policy_changes_nothing(cut: tuple[str, list[str]]) -> None:
    _, pieces = cut
    chop = Chopmark(Policy(name="empty"))
    assert chop.inert

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        yield from pieces

    assert list(answer("q")) == pieces


def test_text_is_released_as_soon_as_no_detector_can_wait_on_it() -> None:
    log = MemoryLog()
    words = WordDetector({"bomb": "deny"}, needs=Needs.window(4))
    chop = Chopmark(Policy(name="hold"), plugins=[plugin(detectors=[words], log=log)])
    fed: list[str] = []

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        for letter in "hello world":
            fed.append(letter)
            yield letter

    got = ""
    for piece in answer("q"):
        got += piece
        assert len(fed) - len(got) <= 3
    assert got == "hello world"
    assert [r.holdback for r in log.records] == [3]


def test_the_policy_caps_what_a_clause_detector_holds_back() -> None:
    log = MemoryLog()
    words = WordDetector({"bomb": "deny"}, needs=Needs.clause())
    policy = Policy(name="cap", holdback=10)
    chop = Chopmark(policy, plugins=[plugin(detectors=[words], log=log)])
    read(chop, log, list("no full stop in this long line of text at all"))
    assert log.records[0].holdback < 10
