"""Fingerprints on disk: found again, merged without loss, and gone once they are cleared."""

from __future__ import annotations

import gc
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chopmark import LogError
from chopmark_log import _mapped, _merging, _search, _segments
from chopmark_log._lists import Lists
from chopmark_log._mapped import Mapped
from chopmark_log._merging import in_order
from chopmark_log._search import first_of
from chopmark_log._segments import Segment, Segments, gaps

words = st.integers(0, 2**40 - 1) | st.integers(0, 5)
docs = st.lists(st.frozensets(words, max_size=5), max_size=30)


@pytest.fixture
def kept(tmp_path: Path) -> Segments:
    return Segments(tmp_path / "fp")


def segment(first: int, texts: Iterable[Iterable[int]], epoch: int = 1) -> Segment:
    texts = [list(one) for one in texts]
    pairs = [(first + n, word) for n, one in enumerate(texts) for word in one]
    entries = np.array([entry for entry, _ in pairs], np.int64)
    fingerprints = np.array([word for _, word in pairs], np.uint64)
    return Segment.of(first, first + len(texts), epoch, entries, fingerprints)


def fill(kept: Segments, texts: list[frozenset[int]], sizes: Iterator[int]) -> None:
    first = 0
    while first < len(texts):
        count = next(sizes)
        with kept.writing():
            kept.add(segment(first, texts[first : first + count]))
        first += count


def found(kept: Segments, word: int, most: int = 100) -> list[int]:
    segments = kept.read()
    if not segments:
        return []
    lists = Lists(segments, np.array([word], np.uint64))
    return sorted(lists.newest(np.zeros(1, np.int64), most)[1].tolist())


@given(docs, st.lists(st.integers(5, 12), min_size=1), st.sets(st.integers(0, 29)))
@settings(max_examples=15, deadline=None)
def test_what_was_added_is_found_until_it_is_cleared(
    texts: list[frozenset[int]], sizes: list[int], gone: set[int]
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        kept = Segments(folder / "fp")
        (folder / "fp").mkdir()
        turns = iter(sizes * 30)
        fill(kept, texts, turns)
        assert gaps(kept.read(), len(texts)) == []
        assert gaps(kept.read(), len(texts) + 3) == [(len(texts), len(texts) + 3)]
        for word in frozenset().union(*texts) | {7}:
            assert found(kept, word) == [n for n, one in enumerate(texts) if word in one]
        with kept.writing():
            kept.clear(sorted(gone))
        for word in frozenset().union(*texts):
            left = [n for n, one in enumerate(texts) if word in one and n not in gone]
            # What stood before a cleared word may stand there twice, and is true both times.
            assert found(kept, word) == left
        assert gaps(kept.read(), len(texts)) == []
    finally:
        shutil.rmtree(folder)


def test_a_cleared_fingerprint_stands_in_no_file(kept: Segments) -> None:
    secrets = [0x1234567890 + n for n in range(3)]
    fill(kept, [frozenset({n, 2**39 + n}) for n in range(40)], iter([20, 20]))
    with kept.writing():
        kept.add(segment(40, [secrets, [99]]))

    def traces() -> list[int]:
        data = b"".join(file.read_bytes() for file in kept.folder.iterdir())
        return [one for one in secrets if one.to_bytes(5, "little") in data]

    assert traces() == secrets
    with kept.writing():
        kept.clear([40])
    assert traces() == []
    assert found(kept, 99) == [41]
    with kept.writing():
        kept.clear(range(42))  # all that there is
    assert not any(found(kept, word) for word in (0, 5, 99, 2**39))
    assert gaps(kept.read(), 42) == []


def test_segments_are_merged_while_they_are_of_like_size(
    kept: Segments, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [frozenset({n, n + 1000}) for n in range(64)]
    fill(kept, texts, iter([2] * 32))
    assert len(kept.read()) <= 4
    assert found(kept, 1010) == [10]
    monkeypatch.setattr(_segments, "MOST_WORDS", 8)
    with kept.writing():
        for first in range(64, 80, 4):
            kept.add(segment(first, [[1]] * 4))
    assert [len(one.words) for one in kept.read()][1:] == [8, 8, 4]
    assert found(kept, 1) == [1, *range(64, 80)]


def test_of_an_epoch_that_is_over_one_segment_is_left(kept: Segments) -> None:
    ends = []
    with kept.writing():
        for first, count, epoch in ((0, 40, 1), (40, 2, 1), (42, 1, 1), (43, 30, 2), (73, 2, 2)):
            texts = [{n, 7} for n in range(first, first + count)]
            kept.add(segment(first, texts, epoch))
            ends.append([one.end for one in kept.read()])
    assert ends[1] == [40, 42]
    assert [(one.first, one.end) for one in kept.read()] == [(0, 43), (43, 73), (73, 75)]
    assert found(kept, 7) == list(range(75))


@given(
    st.lists(st.integers(0, 99), unique=True), st.lists(st.integers(0, 99), unique=True),
    st.integers(0, 50), st.integers(1, 5),
)  # fmt: skip
def test_words_are_merged_in_order_a_block_at_a_time(
    one: list[int], other: list[int], shift: int, block: int
) -> None:
    left, right = (np.array(sorted(words), np.uint64) for words in (one, other))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_merging, "BLOCK", block)
        blocks = [each.tolist() for each in in_order(left, right, shift)]
    assert [word for each in blocks for word in each] == sorted(
        [*one, *(word + shift for word in other)]
    )


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.sets(st.integers(0, 5)))
def test_what_is_cleared_is_written_over_with_the_nearest_that_stays(
    entries: list[int], gone: set[int]
) -> None:
    words = np.array([n << 24 | entry for n, entry in enumerate(entries)], np.uint64)
    one = Segment(0, 6, 1, words.copy())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_segments, "BLOCK", 3)
        left = one.clear(np.array(sorted(gone), np.int64))
    stay = [n for n, entry in enumerate(entries) if entry not in gone]
    assert left == bool(stay)
    for n, word in enumerate(one.words.tolist()):
        before = [at for at in stay if at <= n] or stay[:1]
        assert word == (words[before[-1]] if stay else 0)


