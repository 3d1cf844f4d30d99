"""From logits to the tokens that may come next, with their probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chopmark import MarkError

from ._prf import Floats, Ids

MOST = 256
"""How many candidates are looked at where nothing narrower is asked for: the likeliest ones."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn: `temperature`, then the `top_k` likeliest, then `top_p`.

    Raises:
        MarkError: a value is out of range; a temperature of 0 leaves nothing to choose.
    """

    temperature: float = 1.0
    top_k: int = MOST
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise MarkError(
                f"temperature is {self.temperature!r}: without chance there is no choice to mark; "
                "use the scheme 'green' for greedy answers, or a temperature above 0"
            )
        if self.top_k < 1:
            raise MarkError(f"top_k is {self.top_k!r}; write a number from 1")
        if not 0 < self.top_p <= 1:
            raise MarkError(f"top_p is {self.top_p!r}; write a number above 0, at most 1")


def likeliest(logits: npt.NDArray[np.floating], most: int) -> npt.NDArray[np.intp]:
    """Return the `most` tokens with the largest logits, in no order."""
    if len(logits) <= most:
        return np.arange(len(logits))
    return np.argpartition(logits, -most)[-most:]


def candidates(logits: npt.NDArray[np.floating], sampling: Sampling) -> tuple[Ids, Floats]:
    """Return the tokens that may come, and the logarithm of their (unscaled) probability.

    Args:
        logits: shape (vocabulary,), natural logarithm; `-inf` for what may not come.

    Raises:
        MarkError: no logit is finite.
    """
    ids = likeliest(logits, sampling.top_k)
    scaled = logits[ids].astype(np.float64) / sampling.temperature
    best = scaled.max(initial=-np.inf)
    if not np.isfinite(best):
        raise MarkError("no logit is finite; the processors before this one forbid every token")
    scaled -= best
    if sampling.top_p < 1:
        order = np.argsort(-scaled, kind="stable")
        shares = np.exp(scaled[order])
        shares /= shares.sum()
        kept = order[np.cumsum(shares) - shares < sampling.top_p]
        ids, scaled = ids[kept], scaled[kept]
    allowed = np.isfinite(scaled)
    return ids[allowed].astype(np.uint32), scaled[allowed]
