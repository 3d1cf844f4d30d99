"""Each 30 days of answers have a key of fingerprints, which goes when none of them is kept."""

from __future__ import annotations

import random
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.log.logs import content_of, log_of
from tests.plugins.log.test_find import best, chinese, english, traces

from chopmark.testing import sample_record
from chopmark_log._epochs import SPAN, Epochs, destroy, epoch_of, epochs_in
from chopmark_log._erase import registrar
from chopmark_log._find import find
from chopmark_log._find_index import _starts, _Text
from chopmark_log._folder import LogFolder
from chopmark_log._master import Subject, read_master
from chopmark_log._segments import Segments, gaps

NOW = time.time_ns() // 1_000_000
LAW = "erasure as the law wants it"


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path / "log")


def fill(folder: LogFolder, answers: list[str], ages: list[int], users: str = "") -> None:
    """Append answers of so many epochs ago, the oldest first."""
    log = log_of(folder)
    for n, (answer, age) in enumerate(zip(answers, ages, strict=True)):
        record = replace(sample_record(), time=NOW - age * SPAN)
        log.append_with(record, content_of(users or f"user-{age}", answer + f" {n}"))
    log.close()


def keys_of(folder: LogFolder) -> set[int]:
    return epochs_in(folder.path / "fp")


def test_answers_of_many_months_are_found_each_under_a_key_of_its_own(folder: LogFolder) -> None:
    ages = [5, 5, 3, 3, 3, 1, 0]
    fill(folder, [english(n) for n in range(7)], ages)
    for n in range(7):
        assert best(find(folder, english(n))).index == n
        quoted = f"{chinese(1)} {english(n)[20:120]} {chinese(2)}"
        assert best(find(folder, quoted)).index == n
    now = epoch_of(NOW)
    assert keys_of(folder) == {now - 5, now - 3, now - 1, now}
    found = Segments(folder.path / "fp").read()
    assert [(one.first, one.end, now - one.epoch) for one in found] == [
        (0, 2, 5), (2, 5, 3), (5, 6, 1), (6, 7, 0),
    ]  # fmt: skip
    keys = Epochs(folder.path / "fp", read_master(folder).fingerprints).read()
    assert len(set(keys.values())) == 4


def test_a_text_longer_than_any_answer_is_looked_for_under_all_keys(folder: LogFolder) -> None:
    fill(folder, [english(n) for n in range(3)], [4, 2, 0])
    parts = [f"{english(100 + n, 700)} {english(n)}" for n in range(3)]
    told = find(folder, " ".join(parts))
    assert told.compared > 1 << 13
    assert sorted(one.index for one in told.matches if one.worth == "enough") == [0, 1, 2]


