"""What draws the tokens of an answer, whatever the scheme."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt


class Drawer(Protocol):
    """Draws the tokens of one answer, in order. Not shared by threads."""

    def draw(self, logits: npt.NDArray[np.floating]) -> int:
        """Return the next token, and take it as the end of the answer.

        Args:
            logits: shape (vocabulary,), before temperature and the like.

        Raises:
            MarkError: no logit is finite.
        """
        ...

    def follow(self, token: int) -> None:
        """Take `token`, which something else chose, as the end of the answer."""
        ...


def force(logits: npt.NDArray[np.floating], token: int) -> npt.NDArray[np.floating]:
    """Return logits that leave a sampler no other choice than `token`, in a new array.

    So a mark goes through every runtime that lets its logits be changed, whatever it does to them
    behind that: temperature, top-k, penalties or a draw by chance.
    """
    forced = np.full_like(logits, -np.inf)
    forced[token] = 0.0
    return forced
