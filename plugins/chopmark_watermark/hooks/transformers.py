"""The hook of transformers: `generate(logits_processor=[MarkingProcessor(...)])`."""

from __future__ import annotations

from typing import Any

import torch
from transformers import LogitsProcessor

from .._sampling import Sampling
from .._watermark import Watermark
from ._logits import LogitsHook


class MarkingProcessor(LogitsProcessor):  # type: ignore[misc]  # transformers has no types
    """Draws the tokens of every row of a batch. One object for each call of `generate`.

    transformers runs the caller's processors before temperature, top-k and top-p, so what the call
    says of these goes into `sampling` here; behind it there is one token left to sample. Beam
    search keeps several answers in progress and takes tokens back: do not use it.

    Args:
        watermark: what it marks with; the scheme is `gumbel` or `green`.
        sampling: temperature, top-k and top-p.
        tenant: for whom the answers are.
    """

    def __init__(
        self, watermark: Watermark, sampling: Sampling | None = None, tenant: str = ""
    ) -> None:
        self._arguments = watermark, sampling, tenant
        self._rows: list[LogitsHook] = []

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Return `scores`, shape (batch, vocabulary), with one token of each row left."""
        while len(self._rows) < len(scores):
            self._rows.append(LogitsHook(*self._arguments))
        tokens = input_ids.detach().cpu().numpy()
        logits = scores.detach().to(device="cpu", dtype=torch.float32).numpy()
        forced = [
            hook(before, row) for hook, before, row in zip(self._rows, tokens, logits, strict=False)
        ]
        made = torch.stack([torch.from_numpy(row) for row in forced])
        return made.to(device=scores.device, dtype=scores.dtype)