def test_what_many_answers_of_different_months_share_is_common(folder: LogFolder) -> None:
    formula = "As a language model I cannot give advice on this matter, please ask a professional."
    answers = [f"{english(n)} {formula} {english(n + 90)}" for n in range(24)]
    fill(folder, answers, [7 - n // 3 for n in range(24)])
    told = find(folder, f"{chinese(1)}{formula}{chinese(2)}")
    assert not told.found
    parts = [part for match in told.matches for part in match.parts]
    assert {part.worth for part in parts} == {"common"}
    assert max(part.entries for part in parts) >= 12
    assert best(find(folder, answers[4])).index == 4


def test_words_that_answers_of_other_months_use_make_no_quotation_common(tmp_path: Path) -> None:
    quoted = english(90, 7)
    words = [quoted[at : at + 24] for at in range(0, len(quoted) - 24, 3)]
    answers = [f"{english(n)} {words[n % len(words)]} {english(n + 50)}" for n in range(96)]
    answers[88] = f"{english(195)} {quoted} {english(196)}"
    entries: list[int] = []
    for name in "abcdefg":  # keys are chance, and by some the quotation is not found at all
        folder = LogFolder(tmp_path / name)
        fill(folder, answers, [7 - n // 12 for n in range(96)])
        told = find(folder, f"{chinese(1)}{quoted}{chinese(2)}")
        entries += [one.parts[0].entries for one in told.matches if one.index == 88]
    assert len(entries) >= 3
    assert sum(entries) < 10.5 * len(entries)  # counting any gram of it, as many as make it common


def test_the_key_of_past_answers_is_destroyed_with_the_last_of_them(folder: LogFolder) -> None:
    fill(folder, [english(n) for n in range(4)], [4, 4, 2, 0])
    find(folder, english(0))
    kept = folder.path.with_name("a copy")
    shutil.copytree(folder.path / "fp", kept)
    now = epoch_of(NOW)
    with registrar(folder) as by:
        by.erase(Subject.of("user-0", ""), LAW)
        by.prune()
    assert keys_of(folder) == {now - 4, now - 2, now}  # calls of this month are to come
    with registrar(folder) as by:
        by.erase(Subject.of("user-4", ""), LAW)
        by.prune()
    assert keys_of(folder) == {now - 2, now}
    row = (kept / "keys").read_bytes()[: 8 + 12 + 48]
    assert row not in (folder.path / "fp" / "keys").read_bytes()
    assert find(folder, english(1)).matches == ()
    assert best(find(folder, english(2))).index == 2
    assert gaps(Segments(folder.path / "fp").read(), 6) == []
    fill(folder, [english(8)], [4], "late")  # which the index takes for one of this month
    assert best(find(folder, english(8))).how == "in part"
    assert keys_of(folder) == {now - 2, now}


@pytest.mark.parametrize("harm", ["lost", "damaged", "torn"])
def test_an_index_whose_keys_are_gone_is_made_anew(folder: LogFolder, harm: str) -> None:
    fill(folder, [english(n) for n in range(3)], [2, 1, 0])
    find(folder, english(0))
    file = folder.path / "fp" / "keys"
    data = file.read_bytes()
    if harm == "lost":
        file.unlink()
    else:
        file.write_bytes(data[:30] + bytes(9) + data[39:] if harm == "damaged" else data[:-5])
    for n in range(3):
        assert best(find(folder, english(n))).index == n
    assert gaps(Segments(folder.path / "fp").read(), 3) == []
    with registrar(folder) as by:
        by.erase(Subject.of("user-2", ""), LAW)
    assert traces(folder, english(0)) == 0


def test_who_may_write_nothing_finds_under_kept_keys_and_others(folder: LogFolder) -> None:
    fill(folder, [english(0)], [2])
    find(folder, english(0))
    fill(folder, [english(1)], [0])
    before = {file: file.read_bytes() for file in (folder.path / "fp").iterdir()}
    for n in range(2):
        assert best(find(folder, english(n), writing=False)).index == n
    assert {file: file.read_bytes() for file in (folder.path / "fp").iterdir()} == before


@given(st.lists(st.integers(-3 * SPAN, 9 * SPAN), max_size=20), st.integers(0, 800))
def test_epochs_of_a_range_only_grow_and_none_is_to_come(ages: list[int], floor: int) -> None:
    texts = [_Text(10 + n, NOW - age, "x") for n, age in enumerate(ages)]
    starts = _starts(10, texts, floor)
    assert starts[0][0] == 10
    assert starts == sorted(starts)
    assert len({epoch for _, epoch in starts}) == len(starts)
    assert floor <= starts[0][1]
    assert starts[-1][1] <= max(floor, epoch_of(time.time_ns() // 1_000_000))


def test_a_key_that_was_destroyed_can_be_made_again_and_is_another(tmp_path: Path) -> None:
    chance = random.Random(1)
    kept = Epochs(tmp_path, chance.randbytes(32))
    made = {number: kept.make(number) for number in (0, 5, 6)}
    assert kept.read() == made
    assert Epochs(tmp_path, chance.randbytes(32)).read() == {}
    destroy(tmp_path, {0, 6})
    assert (kept.read(), epochs_in(tmp_path)) == ({5: made[5]}, {5})
    assert kept.make(6) != made[6]
    assert epochs_in(tmp_path) == {5, 6}
