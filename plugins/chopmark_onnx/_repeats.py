"""Shortens what a text says over and over, which no classifier has learned to read."""

from __future__ import annotations

KEPT = 8
"""How often a token, or a group of tokens, may stand one after another."""

LONGEST = 4
"""The most tokens of a group that is looked for."""


def shorten(ids: list[int]) -> list[int]:
    """Return `ids` with no token or short group of tokens more than `KEPT` times in a row.

    A window of one character again and again is unlike all that a model was trained on, and gets
    scores that mean nothing. Everything that the text says is still there.

    >>> shorten([5, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6])
    [5, 7, 7, 7, 7, 7, 7, 7, 7, 6]
    """
    if len(ids) <= KEPT or 2 * len(set(ids)) > len(ids):
        return ids  # an ordinary text, which this is not worth its time
    kept: list[int] = []
    alike = [0] * LONGEST  # how many tokens in a row are those of one, two, ... tokens before
    for at, token in enumerate(ids):
        repeated = False
        for place in range(min(LONGEST, at)):
            lag = place + 1
            alike[place] = alike[place] + 1 if ids[at - lag] == token else 0
            repeated = repeated or alike[place] > (KEPT - 1) * lag
        if not repeated:
            kept.append(token)
    return kept
