"""Shortens what a text says over and over, which no classifier has learned to read."""

from __future__ import annotations

KEPT = 6
"""How often a token, or a group of tokens, may stand one after another."""

LONGEST = 4
"""The most tokens of a group that is looked for."""

WHOLE = 64
"""How long a thing may be that a text says again and again, and what is left of it at the least."""


def once(text: str) -> str:
    """Return the beginning of a text that is one thing again and again; others as they are.

    The thing is there twice, or `WHOLE` characters: it may begin amid a sentence, whose beginning
    is then at its end.

    Pieces out of its middle, which have neither its beginning nor its end, are what models judge
    worst. The time for a text that does not repeat itself does not depend on its length.

    >>> once("1" * 3000) == "1" * 64
    True
    """
    head = text[:WHOLE]
    period = text.find(head, 1, 2 * WHOLE)  # the least one, if there is any
    if len(text) <= 2 * WHOLE or period < 0 or text[period:] != text[:-period]:
        return text
    return text[: max(WHOLE, 2 * period)]


def shorten(ids: list[int]) -> list[int]:
    """Return `ids` with no token or short group of tokens more than `KEPT` times in a row.

    A window of one character again and again is unlike all that a model was trained on, and gets
    scores that mean nothing. Everything that the text says is still there.

    >>> shorten([5, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6])
    [5, 7, 7, 7, 7, 7, 7, 6]
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
