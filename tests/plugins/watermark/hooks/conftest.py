"""A watermark, and a search among tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from chopmark_watermark import FileTokenizer, Ring, Watermark
from chopmark_watermark._detect import conclude, search
from chopmark_watermark._schemes import scheme_of

Find = Callable[[Sequence[int]], str]


@pytest.fixture
def mark(ring: Ring, tokenizer: FileTokenizer) -> Watermark:
    return Watermark(ring=ring, tokenizer=tokenizer, clock=lambda: "2026-10")


@pytest.fixture
def verdict_of(mark: Watermark) -> Find:
    """Return what is found in tokens under the key of the watermark."""
    scheme = scheme_of(mark.scheme, mark.tokenizer)

    def find(ids: Sequence[int]) -> str:
        tokens = np.array(list(ids), dtype=np.uint32)
        found = search(tokens, [(None, mark.key()[1])], scheme)
        return conclude(found, scheme, 1, 1e-5).verdict

    return find
