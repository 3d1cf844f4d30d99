"""The corpus is what its datasheet says: labels checked, both sides there, no twin crossing."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

if sys.version_info < (3, 11):
    pytest.skip("the scripts that train want Python 3.11", allow_module_level=True)

sys.path.insert(0, str(Path(__file__).parents[2]))

from models.train.corpus import FOLDER, SUITE, Family, families, read
from models.train.describe import contradictions
from models.train.heads import HEADS
from models.train.overlap import plain, without_dev


@pytest.fixture(scope="module")
def corpus() -> list[Family]:
    return [*families(FOLDER)]


def test_no_text_is_unsafe_in_one_place_and_benign_in_another(corpus: list[Family]) -> None:
    assert contradictions([*corpus, *families(SUITE)]) == []


def test_every_head_has_texts_on_both_sides_in_both_languages(corpus: list[Family]) -> None:
    counted: Counter[tuple[str, str]] = Counter()
    benign: Counter[str] = Counter()
    for family in corpus:
        benign[family.language] += len(family.benign)
        for head in family.labels:
            counted[family.language, head] += len(family.unsafe)
    for language in ("en", "zh"):
        assert benign[language] > 5_000
        assert all(counted[language, head] >= 300 for head in HEADS)


@pytest.mark.parametrize("step", [48, pytest.param(1, marks=pytest.mark.deep)])
def test_no_text_and_no_twin_is_on_two_sides_of_the_split(step: int) -> None:
    """Each row for training is compared with all of the dev set, of `step` 48 one in so many."""
    every = [row for n, row in enumerate(read()) if row.part == "dev" or n % step == 0]
    rows, dropped = without_dev(every)
    parts: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        parts[plain(row.text)].add(row.part)
    assert all(len(found) == 1 for found in parts.values())
    assert dropped < len(rows) / 50
    assert {row.part for row in rows if row.source.startswith("suite")} == {"dev"}


def test_a_file_with_an_unknown_head_is_refused(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "x.toml").write_text(
        '[[family]]\nname = "a"\ntests = "plain"\nlabels = ["rude"]\nunsafe = ["x"]\n'
    )
    with pytest.raises(ValueError, match="'a' has an unknown head"):
        list(families(tmp_path))
