"""A second model is asked where the first is unsure, and only there."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, Context, ModelError, Policy, PolicyError, Verdict
from chopmark_onnx import OnnxDetector, chopmark_detectors

OUTPUT = Context(direction="output")
UNSURE = 0.4
SECOND: Mapping[str, Sequence[float]] = {  # the columns are toxic, hate, spam
    "毒": (6.0, -6.0, -6.0),
    "x": (-6.0, -6.0, -6.0),  # the first one thinks it rather toxic
    "怨": (5.0, -6.0, 2.0),  # the first one is of two minds
    "z": (6.0, 6.0, 6.0),  # the first one sees nothing in it
}
VARIED = "".join(random.Random(1).choices("abcdefghijklmno今天很好我", k=400))
texts = st.text(alphabet="ax毒恨怨z 。.", max_size=40)


@pytest.fixture(scope="module")
def small(toy: Any) -> Path:
    path: Path = toy(
        guard={"thresholds": {"strict": {"toxic": 0.9, "hate": 0.9}}, "unsure": {"toxic": UNSURE}}
    )
    return path


@pytest.fixture(scope="module")
def large(toy: Any) -> Path:
    path: Path = toy(
        labels=("toxic", "hate", "spam"),
        words=SECOND,
        guard={"thresholds": {"strict": {"toxic": 0.95, "spam": 0.95}}},
    )
    return path


def made(folder: Path, **options: Any) -> OnnxDetector:
    policy = Policy(name="test").with_options("onnx", model=str(folder), **options)
    [detector] = chopmark_detectors(policy)
    assert isinstance(detector, OnnxDetector)
    return detector


@contextmanager
def asked(detector: OnnxDetector, number: int = -1) -> Iterator[list[int]]:
    """Count the runs of one model's network, by default of the last one's."""
    network = detector.stages[number].shared.load().network
    run: Callable[[list[int]], list[float]] = network.run
    runs: list[int] = []

    def counted(ids: list[int]) -> list[float]:
        runs.append(len(ids))
        return run(ids)

    network.run = counted  # type: ignore[method-assign]
    try:
        yield runs
    finally:
        del network.run  # type: ignore[method-assign]


def said(detector: OnnxDetector, text: str) -> dict[str, tuple[float, str]]:
    return {v.category: (v.score, v.outcome) for v in detector.judge(text, OUTPUT)}


@pytest.mark.parametrize(
    ("text", "times"), [("好", 0), ("恨", 0), ("z", 0), ("x", 1), ("怨", 1), ("我毒", 1)]
)
def test_the_second_is_asked_only_where_the_first_is_unsure(
    small: Path, large: Path, text: str, times: int
) -> None:
    detector = made(small, second=str(large), cache=0)
    with asked(detector) as runs:
        detector.judge(text, OUTPUT)
    assert len(runs) == times


def test_the_second_may_acquit_and_convict(small: Path, large: Path) -> None:
    detector = made(small, second=str(large))
    assert said(made(small), "x") == {"toxic": (0.8808, "warn")}
    assert said(detector, "x") == {}
    assert said(made(small), "怨") == {"toxic": (0.5, "warn")}
    assert said(detector, "怨") == {"toxic": (0.9933, "deny"), "spam": (0.8808, "warn")}


def test_a_category_that_the_second_has_not_is_left_to_the_first(small: Path, toy: Any) -> None:
    other = toy(labels=("toxic", "spam", "fraud"), words={"x": (-6.0, -6.0, 6.0)})
    detector = made(small, second=str(other))
    assert said(detector, "x恨") == {"hate": (0.9975, "deny"), "fraud": (0.9975, "warn")}
    assert detector.categories == ("fraud", "hate", "spam", "threat", "toxic", "unjudged")


def reference(first: OnnxDetector, second: OnnxDetector, text: str) -> list[Verdict]:
    """Say what two detectors make of a text that are asked one after the other."""
    found = list(first.judge(text, OUTPUT))
    unsure = any(v.category == "toxic" and v.score >= UNSURE for v in found)
    if not unsure:
        return found
    left = [v for v in found if v.category not in ("toxic", "hate", "spam")]
    return [*left, *second.judge(text, OUTPUT)]


@settings(deadline=None, max_examples=scaled(150))
@given(texts)
def test_it_says_what_the_two_would_say_one_after_the_other(
    small: Path, large: Path, text: str
) -> None:
    detector = made(small, second=str(large))
    assert list(detector.judge(text, OUTPUT)) == reference(made(small), made(large), text)


@settings(deadline=None, max_examples=scaled(60))
@given(st.lists(texts, max_size=6))
def test_a_stream_says_what_the_whole_does(small: Path, large: Path, pieces: list[str]) -> None:
    policy = Policy(name="test", plugins=("onnx",)).with_options(
        "onnx", model=str(small), second=str(large)
    )
    chop = Chopmark(policy)
    streamed = chop._engine.open_screen(OUTPUT, "")
    out = "".join([*map(streamed.feed, pieces), streamed.finish()])
    whole = chop._engine.open_screen(OUTPUT, "")
    assert out == whole.feed("".join(pieces)) + whole.finish()
    assert streamed.verdicts == whole.verdicts


@pytest.mark.parametrize(
    ("unsure", "text", "times"),
    [
        (0.9, "x", 0),
        (0.9, "毒", 1),
        (0.0, "好", 1),
        ({"hate": 0.5}, "恨", 1),
        ({"hate": 0.5}, "x", 1),  # what guard.json says of toxic still holds
        ({"toxic": 0.9, "threat": 0.1}, "x", 0),
    ],
)
def test_the_policy_may_say_from_when_on(
    small: Path, large: Path, unsure: object, text: str, times: int
) -> None:
    detector = made(small, second=str(large), unsure=unsure, cache=0)
    with asked(detector) as runs:
        detector.judge(text, OUTPUT)
    assert len(runs) == times


def test_a_head_that_the_policy_leaves_out_asks_nobody(small: Path, large: Path) -> None:
    heads = {"toxic": "", "hate": "hate"}
    detector = made(small, second=str(large), heads=heads, unsure={"hate": 0.5}, cache=0)
    with asked(detector) as runs:
        assert said(detector, "毒") == {}
        assert runs == []
        detector.judge("恨", OUTPUT)
    assert len(runs) == 1


def test_heads_and_thresholds_may_name_what_either_has(small: Path, large: Path) -> None:
    detector = made(
        small, second=str(large), heads={"spam": "advert"}, threshold={"advert": 0.5, "threat": 1}
    )
    assert said(detector, "怨") == {"toxic": (0.9933, "deny"), "advert": (0.8808, "deny")}


def test_the_version_covers_both(small: Path, large: Path, toy: Any) -> None:
    other = toy(labels=("toxic", "hate", "spam"), words={})
    versions = [
        made(small).version,
        made(small, second=str(large)).version,
        made(small, second=str(other)).version,
        made(small, second=str(large), unsure=0.3).version,
        made(small, second=str(large), threshold={"spam": 0.5}).version,
    ]
    assert len(set(versions)) == len(versions)
    assert made(small, second=str(large)).version == versions[1]


def test_a_digest_of_the_second_is_checked(small: Path, large: Path) -> None:
    digest = hashlib.sha256((large / "model.onnx").read_bytes()).hexdigest()
    made(small, second=str(large), second_sha256=digest)
    with pytest.raises(ModelError, match="the policy says 1111"):
        made(small, second=str(large), second_sha256="1" * 64)


def test_warm_up_loads_both(small: Path, toy: Any) -> None:
    broken = toy(columns=2)
    with pytest.raises(ModelError, match=r"shape \[1, 2\]"):
        made(small, second=str(broken), warm_up=True)


def test_a_long_text_that_the_second_sees_in_gaps_is_said_to_be(small: Path, toy: Any) -> None:
    short = toy(positions=8)
    detector = made(small, second=str(short), max_windows=3, unsure=0.0)
    [verdict] = detector.judge(VARIED[:30], OUTPUT)  # 3 windows of 14 tokens hold it, 3 of 6 do not
    assert (verdict.category, verdict.detail) == ("unjudged", "18 of 30 tokens judged")


def test_guard_json_says_from_when_on_for_heads_that_it_has(toy: Any, large: Path) -> None:
    folder = toy(guard={"unsure": {"toxic": 0.5}})
    guard = json.loads((folder / "guard.json").read_text("utf-8"))
    (folder / "guard.json").write_text(json.dumps({**guard, "unsure": {"rude": 0.5}}), "utf-8")
    with pytest.raises(ModelError, match=r"guard\.json', key 'unsure\.rude'.*no such head"):
        made(folder)
    (folder / "guard.json").write_text(json.dumps({**guard, "unsure": {"toxic": 5}}), "utf-8")
    with pytest.raises(ModelError, match=r"'unsure\.toxic': 5 .* from 0 to 1"):
        made(folder)


INPUT = Context(direction="input")
READS = [
    (INPUT, {}, 1),  # the first one sees nothing in it
    (INPUT, {"granularity": "whole"}, 1),
    (OUTPUT, {"granularity": "whole"}, 1),
    (OUTPUT, {}, 0),
]


@pytest.mark.parametrize(("context", "options", "times"), READS, ids=str)
def test_the_second_may_read_all_that_is_whole(
    small: Path, large: Path, context: Context, options: dict[str, Any], times: int
) -> None:
    detector = made(small, second=str(large), second_reads="whole", cache=0, **options)
    with asked(detector) as runs:
        found = detector.begin(context).judge("z", context)
    assert len(runs) == times
    assert {v.category for v in found} == ({"toxic", "hate", "spam"} if times else set())


def test_the_first_is_not_asked_then_where_it_has_nothing_to_add(toy: Any, large: Path) -> None:
    first = toy(labels=("toxic", "hate", "spam"), words={"x": (6.0, 6.0, 6.0)})
    detector = made(first, second=str(large), second_reads="whole", cache=0)
    with asked(detector) as runs, asked(detector, 0) as firsts:
        assert not detector.begin(INPUT).judge("x", INPUT)
    assert (len(firsts), len(runs)) == (0, 1)


def test_the_first_is_asked_all_the_same_where_time_is_short(toy: Any, large: Path) -> None:
    first = toy(labels=("toxic", "hate", "spam"), words={"x": (6.0, 6.0, 6.0)})
    detector = made(first, second=str(large), second_reads="whole", budget_ms=10_000, cache=0)
    with asked(detector) as runs, asked(detector, 0) as firsts:
        assert not detector.begin(INPUT).judge("x", INPUT)
    assert (len(firsts), len(runs)) == (1, 1)


def test_what_only_the_first_has_is_found_in_what_is_whole(toy: Any, large: Path) -> None:
    first = toy(words={"z": (6.0, -6.0, 6.0)})
    detector = made(first, second=str(large), second_reads="whole", report_from=0.99)
    assert said(detector, "z").keys() == {"threat", "toxic", "hate", "spam"}


def test_one_that_reads_all_that_is_whole_need_not_be_asked_otherwise(
    toy: Any, large: Path
) -> None:
    silent = toy()  # its guard.json does not say when it is unsure
    with pytest.raises(PolicyError, match="would never be asked"):
        made(silent, second=str(large))
    assert "spam" in said(made(silent, second=str(large), second_reads="whole"), "z")


def test_how_the_second_reads_is_checked_and_part_of_the_version(small: Path, large: Path) -> None:
    with pytest.raises(PolicyError, match=r"second_reads.*unsure, whole"):
        made(small, second=str(large), second_reads="all")
    with pytest.raises(PolicyError, match="no `second` model"):
        made(small, second_reads="whole")
    whole = made(small, second=str(large), second_reads="whole")
    assert whole.version != made(small, second=str(large)).version


SURE = (-6.0, -6.0, -6.0)
FIRST = {"怨": (0.0, -6.0, -6.0), "x": (2.0, -6.0, -6.0), "z": SURE}
THEN = {"怨": (5.0, -6.0, 2.0), "x": SURE, "z": (6.0, 6.0, 6.0)}


@pytest.fixture(scope="module")
def alike(toy: Any) -> tuple[Path, Path]:
    """Return two models that read the same tokens."""
    guard = {"thresholds": {"strict": {"toxic": 0.9}}, "unsure": {"toxic": UNSURE}}
    labels = ("toxic", "hate", "spam")
    first: Path = toy(words=FIRST, guard=guard)
    return first, toy(labels=labels, words=THEN, guard={"thresholds": guard["thresholds"]})


def test_of_a_long_text_the_second_reads_what_the_first_is_unsure_of(
    alike: tuple[Path, Path],
) -> None:
    first, second = alike
    detector = made(first, second=str(second), granularity="whole", cache=0)
    with asked(detector) as runs:
        detector.judge(VARIED, OUTPUT)
        assert runs == []
        detector.judge(f"{VARIED}x{VARIED}", OUTPUT)
        assert 1 <= len(runs) <= 4
    whole = made(second, granularity="whole", cache=0)
    with asked(whole, 0) as all_runs:
        whole.judge(f"{VARIED}x{VARIED}", OUTPUT)
    assert len(all_runs) > 10 * len(runs)


def test_what_it_reads_of_a_long_text_counts(alike: tuple[Path, Path]) -> None:
    detector = made(alike[0], second=str(alike[1]), granularity="whole")
    around = VARIED[:120]
    assert said(detector, f"{around}怨{around}") == said(detector, "怨")
    assert said(detector, f"{around}x{around}") == said(detector, "x")
    assert said(detector, f"{around}x{around}怨{around}")["spam"] == said(detector, "怨")["spam"]


def test_with_tokens_of_its_own_it_reads_the_whole_text(small: Path, large: Path) -> None:
    detector = made(small, second=str(large), granularity="whole", cache=0)
    text = f"{VARIED[:60]}x{VARIED[60:120]}"
    with asked(detector) as runs:
        detector.judge(text, OUTPUT)
    alone = made(large, granularity="whole", cache=0)
    with asked(alone, 0) as all_runs:
        alone.judge(text, OUTPUT)
    assert len(runs) == len(all_runs)


def test_a_text_that_grows_is_read_where_its_beginning_was_doubtful(
    alike: tuple[Path, Path],
) -> None:
    detector = made(alike[0], second=str(alike[1]), granularity="whole")
    text = "怨" + VARIED * 12
    judging = detector.begin(OUTPUT)
    for end in (2_000, 3_000, 4_000, len(text)):
        found = {v.category: (v.score, v.outcome) for v in judging.judge(text[:end], OUTPUT)}
        assert found == said(detector, "怨")
