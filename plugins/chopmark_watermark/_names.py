"""What is known without numpy: the schemes by name, and the level of a search."""

from __future__ import annotations

from typing import Literal, get_args

SchemeName = Literal["gumbel", "green", "unigram"]
SCHEME_NAMES: tuple[SchemeName, ...] = get_args(SchemeName)
ALPHA = 1e-5
"""Of a million texts without a mark ten are called marked, at the most."""
