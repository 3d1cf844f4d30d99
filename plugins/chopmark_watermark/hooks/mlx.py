"""The hook of mlx-lm: `stream_generate(logits_processors=[marking_processor(...)])`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx
import numpy as np

from .._sampling import Sampling
from .._watermark import Watermark
from ._logits import LogitsHook


def marking_processor(
    watermark: Watermark, sampling: Sampling | None = None, tenant: str = ""
) -> Callable[[Any, Any], Any]:
    """Return a processor `f(tokens, logits) -> logits` that draws the tokens of one answer.

    mlx-lm samples behind its processors, from the one token that is left. Logits come with shape
    (1, vocabulary).

    Args:
        watermark: what it marks with; the scheme is `gumbel` or `green`.
        sampling: temperature, top-k and top-p of the answer.
        tenant: for whom the answer is.
    """
    hook = LogitsHook(watermark, sampling, tenant)

    def process(tokens: Any, logits: Any) -> Any:
        row = np.array(logits.astype(mx.float32)).reshape(-1)
        forced = hook(np.array(tokens), row)
        return mx.array(forced).reshape(logits.shape).astype(logits.dtype)

    return process