def test_only_the_newest_entries_are_told_and_all_are_counted(kept: Segments) -> None:
    with kept.writing():
        kept.add(segment(0, [[7]] * 20))
    (one,) = kept.read()
    lists = Lists([one], np.array([6, 7], np.uint64))
    which, entries, _ = lists.newest(np.arange(2), 3)
    assert (which.tolist(), entries.tolist()) == ([1, 1, 1], [17, 18, 19])
    assert lists.sizes.tolist() == [0, 20]


@given(
    st.lists(st.integers(0, 40) | st.integers(0, (1 << 64) - 1), max_size=300).map(sorted),
    st.lists(st.integers(0, 42) | st.integers(0, (1 << 64) - 1)).map(sorted),
    st.sampled_from([1, 3, 8]),
)
def test_many_words_are_sought_at_once(words: list[int], sought: list[int], apart: int) -> None:
    some, wanted = np.array(words, np.uint64), np.array(sought, np.uint64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_search, "_APART", apart)
        assert (first_of(some, wanted) == np.searchsorted(some, wanted)).all()


def test_the_list_of_the_highest_fingerprint_ends_with_the_words() -> None:
    last = (1 << 40) - 1
    one = Segment(0, 3, 0, np.array([5 << 24, last << 24, last << 24 | 2], np.uint64))
    low, high = one.bounds(np.array([5, 6, last], np.uint64))
    assert (low.tolist(), high.tolist()) == ([0, 1, 1], [1, 1, 3])


def test_what_a_crash_left_of_a_merge_is_not_found_twice_nor_kept(kept: Segments) -> None:
    with kept.writing():
        kept.add(segment(0, [[1], [2]]))
    (old,) = kept.read()
    assert old.path is not None
    data = old.path.read_bytes()
    with kept.writing():
        kept.add(segment(2, [[1], [2]]))
    old.path.write_bytes(data)
    (kept.folder / "torn.part").write_bytes(b"half")
    assert [(one.first, one.end) for one in kept.read()] == [(0, 4)]
    with kept.writing():
        kept.clear([0])
    assert sorted(file.name for file in kept.folder.iterdir())[1:] == ["lock"]
    assert found(kept, 1) == [2]


@pytest.mark.parametrize("harm", ["short", "foreign", "empty", "other version"])
def test_a_damaged_segment_is_missing_and_is_taken_away(kept: Segments, harm: str) -> None:
    with kept.writing():
        kept.add(segment(0, [[1], [2]]))
    (one,) = kept.read()
    assert one.path is not None
    data = one.path.read_bytes()
    harmed = {
        "short": data[:-3], "foreign": b"x" * 200, "empty": b"",
        "other version": data.replace(b"fp2", b"fp0"),
    }  # fmt: skip
    one.path.write_bytes(harmed[harm])
    assert gaps(kept.read(), 2) == [(0, 2)]
    with kept.writing():
        kept.add(segment(0, [[3], [2]]))
    assert (found(kept, 1), found(kept, 3)) == ([], [0])


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "fp").write_text("a file in its place")
    with (
        pytest.raises(LogError, match="fp' cannot be written"),
        Segments(tmp_path / "fp").writing(),
    ):
        pass


def test_what_is_kept_open_is_what_the_files_say(kept: Segments) -> None:
    looking = Segments(kept.folder, Mapped().open)
    with kept.writing():
        kept.add(segment(0, [[1, 2], [2]], 1))
    assert found(looking, 1) == [0]
    ((first,), (again,)) = looking.read(), looking.read()
    assert first is again
    with kept.writing():
        kept.clear([0])
    assert (found(looking, 1), found(looking, 2)) == ([], [1])
    with kept.writing():
        kept.add(segment(2, [[1], [1]], 1))  # which is merged with the one that is open
    assert (found(looking, 1), found(looking, 2)) == ([2, 3], [1])
    with kept.writing():
        kept.clear(range(4))  # its file is another one now
    assert found(looking, 1) == found(looking, 2) == []
    (one,) = looking.read()
    assert one.path is not None
    one.path.write_bytes(b"short")
    assert looking.read() == []


def mapped_files(folder: Path) -> list[str]:
    """Return the files of a folder that this process has mapped, as the system names them."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return [line.split(maxsplit=5)[5] for line in lines if f"{folder}/" in line]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="tells no mappings")
def test_what_was_merged_away_is_let_go_though_nobody_looks_again(
    kept: Segments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mapped, "_CHECKED", 0.01)
    mapped = Mapped()
    with kept.writing():
        kept.add(segment(0, [[1], [2]]))
    Segments(kept.folder, mapped.open).read()
    assert len(mapped_files(kept.folder)) == 1
    with kept.writing():
        kept.add(segment(2, [[1], [1]]))
    wait_until(lambda: not mapped_files(kept.folder))
    assert found(Segments(kept.folder, mapped.open), 1) == [0, 2, 3]
    assert len(mapped_files(kept.folder)) == 1
    monkeypatch.setattr(_mapped, "_KEPT", 0.0)
    wait_until(lambda: not mapped_files(kept.folder))
    monkeypatch.setattr(_mapped, "_KEPT", 300.0)
    assert found(Segments(kept.folder, mapped.open), 1) == [0, 2, 3]
    assert len(mapped_files(kept.folder)) == 1
    del mapped
    gc.collect()
    assert mapped_files(kept.folder) == []


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)
