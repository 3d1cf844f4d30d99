"""Thresholds keep to the false alarms that they are chosen for, and divide them as they say."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

if sys.version_info < (3, 11):
    pytest.skip("the scripts that train want Python 3.11", allow_module_level=True)
if not all(map(find_spec, ("numpy", "onnxruntime", "tokenizers", "tqdm"))):
    pytest.skip(
        "the scripts that calibrate want numpy and what runs a model", allow_module_level=True
    )

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from models.train.calibrate import (
    LEAST,
    MOST,
    PRESETS,
    SHARES,
    Floats,
    bars,
    platt,
    sigmoid,
    within,
)
from models.train.heads import HEADS
from models.train.rows import BENIGN, Row
from tests.depth import scaled


def scores(seed: int, rows: int) -> Floats:
    """Scores of benign rows as a model gives them: most near 0, some heads together."""
    dice = np.random.default_rng(seed)
    common = dice.normal(-4, 1.5, (rows, 1))
    logits = common + dice.normal(0, 1.5, (rows, len(HEADS)))
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


@settings(max_examples=scaled(40), deadline=None)
@given(
    seed=st.integers(0, 999), rows=st.integers(20, 600), share=st.sampled_from([0.004, 0.02, 0.12])
)
def test_no_more_benign_texts_reach_a_bar_than_asked(seed: int, rows: int, share: float) -> None:
    benign = scores(seed, rows)
    for shares in (dict.fromkeys(HEADS, 1), SHARES):
        assert (benign >= within(benign, share, shares)).any(axis=1).mean() <= share


def test_heads_fire_in_the_proportion_of_their_shares() -> None:
    benign = scores(7, 20_000)
    fired = (benign >= within(benign, 0.1, SHARES)).sum(axis=0)
    of_one = fired[HEADS.index("hate")]
    assert of_one > 20
    for place, head in enumerate(HEADS):
        assert fired[place] == pytest.approx(SHARES[head] * of_one, abs=SHARES[head])


def test_a_milder_preset_is_nowhere_stricter() -> None:
    benign = scores(3, 4_000)
    sources = ("corpus-en", "kdconv")
    rows = [Row(text=str(n), labels=BENIGN, source=sources[n % 2]) for n in range(len(benign))]
    found = bars(benign, rows)
    assert list(found) == list(PRESETS)
    for head in HEADS:
        chosen = [found[preset][head] for preset in PRESETS]
        assert chosen == sorted(chosen)
        assert all(LEAST[preset] <= found[preset][head] <= MOST for preset in PRESETS)


@pytest.mark.parametrize(("divisor", "bias"), [(1.0, 0.0), (2.0, 1.0), (0.7, -1.5)])
def test_calibration_finds_how_sure_and_how_frequent(divisor: float, bias: float) -> None:
    pytest.importorskip("scipy")
    dice = np.random.default_rng(7)
    logits = dice.normal(-1, 3, 40_000).astype(np.float32)
    labels = (dice.random(len(logits)) < sigmoid(logits / divisor + bias)).astype(np.float64)
    assert platt(logits, labels) == (
        pytest.approx(divisor, rel=0.05),
        pytest.approx(bias, abs=0.08),
    )
