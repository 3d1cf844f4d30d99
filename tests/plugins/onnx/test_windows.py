"""Long texts: every token is in a window, or the verdicts say that it was not."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, Context, Policy, Verdict
from chopmark.hookspecs import Detector
from chopmark_onnx import chopmark_detectors
from chopmark_onnx._windows import plan

OUTPUT = Context(direction="output")
TOKENS = 14  # of the text in a window of the toy model, which takes 16


def made(folder: Path, **options: Any) -> Detector:
    policy = Policy(name="test").with_options(
        "onnx", model=str(folder), granularity="whole", **options
    )
    [detector] = chopmark_detectors(policy)
    return detector


def categories(found: Any) -> list[str]:
    return [verdict.category for verdict in found]


sizes = st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))


@given(st.integers(0, 3000), sizes, st.integers(2, 60))
def test_windows_cover_the_text_or_say_how_much(
    total: int, window: tuple[int, int], most: int
) -> None:
    size, stride = window
    starts, judged, spread = plan(total, size, stride, most)
    assert len(starts) <= most
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert starts[-1] == max(0, total - size)
    covered = {token for start in starts for token in range(start, min(start + size, total))}
    assert judged == len(covered)
    if not spread:
        assert all(b - a <= stride for a, b in pairwise(starts))
        assert starts[:-1] == list(range(0, max(0, total - size), stride))
    if total <= most * size:
        assert judged == total


@settings(deadline=None, max_examples=scaled(40))
@given(st.integers(0, 400), st.integers(0, 400))
def test_a_find_counts_wherever_it_stands(plain: Path, before: int, after: int) -> None:
    detector = made(plain)
    text = "a" * before + "毒" + "b" * after
    assert categories(detector.judge(text, OUTPUT)) == ["toxic"]


def test_up_to_the_cap_every_token_is_judged(plain: Path) -> None:
    detector = made(plain, max_windows=10)
    text = "a" * (TOKENS * 10)
    assert categories(detector.judge(text, OUTPUT)) == []
    for at in range(len(text)):
        assert categories(detector.judge(text[:at] + "毒" + text[at + 1 :], OUTPUT)) == ["toxic"]


def test_beyond_the_cap_a_verdict_says_what_was_not_judged(plain: Path) -> None:
    detector = made(plain, max_windows=10)
    [verdict] = detector.judge(" b" + "a" * (TOKENS * 10), OUTPUT)
    assert (verdict.category, verdict.outcome) == ("unjudged", "deny")
    assert verdict.detail == "140 of 141 tokens judged"
    assert (verdict.start, verdict.end) == (1, 142)
    found = detector.judge("毒" + "a" * 999 + "恨", OUTPUT)
    assert categories(found) == ["toxic", "hate", "unjudged"]


def test_a_text_that_is_too_long_is_blocked_unless_a_rule_says_otherwise(plain: Path) -> None:
    policy = Policy(name="test", plugins=("onnx",), holdback=100_000).with_options(
        "onnx", model=str(plain), granularity="whole", max_windows=2
    )
    assert Chopmark(policy).screen("a" * 500).action == "block"


@pytest.mark.parametrize("piece", [2048, 4096, 16_384])
@pytest.mark.parametrize("shift", range(-3, 4))
def test_no_word_is_lost_where_a_long_text_is_cut_for_encoding(
    toy: Any, tmp_path: Path, piece: int, shift: int
) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    from chopmark_onnx._encoder import Encoder

    tokenizer = Tokenizer(models.Unigram([("<unk>", 0.0), ("危险", -1.0), ("a", -2.0)], 0, False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    encoder = Encoder(tmp_path / "tokenizer.json", "")
    text = "a" * (piece + shift) + "危险" + "a" * 40_000
    assert 1 in encoder.encode(text)


@settings(deadline=None, max_examples=scaled(60))
@given(
    st.lists(st.sampled_from(["a", "x", "毒", "恨 ", " ", "b" * 9, "ab" * 700]), max_size=30),
    st.integers(2, 400),
)
def test_a_text_that_grows_is_judged_as_if_it_had_come_at_once(
    plain: Path, pieces: list[str], most: int
) -> None:
    detector = made(plain, max_windows=most, cache=0)
    growing = detector.begin(OUTPUT)  # type: ignore[attr-defined]
    text = ""
    for piece in pieces:
        text += piece
        assert growing.judge(text, OUTPUT) == detector.judge(text, OUTPUT)


def test_of_a_text_that_grows_only_the_end_is_run(toy: Any) -> None:
    detector = made(toy(), cache=0)
    text = "".join(map(str, range(1000, 3025)))  # no window is like another
    network = detector.stages[0].shared.load().network  # type: ignore[attr-defined]
    run, runs = network.run, []
    network.run = lambda ids: runs.append(ids) or run(ids)
    try:
        growing = detector.begin(OUTPUT)  # type: ignore[attr-defined]
        growing.judge(text[:8000], OUTPUT)
        first = len(runs)
        growing.judge(text, OUTPUT)
    finally:
        del network.run
    assert first > 900
    assert len(runs) - first < 270  # what stands behind 6,144 characters, and the hundred


def test_half_a_megabyte_is_judged_in_seconds(plain: Path, pace: float) -> None:
    detector = made(plain)
    started = time.process_time()
    found = detector.judge("我们" + "今天天气很好。" * 24_000, OUTPUT)  # 504 kB
    assert time.process_time() - started < 10 * pace
    assert categories(found) == ["unjudged"]  # 14 tokens a window are few


@pytest.mark.parametrize("text", ["。" * 50_000, "a。" * 5_000, "毒" * 20_000], ids=len)
def test_a_hostile_text_does_not_stop_the_guard(plain: Path, text: str, pace: float) -> None:
    policy = Policy(name="test", plugins=("onnx",)).with_options("onnx", model=str(plain))
    chop = Chopmark(policy)
    started = time.process_time()
    chop.screen(text)
    assert time.process_time() - started < 10 * pace


def test_judging_twice_is_the_same(plain: Path) -> None:
    detector = made(plain, max_windows=3)
    text = "ax毒b恨" * 40
    first: list[Verdict] = list(detector.judge(text, OUTPUT))
    assert list(detector.judge(text, OUTPUT)) == first
