"""transformers' own `generate` leaves the mark in every row of a batch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="see requirements.txt")
transformers = pytest.importorskip("transformers", reason="see requirements.txt")

from chopmark_watermark import Sampling, Watermark  # noqa: E402
from chopmark_watermark.hooks.transformers import MarkingProcessor  # noqa: E402

from .conftest import Find  # noqa: E402


def test_every_row_of_a_batch_is_marked(mark: Watermark, verdict_of: Find) -> None:
    torch.manual_seed(0)
    shape = transformers.LlamaConfig(
        vocab_size=500, hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(shape).eval()
    prompt = torch.randint(0, 500, (3, 7))
    processor = MarkingProcessor(mark, Sampling(0.8))
    made = model.generate(
        prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=80, do_sample=True,
        temperature=0.8, top_k=50, logits_processor=[processor], pad_token_id=0, eos_token_id=499,
    )  # fmt: skip
    assert [verdict_of(row[7:].tolist()) for row in made] == ["marked"] * 3
