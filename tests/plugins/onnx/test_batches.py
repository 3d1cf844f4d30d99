"""Windows of callers at the same time are run together, and nobody's verdict shows it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chopmark import Context, ModelError, Policy, PolicyError
from chopmark_onnx import chopmark_detectors
from chopmark_onnx._batches import Batches

OUTPUT = Context(direction="output")
TEXTS = ["毒", "好的。", "我恨你们。", "x" * 40 + "好", "天气很好" * 9 + "毒", "a", "怨x"] * 20


def detector(folder: Path | str, **options: Any) -> Any:
    policy = Policy(name="test").with_options("onnx", model=str(folder), cache=0, **options)
    [found] = chopmark_detectors(policy)
    found.warm_up()
    return found


@pytest.mark.parametrize("network", [{}, {"length": 16}, {"types": True, "kind": "int32"}], ids=str)
def test_verdicts_are_those_of_callers_who_come_alone(toy: Any, network: dict[str, Any]) -> None:
    folder = toy(slow=200, **network)
    alone, joined = detector(folder), detector(folder, batch=8, batch_ms=50)
    sizes: list[int] = []
    scorer = joined.stages[0].shared.load()
    run_all = scorer._batches._run_all

    def counted(windows: Sequence[list[int]]) -> Any:
        sizes.append(len(windows))
        return run_all(windows)

    scorer._batches._run_all = counted
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: joined.judge(text, OUTPUT), TEXTS))
    assert found == [alone.judge(text, OUTPUT) for text in TEXTS]
    assert max(sizes) > 1
    assert max(sizes) <= 8


def test_a_model_of_tokens_is_joined_too(toy: Any) -> None:
    folder = toy(every_token=True, slow=200, config={"architectures": ["XForTokenClassification"]})
    alone, joined = detector(folder), detector(folder, batch=4, batch_ms=50)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: joined.judge(text, OUTPUT), TEXTS))
    assert found == [alone.judge(text, OUTPUT) for text in TEXTS]


def test_a_caller_who_is_alone_waits_for_nobody(plain: Path) -> None:
    joined = detector(plain, batch=8, batch_ms=1000)
    started = time.monotonic()
    for text in TEXTS[:60]:
        joined.judge(text, OUTPUT)
    assert time.monotonic() - started < 30  # a minute and more, had each waited


def gather(batches: Batches, windows: Sequence[list[int]]) -> list[Any]:
    """Bring the windows at the same time; give what each got, an error too."""

    def bring(ids: list[int]) -> Any:
        try:
            return batches(ids)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(windows)) as pool:
        return list(pool.map(bring, windows))


def test_only_who_brought_the_window_at_fault_is_told() -> None:
    def run_all(windows: Sequence[list[int]]) -> list[int]:
        if [13] in windows:
            raise ModelError("thirteen")
        return [ids[0] * 2 for ids in windows]

    found = gather(Batches(run_all, 4, 5, lambda: 4), [[1], [13], [2], [3]])
    assert [str(one) for one in found] == ["2", "thirteen", "4", "6"]


def test_nobody_is_left_waiting_where_the_one_that_gathers_is_interrupted() -> None:
    entered = threading.Barrier(2)

    def run_all(windows: Sequence[list[int]]) -> list[int]:
        if len(windows) > 1:
            raise KeyboardInterrupt
        return [ids[0] for ids in windows]

    batches = Batches(run_all, 2, 5, lambda: 2)

    def bring(number: int) -> Any:
        entered.wait()
        try:
            return batches([number])
        except KeyboardInterrupt:
            return "interrupted"

    with ThreadPoolExecutor(2) as pool:
        found = set(pool.map(bring, [1, 2]))
    assert "interrupted" in found
    assert found & {1, 2}
    assert batches._gathering is None


def test_a_network_in_which_company_would_move_a_score_is_not_joined() -> None:
    with pytest.raises(ModelError, match=r"dynamic quantisation.*take `batch` out"):
        detector("bundled:small", batch=8)


def test_a_network_for_one_text_is_not_joined(toy: Any) -> None:
    with pytest.raises(ModelError, match="one text at a time; export it with a dynamic batch"):
        detector(toy(batch=1), batch=8)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch": 0}, "'batch' = 0"),
        ({"batch_ms": 3}, "nothing is joined"),
        ({"batch": 4, "batch_ms": -1}, "'batch_ms' = -1"),
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_named(
    plain: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(PolicyError, match=said):
        detector(plain, **options)
