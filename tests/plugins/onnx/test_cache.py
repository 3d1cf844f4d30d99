"""What was judged is remembered, changes nothing, and leaves no content behind."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, Context, Policy
from chopmark_onnx import OnnxDetector, chopmark_detectors
from chopmark_onnx._cache import Cache

OUTPUT = Context(direction="output")
texts = st.text(alphabet="ax毒恨怨 。.", max_size=60)


def made(folder: Path, **options: Any) -> OnnxDetector:
    policy = Policy(name="test").with_options("onnx", model=str(folder), **options)
    [detector] = chopmark_detectors(policy)
    assert isinstance(detector, OnnxDetector)
    return detector


@contextmanager
def runs_counted(detector: OnnxDetector) -> Iterator[list[int]]:
    """Count the runs of the network, which still runs; give the lengths of the windows."""
    network = detector.stages[0].shared.load().network
    run: Callable[[list[int]], list[float]] = network.run
    lengths: list[int] = []

    def counted(ids: list[int]) -> list[float]:
        lengths.append(len(ids))
        return run(ids)

    network.run = counted  # type: ignore[method-assign]
    try:
        yield lengths
    finally:
        del network.run  # type: ignore[method-assign]


def test_a_text_that_comes_again_is_not_judged_again(toy: Any) -> None:
    detector = made(toy())
    with runs_counted(detector) as runs:
        first = detector.judge("我毒", OUTPUT)
        assert detector.judge(" 我毒\n", OUTPUT) != first  # the span has moved
        assert detector.judge("我毒", OUTPUT) == first
    assert len(runs) == 1


def test_without_a_cache_it_is(toy: Any) -> None:
    detector = made(toy(), cache=0)
    with runs_counted(detector) as runs:
        assert detector.judge("我毒", OUTPUT) == detector.judge("我毒", OUTPUT)
    assert len(runs) == 2


@settings(deadline=None, max_examples=scaled(150))
@given(st.lists(texts, max_size=8))
def test_a_verdict_is_the_same_with_and_without(plain: Path, asked: list[str]) -> None:
    without = made(plain, cache=0, granularity="whole", max_windows=4)
    for size in (1, 3, 2048):
        with_cache = made(plain, cache=size, granularity="whole", max_windows=4)
        for text in asked:
            assert with_cache.judge(text, OUTPUT) == without.judge(text, OUTPUT)


@pytest.mark.parametrize("granularity", ["clause", "whole"])
def test_in_a_stream_only_what_is_new_is_run(toy: Any, granularity: str) -> None:
    # The windows of the toy model take 14 tokens of text and begin every 8: of 16 characters there
    # are two. A clause without an end is judged anew for each half of `holdback`, so twice for 16
    # characters that came, and a whole text too, of which what is remembered is not run.
    policy = Policy(name="test", plugins=("onnx",), holdback=16).with_options(
        "onnx", model=str(toy()), granularity=granularity
    )
    chop = Chopmark(policy)
    [detector] = chop.detectors
    assert isinstance(detector, OnnxDetector)
    text = "".join(chr(97 + n % 26) + "0" * (n % 7) for n in range(100))
    engine = chop._engine
    with runs_counted(detector) as runs:
        screen = engine.open_screen(OUTPUT, "")
        before, steps = 0, []
        for start in range(0, len(text), 16):
            screen.feed(text[start : start + 16])
            steps.append(len(runs) - before)
            before = len(runs)
    assert max(steps) <= 6, steps
    assert len(steps) > 20


def test_texts_that_the_model_reads_alike_are_one(toy: Any, tmp_path: Path) -> None:
    from tokenizers import Tokenizer, normalizers

    folder = toy()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.save(str(folder / "tokenizer.json"))
    detector = made(folder)
    with runs_counted(detector) as runs:
        found = [detector.judge(text, OUTPUT) for text in ("abx", "ABX", "ａｂｘ")]
    assert len(runs) == 1
    assert found[0] == found[1] == found[2] != []


def test_no_content_is_kept(toy: Any) -> None:
    detector = made(toy())
    cache = detector.stages[0].shared.load()._cache
    detector.judge("我毒恨", OUTPUT)
    kept = [thing for thing in gc.get_referents(cache.__dict__) if thing is not cache._lock]
    seen: list[object] = []
    while kept:
        thing = kept.pop()
        if isinstance(thing, (dict, tuple, list)):
            kept += [*thing, *(thing.values() if isinstance(thing, dict) else ())]
        else:
            seen.append(thing)
    assert {type(thing) for thing in seen} <= {bytes, float, int, str, type(cache._lock)}
    assert all(len(thing) in (16, 32) for thing in seen if isinstance(thing, bytes))
    assert not any("毒" in thing for thing in seen if isinstance(thing, str))
    other = Cache()
    assert other.key([1, 2]) != cache.key([1, 2])  # no table of digests fits two processes


@settings(deadline=None)
@given(st.lists(st.integers(0, 9)), st.integers(0, 5))
def test_the_last_used_are_kept_and_no_more(asked: list[int], size: int) -> None:
    cache = Cache()
    cache.reserve(size)
    used: list[int] = []
    for number in asked:
        key = cache.key([number])
        if (found := cache.get(key)) is None:
            cache.put(key, (float(number),))
        else:
            assert found == (float(number),)
        assert (found is not None) == (number in used[-size:] if size else False)
        used = [one for one in used if one != number] + [number]
        assert len(cache) == min(size, len(used))


def test_policies_share_what_is_remembered_and_the_largest_size_counts(toy: Any) -> None:
    folder = toy()
    small, large, none = (made(folder, cache=n, report_from=0.1) for n in (1, 50, 0))
    with runs_counted(small) as runs:
        none.judge("ab", OUTPUT)
        for detector in (large, small, large, small):
            for text in ("ab", "ba", "aa"):
                detector.judge(text, OUTPUT)
        assert len(runs) == 1 + 3
        none.judge("ab", OUTPUT)
        assert len(runs) == 1 + 3 + 1


def test_threads_may_share_it(toy: Any) -> None:
    detector = made(toy(), cache=3)
    asked = [f"{start}{number}" for start in ("毒", "恨", "a") for number in range(10)]
    alone = {text: detector.judge(text, OUTPUT) for text in asked}
    barrier = threading.Barrier(8)

    def ask(shift: int) -> list[Any]:
        barrier.wait()
        return [detector.judge(asked[(n + shift) % 30], OUTPUT) for n in range(300)]

    with ThreadPoolExecutor(8) as pool:
        for shift, found in enumerate(pool.map(ask, range(8))):
            assert found == [alone[asked[(n + shift) % 30]] for n in range(300)]
    assert len(detector.stages[0].shared.load()._cache) == 3
