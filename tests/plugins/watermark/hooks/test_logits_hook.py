"""The hook over arrays marks whatever sampler stands behind it."""

from __future__ import annotations

import numpy as np
import pytest

from chopmark import MarkError
from chopmark_watermark import Sampling, Watermark
from chopmark_watermark.hooks import LogitsHook

from ..conftest import Logits
from .conftest import Find


def generate(hook: LogitsHook, logits: Logits, n: int, temperature: float) -> list[int]:
    """Return `n` tokens as a runtime draws them that knows nothing of the hook."""
    rng = np.random.default_rng(1)
    tokens = [1, 2, 3]
    for _ in range(n):
        shown = hook(np.array(tokens), logits()) / temperature
        shares = np.exp(shown - shown.max())
        tokens.append(int(rng.choice(len(shares), p=shares / shares.sum())))
    return tokens[3:]


@pytest.mark.parametrize("temperature", [0.01, 1.0, 5.0])
def test_the_mark_is_there_whatever_the_sampler_does(
    mark: Watermark, verdict_of: Find, logits: Logits, temperature: float
) -> None:
    hook = LogitsHook(mark, Sampling(0.8))
    assert verdict_of(generate(hook, logits, 120, temperature)) == "marked"
    hook.check()
    assert hook.drawn == 120


def test_one_hook_serves_one_answer_after_the_other(
    mark: Watermark, verdict_of: Find, logits: Logits
) -> None:
    hook = LogitsHook(mark)
    answers = [generate(hook, logits, 100, 1.0) for _ in range(3)]
    assert [verdict_of(answer) for answer in answers] == ["marked"] * 3


def test_a_runtime_that_loses_the_hook_is_told_of(mark: Watermark) -> None:
    with pytest.raises(MarkError, match="never called"):
        LogitsHook(mark).check()


def test_what_the_hook_forbids_stays_forbidden(mark: Watermark, logits: Logits) -> None:
    shown = logits()
    shown[:-3] = -np.inf
    forced = LogitsHook(mark)(np.array([1, 2, 3]), shown)
    assert np.isfinite(forced).sum() == 1
    assert np.flatnonzero(np.isfinite(forced))[0] >= len(shown) - 3
