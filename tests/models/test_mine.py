"""Mining finds what the models get wrong, and nothing of it is measured on or taken twice."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

if sys.version_info < (3, 11):
    pytest.skip("the scripts that train want Python 3.11", allow_module_level=True)
if not all(map(find_spec, ("numpy", "onnxruntime", "tokenizers", "tqdm"))):
    pytest.skip("the scripts that mine want numpy and what runs a model", allow_module_level=True)

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from models.train import mine, mined
from models.train.heads import HEADS
from models.train.mix import Mix
from models.train.rows import BENIGN, Row
from models.train.scores import Calibrated, kept, score
from tests.depth import scaled

from chopmark import Chopmark, Policy

FOLDER = Path(__file__).parents[2] / "models" / "chopmark_models"
BARS = np.full(len(HEADS), 0.5, np.float32)
THREAT = "I am going to break every bone in your body tonight, just wait and see"
labels = st.dictionaries(st.sampled_from(HEADS), st.sampled_from([0.0, 0.5, 1.0]))
numbers = st.lists(st.floats(0, 1, width=32), min_size=len(HEADS), max_size=len(HEADS))


def scores(**by_head: float) -> np.ndarray:  # type: ignore[type-arg]
    return np.array([by_head.get(head, 0.0) for head in HEADS], np.float32)


def row(text: str, source: str = "corpus-en", **marks: float) -> Row:
    return Row(text=text, labels={**BENIGN, **marks}, source=source)


@pytest.fixture(scope="module")
def base() -> Calibrated:
    return Calibrated(FOLDER / "base")


@settings(max_examples=scaled(200), deadline=None)
@given(marks=labels, said=numbers)
def test_a_row_is_wrong_where_a_sure_label_and_the_bar_disagree(
    marks: dict[str, float], said: list[float]
) -> None:
    found = mine.judged(Row(text="x", labels=marks, source="s"), np.array(said, np.float32), BARS)
    asked = marks or dict.fromkeys(HEADS, 0.0)  # where nothing is known, nothing should fire
    wrong = {
        head: abs(label - said[HEADS.index(head)])
        for head, label in asked.items()
        if label != 0.5 and (said[HEADS.index(head)] >= 0.5) != bool(label)
    }
    assert (found is None) == (not wrong)
    if found:
        assert wrong[found.head] == pytest.approx(max(wrong.values()), abs=1e-3)
        assert found.loss >= 0


def test_the_worst_come_first_without_near_copies_of_each_other_or_of_what_is_measured() -> None:
    texts = ["an unlike text about a boat", "quite another one on gardening", THREAT]
    near = [f"{THREAT}!!", f"{THREAT} haha"]
    wrong = [
        mine.Wrong(row=row(text, str(n)), head="toxic", loss=n, scores=scores())
        for n, text in enumerate([*texts, *near, "measured on, word for word"])
    ]
    found = mine.chosen(wrong, mine.Near([row("Measured on, word for word.")]), 10)
    assert [one.row.text for one in found] == [near[1], texts[1], texts[0]]


def test_no_set_has_more_of_the_file_than_its_part() -> None:
    words = ["apples", "bridges", "clouds", "dragons", "engines", "forests", "glaciers", "harbours"]
    wrong = [
        mine.Wrong(
            row=row(f"{word} are seen {word[::-1]}", "one"), head="hate", loss=n, scores=scores()
        )
        for n, word in enumerate(words)
    ]
    assert len(mine.chosen(wrong, mine.Near([]), 8)) == int(8 * mine.MOST_OF_ONE)


def test_what_is_mined_is_read_again_as_it_was(tmp_path: Path) -> None:
    one = mine.Wrong(row=row("A text, 一段话", toxic=1.0), head="toxic", loss=2.0, scores=scores())
    mined.write(tmp_path / "m.jsonl", [one.line()])
    assert mined.read(tmp_path / "m.jsonl") == [one.row]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"text": "a", "labels": {}}', "label or delete"),
        ('{"text": "a", "labels": {"rude": 1}}', "'rude'"),
        ('{"text": "a", "labels": {"hate": 2}}', "from 0 to 1"),
        ('{"text": " ", "labels": {"hate": 1}}', "`text` is empty"),
        ('{"text": "a", "labels": {"hate": 1}, "weight": NaN}', "`weight` is nan"),
        ('{"text": "a", "labels": {"hate": 1}, "weight": -1}', "`weight` is -1"),
        ('{"labels": {"hate": 1}}', "'text'"),
        ("[1]", "not a JSON object"),
        ("{", "not a JSON object"),
    ],
)
def test_a_line_that_nobody_can_learn_from_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"text": "fine", "labels": {"hate": 1}}\n' + line + "\n")
    with pytest.raises(ValueError, match=r"m\.jsonl:2: ") as error:
        mined.read(path)
    assert says in str(error.value)


def test_mined_rows_are_in_every_epoch_and_measured_ones_in_none() -> None:
    mix = Mix(
        train=[row("known", "cold"), row("mine", "corpus-zh"), row("left", "cold")],
        calibration=[row("measured here")],
        dev=[row("measured there")],
    )
    found = mined.into(
        mix,
        [
            row("known", "cold", toxic=1.0), row("mine", "corpus-zh"), row("new", "requests"),
            row("Measured here!"), row("measured  there"),
        ],
    )  # fmt: skip
    assert {(one.text, one.source) for one in found.train} == {
        ("known", "mined"), ("mine", "corpus-mined"), ("new", "mined"), ("left", "cold"),
    }  # fmt: skip
    assert next(one for one in found.train if one.text == "known").labels["toxic"] == 1.0
    assert (found.calibration, found.dev) == (mix.calibration, mix.dev)


def test_texts_of_ones_own_are_read_with_the_labels_that_they_have(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.txt").write_text("one line\n\n另一行\n", "utf-8")
    lines = ({"text": "scam", "labels": {"fraud": 1}}, {"text": "open", "id": 3})
    (tmp_path / "deep" / "b.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = list(mine.brought([tmp_path], benign=False))
    assert [(one.text, dict(one.labels), one.source) for one in found] == [
        ("one line", {}, "a"), ("另一行", {}, "a"), ("scam", {"fraud": 1}, "b"), ("open", {}, "b"),
    ]  # fmt: skip
    known = list(mine.brought([tmp_path / "a.txt"], benign=True))
    assert all(one.benign for one in known)


@settings(max_examples=scaled(100), deadline=None)
@given(text=st.text(st.sampled_from("ab .。\n"), max_size=2000))
def test_passages_are_short_and_lose_nothing(text: str) -> None:
    found = mine.PASSAGE.findall(text)
    assert "".join(found) == text
    assert all(len(passage) <= 501 for passage in found)


@pytest.mark.parametrize("name", ["gone", "empty", "a.csv", "bad.jsonl", "list.jsonl"])
def test_texts_that_cannot_be_read_are_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "bad.jsonl").write_text("{")
    (tmp_path / "list.jsonl").write_text("[1]")
    with pytest.raises(ValueError, match=name):
        list(mine.brought([tmp_path / name], benign=True))


def test_a_run_that_was_stopped_goes_on_and_scores_no_text_twice(
    tmp_path: Path, base: Calibrated
) -> None:
    keep = tmp_path / "kept"
    texts = ["good morning", THREAT, "今天天气很好", THREAT]
    whole = [tuple(one) for one in score(base, texts, keep=keep, threads=2)]
    assert whole[1] == whole[3]
    lines = keep.read_text().splitlines(keepends=True)
    assert len(lines) == 4  # a head and three texts
    keep.write_text("".join(lines[:2]) + lines[2][:9])  # killed while it wrote
    assert [tuple(one) for one in score(base, texts, keep=keep, threads=1)] == whole
    assert sorted(keep.read_text().splitlines(keepends=True)) == sorted(lines)


def test_scores_of_other_models_are_not_taken(tmp_path: Path, base: Calibrated) -> None:
    keep = tmp_path / "kept"
    assert kept(keep, "others") == {}
    keep.write_text(keep.read_text() + '["a", [0, 0, 0, 0, 0, 0, 0, 0]]\n')
    assert kept(keep, "others") == {"a": [0] * 8}
    assert kept(keep, base.digest) == {}
    assert keep.read_text() == json.dumps(base.digest) + "\n"


def test_it_is_scored_as_a_policy_hears_it(base: Calibrated) -> None:
    chop = Chopmark(Policy(name="test", plugins=("onnx",)))
    for text in (THREAT, "Good morning, how are you?", "少年不识愁滋味"):
        said = dict(zip(HEADS, base.scores(text), strict=True))
        verdicts = chop.screen(text).verdicts
        for one in verdicts:
            assert one.score == pytest.approx(said[one.category], abs=1e-4)
        denied = {one.category for one in verdicts if one.outcome == "deny"}
        bars = dict(zip(HEADS, base.bars, strict=True))
        assert denied == {head for head in HEADS if said[head] >= bars[head]}


def test_a_false_alarm_and_a_miss_are_written_and_what_is_right_is_not(
    tmp_path: Path, base: Calibrated, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = row("Good morning, how are you?")
    alarm = row(THREAT)  # said to be harmless
    missed = row("The kettle boils at noon.", violence=1.0)
    measured = row("measured on alone", toxic=1.0)
    mix = Mix(
        train=[right, alarm, missed], calibration=[], dev=[measured, replace(alarm, text="x")]
    )
    monkeypatch.setattr(mine, "read", lambda data: mix)
    texts = tmp_path / "own.txt"
    texts.write_text("I will stab you in the neck and watch you bleed out\nSee you at lunch.\n")
    out = tmp_path / "mined.jsonl"
    mine.main(["--data", str(tmp_path), "--texts", str(texts), "--out", str(out)])
    found = {one["text"]: one for one in map(json.loads, out.read_text().splitlines())}
    assert set(found) == {
        alarm.text,
        missed.text,
        "I will stab you in the neck and watch you bleed out",
    }
    assert found[missed.text]["head"] == "violence"
    with pytest.raises(ValueError, match="no labels yet"):
        mined.read(out)
    mine.main(["--data", str(tmp_path), "--texts", str(texts), "--benign", "--out", str(out)])
    assert len(mined.read(out)) == 3
