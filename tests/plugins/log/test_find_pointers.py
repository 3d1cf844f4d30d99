"""Which entries a text is laid beside: the same ones, however few of them are looked at twice."""

from __future__ import annotations

import random

import numpy as np
import pytest

from chopmark_log import _find_pointers
from chopmark_log._find_pointers import LIKELIEST, Pointers
from chopmark_log._segments import Group, Segment
from chopmark_log._winnow import Fingerprinter

LETTERS = "abcdefghijklmnopqrst"


def answers_of(seed: int, count: int) -> list[str]:
    """Return texts of words that all of them use, one as good as the other."""
    chance = random.Random(seed)
    words = ["".join(chance.choices(LETTERS, k=7)) for _ in range(200)]
    return ["".join(chance.choices(words, k=28)) for _ in range(count)]


def group_of(answers: list[str]) -> Group:
    made = Fingerprinter(bytes(32))
    parts = made.parts(answers)
    numbers = np.arange(len(answers))
    entries = np.concatenate((numbers[parts.text], numbers))
    words = np.concatenate((parts.words, made.wholes(answers)))
    return Group(made, [Segment.of(0, len(answers), 0, entries, words)])


@pytest.mark.parametrize("seed", range(4))
def test_of_entries_that_are_equally_like_the_text_the_same_are_told_whatever_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    answers = answers_of(seed, 600)
    group = group_of(answers)
    glued = "".join(random.Random(seed).sample(answers, 40))
    told = []
    for looked in (len(answers), LIKELIEST, 1):
        monkeypatch.setattr(_find_pointers, "_LOOKED", looked)
        told.append(Pointers([group], glued, len(answers)).entries)
    assert len(told[0]) == LIKELIEST
    assert told == [told[0]] * 3


def test_what_all_entries_have_points_to_the_newest() -> None:
    text = "".join(random.Random(1).choices(LETTERS, k=60))
    group = group_of([text + "".join(random.Random(n).choices(LETTERS, k=40)) for n in range(40)])
    # As many as the log has, and more: what was cleared is written over with what stood before it.
    for size in (39, 40, 1 << 30):
        assert len(Pointers([group], text, size).entries) == LIKELIEST


def test_an_index_without_a_fingerprint_points_to_nothing() -> None:
    for text in ("春眠不觉晓", "春眠不觉晓" * 4000):
        assert Pointers([], text, 9).entries == []
