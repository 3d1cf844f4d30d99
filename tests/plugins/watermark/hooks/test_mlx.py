"""mlx-lm's own generation leaves the mark."""

from __future__ import annotations

import pytest

mx = pytest.importorskip("mlx.core", reason="see requirements.txt")
llama = pytest.importorskip("mlx_lm.models.llama", reason="see requirements.txt")

from mlx_lm.generate import generate_step  # noqa: E402

from chopmark_watermark import Sampling, Watermark  # noqa: E402
from chopmark_watermark.hooks.mlx import marking_processor  # noqa: E402

from .conftest import Find  # noqa: E402


def test_an_answer_is_marked(mark: Watermark, verdict_of: Find) -> None:
    mx.random.seed(0)
    shape = llama.ModelArgs(
        model_type="llama", hidden_size=64, num_hidden_layers=2, intermediate_size=128,
        num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5, vocab_size=500,
    )  # fmt: skip
    steps = generate_step(
        mx.array([1, 5, 9, 3]), llama.Model(shape), max_tokens=80,
        logits_processors=[marking_processor(mark, Sampling(0.8))],
    )  # fmt: skip
    assert verdict_of([int(token) for token, _ in steps]) == "marked"
