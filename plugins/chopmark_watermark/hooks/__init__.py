"""Hooks that draw a model's tokens in its own runtime, one module for each.

`LogitsHook` is what llama-cpp-python takes, and anything that gives logits as arrays.
`chopmark_watermark.hooks.transformers`, `.mlx` and `.genai` are for theirs; each is imported by
name, since each needs its runtime.
"""

from ._logits import LogitsHook

__all__ = ["LogitsHook"]
