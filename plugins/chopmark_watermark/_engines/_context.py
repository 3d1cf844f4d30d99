"""The contexts of the tokens of a text, each counted once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .._prf import Ids
from .._scores import Places, first_of

_MIX = np.uint64(0x9E3779B97F4A7C15)


class Contexts(NamedTuple):
    """What is scored: the context, shape (n, width), and token, shape (n,), of each place.

    `places` are rows of the text; `duplicates` others were left out.
    """

    contexts: npt.NDArray[np.uint32]
    tokens: Ids
    places: Places
    duplicates: int


def contexts_of(
    ids: Ids, width: int, prompt: Ids | None, most: int | None = None, *, with_token: bool = False
) -> Contexts:
    """Return the tokens of `ids`, shape (n,), whose context of `width` tokens is new.

    Args:
        ids: the text.
        width: how many tokens are a context.
        prompt: the tokens before it, for engines that look there.
        most: how many contexts the engine marks; behind them it marks nothing.
        with_token: count a token anew where it is another one in a known context: for marks that
            give each token a bit of its own.
    """
    known = ids[:0] if prompt is None else prompt[-width:]
    whole = np.concatenate([known, ids]).astype(np.uint32)
    if len(whole) <= width:
        empty = np.zeros(0, dtype=np.int64)
        return Contexts(np.zeros((0, width), np.uint32), ids[:0], empty, 0)
    shown = np.lib.stride_tricks.sliding_window_view(whole, width + 1)
    names = np.zeros(len(shown), dtype=np.uint64)
    for column in range(
        width + 1 if with_token else width
    ):  # a collision would drop a token, no more
        names = (names ^ shown[:, column]) * _MIX
        names ^= names >> np.uint64(29)
    at = first_of(names)[:most]
    places = at + (len(ids) - len(shown))
    return Contexts(shown[at, :-1], shown[at, -1], places, len(shown) - len(at))
