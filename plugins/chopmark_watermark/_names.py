"""What is known without numpy: the schemes by name, and the level of a search."""

from __future__ import annotations

from typing import Literal, get_args

OwnName = Literal["gumbel", "green", "unigram"]
"""Schemes that are drawn by chopmark."""
EngineName = Literal[
    "vllm-gumbel",
    "vllm-dual-gumbel",
    "vllm-synthid",
    "vllm-sbw",
    "sglang",
    "sglang-dual",
    "synthid",
]
"""Schemes that a serving engine draws by itself, with a key of the ring."""
OWN_NAMES: tuple[OwnName, ...] = get_args(OwnName)
ENGINE_NAMES: tuple[EngineName, ...] = get_args(EngineName)
SCHEME_NAMES: tuple[str, ...] = (*OWN_NAMES, *ENGINE_NAMES)
NAME = "watermark"
"""Of the plugin, and of its options in a policy."""
SYNONYMS = "synonyms"
"""The scheme that picks between synonyms: it needs a ring and no tokenizer."""
ALPHA = 1e-5
"""Of a million texts without a mark ten are called marked, at the most."""
