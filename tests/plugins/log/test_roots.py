"""Roots at many sizes, and runs of entries, are what one leaf after the other gives."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.log.logs import faults_of, fill

from chopmark_log._folder import LogFolder
from chopmark_log._roots import Roots
from chopmark_log.verify import EMPTY_ROOT, root_of

LEAVES = [number.to_bytes(32, "big") for number in range(900)]


@cache
def naive(size: int) -> bytes:
    return root_of(LEAVES[:size])


@given(
    size=st.integers(0, 900),
    cuts=st.lists(st.integers(0, 900), max_size=5),
    wanted=st.sets(st.integers(0, 900), max_size=6),
)
def test_however_leaves_come_the_roots_are_those_of_the_trees(
    size: int, cuts: list[int], wanted: set[int]
) -> None:
    roots = Roots(wanted)
    at = 0
    for cut in sorted({min(one, size) for one in cuts} | {size}):
        roots.add(LEAVES[at:cut])
        at = cut
    roots.end()
    expected = {one: naive(one) for one in {*wanted, size, 0} if one <= size}
    assert roots.found == expected
    assert roots.found[0] == EMPTY_ROOT


def test_a_run_ends_where_an_entry_is_missing_and_is_cut_to_what_was_asked(
    folder: LogFolder,
) -> None:
    fill(folder, 300)
    store = folder.open(writing=True)
    store.file.rows("DELETE FROM entries WHERE at IN (260, 261, 299)")
    found = [(run.first, len(run.leaves)) for run in store.runs(0, 300)]
    assert found == [(0, 256), (256, 4), (262, 37)]
    assert [(run.first, len(run.leaves)) for run in store.runs(100, 265)] == [
        (100, 156), (256, 4), (262, 3),
    ]  # fmt: skip
    assert [entry.index for entry in store.entries(258, 264)] == [258, 259, 262, 263]
    store.close()


def test_a_record_that_is_twice_or_missing_is_named_by_its_writer(folder: LogFolder) -> None:
    fill(folder, 4)
    store = folder.open(writing=True)
    twice = store.entry(2).leaf
    store.take([(None, twice)], {})
    store.close()
    assert "entry 4 is number 2 of writer" in faults_of(folder)[0]
    assert "and 4 was to come" in faults_of(folder)[0]
