"""What an index says of a text: the same however its segments are cut, and counted, not guessed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark_log import _find_looks, _lists
from chopmark_log._find_pointers import Pointers
from chopmark_log._find_spans import Compared
from chopmark_log._lists import Lists
from chopmark_log._segments import Group, Segment
from chopmark_log._winnow import Fingerprinter

cuts = st.sets(st.integers(1, 299), max_size=12)
clauses = ["".join(random.Random(n).choices("abcdefghijklmnopqrst", k=60)) for n in range(6)]


def answers_of(seed: int, count: int = 300) -> list[str]:
    """Return texts with some of a few clauses in each."""
    chance = random.Random(seed)
    return [
        "".join(chance.sample(clauses, chance.randrange(4))) + f"{chance.getrandbits(300):x}"
        for _ in range(count)
    ]


def group_of(answers: list[str], ends: Iterable[int]) -> Group:
    made = Fingerprinter(bytes(32))
    segments = []
    first = 0
    for end in sorted({*ends, len(answers)}):
        mine = answers[first:end]
        parts = made.parts(mine)
        numbers = np.arange(len(mine)) + first
        entries = np.concatenate((numbers[parts.text], numbers))
        words = np.concatenate((parts.words, made.wholes(mine)))
        segments.append(Segment.of(first, end, 0, entries, words))
        first = end
    return Group(made, segments)


def told(group: Group, text: str, answers: list[str]) -> list[object]:
    """Return which entries a text points to, and in how many each of their parts is."""
    pointers = Pointers([group], text, len(answers))
    pointers.compare([answers[at] for at in pointers.entries])
    compared = Compared(text)
    parts = [
        (at, span.left, pointers.like(at, span, answers[at]))
        for at in pointers.entries
        for span in compared.spans(answers[at])
    ]
    return [pointers.entries, pointers.times_whole, parts]


@given(st.integers(0, 9), cuts, st.integers(1, 400), st.integers(30, 3000))
@settings(max_examples=scaled(60))
def test_what_is_told_does_not_depend_on_where_segments_are_cut(
    seed: int, ends: set[int], newest: int, read: int
) -> None:
    answers = answers_of(seed)
    text = clauses[0] + "xyz" + clauses[3] + answers[seed][-40:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_find_looks, "_NEWEST", newest)
        patch.setattr(_lists, "_READ", read)
        whole, cut = (told(group_of(answers, some), text, answers) for some in ((), ends))
    assert whole == cut
    assert whole[2]


@pytest.mark.parametrize("newest", [1, 4, 95, 512])
def test_a_part_is_counted_in_entries_that_are_not_among_the_newest(
    monkeypatch: pytest.MonkeyPatch, newest: int
) -> None:
    """Two clauses are together in 90 old entries; since then each is in many others alone."""
    monkeypatch.setattr(_find_looks, "_NEWEST", newest)
    one, other = clauses[:2]
    tail = partial(random.Random(1).choices, "abcdefghijklmnopqrst", k=40)
    answers = [one + other + "".join(tail()) for _ in range(90)]
    answers += [clause + "".join(tail()) for _ in range(100) for clause in (one[:30], other[30:])]
    pointers = Pointers([group_of(answers, (50, 130))], text := one + other, len(answers))
    pointers.compare(answers[:1])
    span = max(Compared(text).spans(answers[0]), key=lambda span: span.score)
    assert span.matched >= len(text)
    assert pointers.like(0, span, answers[0]) == 90


def lists_of(entries: list[set[int]], ends: Iterable[int] = ()) -> Lists:
    segments, first = [], 0
    for end in (*sorted(ends), 300):
        pairs = [(at, n) for n, some in enumerate(entries) for at in some if first <= at < end]
        at, words = np.array(pairs, np.int64).reshape(-1, 2).T
        segments.append(Segment.of(first, end, 0, at, words.astype(np.uint64)))
        first = end
    return Lists(segments, np.arange(len(entries), dtype=np.uint64))


some = st.lists(st.sets(st.integers(0, 299), min_size=1), min_size=1, max_size=6)


@given(some, cuts, st.integers(1, 4))
def test_entries_in_enough_lists_are_counted(
    entries: list[set[int]], ends: set[int], least: int
) -> None:
    lists = lists_of(entries, ends)
    right = sum(sum(at in one for one in entries) >= least for at in range(300))
    assert lists.alike(np.arange(len(entries)), least) == right
    assert lists.sizes.tolist() == list(map(len, entries))


@given(some, cuts, st.sets(st.integers(0, 299)))
@settings(deadline=None)
def test_it_is_told_in_how_many_lists_an_entry_is(
    entries: list[set[int]], ends: set[int], asked: set[int]
) -> None:
    times = lists_of(entries, ends).times_in(np.arange(len(entries)), np.array(sorted(asked), int))
    assert times.tolist() == [sum(at in one for one in entries) for at in sorted(asked)]


def test_of_lists_that_are_too_long_to_read_a_share_stands_for_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_lists, "_READ", 200)
    chance = random.Random(1)
    both = set(chance.sample(range(300), 150))
    entries = [both | {n} for n in range(4)]
    assert 120 <= lists_of(entries).alike(np.arange(4), 3) <= 180


def test_an_entry_that_a_cleared_word_left_twice_counts_once() -> None:
    words = np.array([7 << 24 | 1, 7 << 24 | 2, 9 << 24 | 2, 9 << 24 | 3], np.uint64)
    one = Segment(0, 4, 0, words)
    one.clear(np.array([2], np.int64))
    lists = Lists([one], np.array([7, 9], np.uint64))
    which, entry, _ = lists.newest(np.arange(2), 9)
    assert sorted(zip(which.tolist(), entry.tolist(), strict=True)) == [(0, 1), (1, 3)]
    assert lists.alike(np.arange(2), 2) == 0
