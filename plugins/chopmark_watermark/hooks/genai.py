"""The hook of onnxruntime-genai: one step of its generation loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._logits import LogitsHook


def generate_next(generator: Any, hook: LogitsHook) -> None:
    """Do what `generator.generate_next_token()` does, with the token that the hook draws.

    Args:
        generator: an `onnxruntime_genai.Generator` of one sequence.
        hook: one object for each answer.
    """
    logits = np.array(generator.get_logits(), dtype=np.float32)
    forced = hook(np.array(generator.get_sequence(0)), logits.reshape(-1))
    generator.set_logits(forced.reshape(logits.shape))
    generator.generate_next_token()
