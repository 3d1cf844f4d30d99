"""How deep the tests look: `make test` takes few examples of each promise, `make torture` all."""

from __future__ import annotations

from hypothesis import settings

FULL = 100
"""The examples of a promise that says nothing else, in the profile `full`."""


def scaled(count: int) -> int:
    """Return how many of `count` examples to try: the share that the profile has of `FULL`."""
    return max(1, count * settings.default.max_examples // FULL)
