"""Hypothesis strategies: texts, and ways to cut them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import strategies as st


def texts(samples: Sequence[str]) -> st.SearchStrategy[str]:
    """Return texts in which `samples`, their halves and arbitrary characters stand mixed."""
    parts: list[st.SearchStrategy[str]] = [st.text(max_size=12)]
    if samples:
        parts.append(st.sampled_from(list(samples)))
        parts.append(st.sampled_from([s[: len(s) // 2] for s in samples]))
        parts.append(st.sampled_from([s[len(s) // 2 :] for s in samples]))
    parts.append(st.sampled_from(["\ud800", "\x00", "。", " ", "a", "1", "中文", "😀", "\n"]))
    return st.lists(st.one_of(parts), max_size=6).map("".join)


def cuts(text: str) -> st.SearchStrategy[list[str]]:
    """Return `text` cut into pieces, also one character at a time, also with empty pieces."""
    places = st.lists(st.integers(0, len(text)), max_size=12).map(lambda p: cut(text, p))
    return st.one_of(st.just(list(text)), places)


def cut(text: str, places: Sequence[int]) -> list[str]:
    """Return `text` cut at `places`."""
    edges = [0, *sorted(places), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]
