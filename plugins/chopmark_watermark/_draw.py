"""What draws the tokens of an answer, whatever the scheme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Logits = npt.NDArray[np.floating]


class Drawer(Protocol):
    """Draws the tokens of one answer. Not shared by threads."""

    def draw(self, logits: Logits, before: Sequence[int] | npt.NDArray[np.integer]) -> int:
        """Return the next token.

        Args:
            logits: shape (vocabulary,), before temperature and the like.
            before: the tokens before it, the last one last; those of the prompt count too. Two are
                enough.

        Raises:
            MarkError: no logit is finite.
        """
        ...


def force(logits: Logits, token: int) -> Logits:
    """Return logits that leave a sampler no other choice than `token`, in a new array.

    So a mark goes through every runtime that lets its logits be changed, whatever it does to them
    behind that: temperature, top-k, penalties or a draw by chance.
    """
    forced = np.full_like(logits, -np.inf)
    forced[token] = 0.0
    return forced
