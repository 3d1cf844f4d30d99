"""The command `chopmark models suite`, and the suite that comes with the models."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import chopmark_models
from chopmark._cli import cli
from chopmark.shares import wilson
from chopmark_onnx._detector import OnnxDetector
from chopmark_onnx._functional import Line, Tally
from chopmark_onnx._options import ModelOptions
from chopmark_onnx._suite import Family, read_suite

UNSAFE, BENIGN, SIDES = 1877, 2525, ("unsafe", "controversial", "benign")


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["models", "suite", *arguments])
    return done.exit_code, done.output


def family(tests: str, labels: set[str], unsafe: str, benign: str) -> Family:
    """Return a family whose texts are single characters, as the toy model reads them."""
    return Family(
        name=tests, tests=tests, labels=frozenset(labels), unsafe=tuple(unsafe),
        benign=tuple(benign),
    )  # fmt: skip


def tallied(folder: Path, families: list[Family], **options: Any) -> tuple[Tally, list[Line]]:
    detector = OnnxDetector(ModelOptions(folder=folder, **{"threshold": 0.9, **options}))
    tally = Tally("toy", detector, families)
    for one in families:
        tally.take(one, lambda: None)
    return tally, list(tally.lines())


def counts(lines: list[Line]) -> dict[str, tuple[int, int, int, int]]:
    return {
        line.name or line.by: (
            line.caught.right, line.caught.texts, line.left_alone.right, line.left_alone.texts,
        )
        for line in lines
    }  # fmt: skip


def test_what_is_caught_and_left_alone_is_counted_by_functionality_and_by_head(
    plain: Path,
) -> None:
    families = [
        family("news", {"toxic"}, unsafe="毒恨怨", benign="a毒"),
        family("news", {"hate", "toxic"}, unsafe="恨", benign="b"),
        family("everyday", set(), unsafe="", benign="恨cd"),
    ]
    tally, lines = tallied(plain, families)
    assert [(one.functionality, one.unsafe, one.denied, one.text) for one in tally.wrong] == [
        ("news", True, (), "怨"), ("news", False, ("toxic",), "毒"),
        ("everyday", False, ("hate",), "恨"),
    ]  # fmt: skip
    assert counts(lines) == {
        "all": (3, 4, 4, 6),
        "everyday": (0, 0, 2, 3),
        "news": (3, 4, 2, 3),
        "hate": (1, 1, 1, 1),
        "toxic": (1, 4, 2, 3),  # hate that is caught for hate alone is not caught as toxic
    }
    assert [line.by for line in lines] == ["all", *["functionality"] * 2, *["head"] * 2]
    for share in (side for line in lines for side in (line.caught, line.left_alone)):
        assert (share.low, share.high) == pytest.approx(wilson(share.right, share.texts), abs=1e-4)


def test_unsafe_texts_of_heads_that_a_model_lacks_are_left_out_and_counted(plain: Path) -> None:
    families = [
        family("news", {"fraud"}, unsafe="ab", benign="毒c"),
        family("news", {"fraud", "hate"}, unsafe="恨", benign="d"),
    ]
    tally, lines = tallied(plain, families)
    assert tally.left_out == 2
    assert counts(lines) == {"all": (1, 1, 2, 3), "news": (1, 1, 2, 3), "hate": (1, 1, 1, 1)}


def test_a_rule_over_a_head_counts_for_the_head(toy: Any) -> None:
    folder = toy(labels=("sexual", "hate", "threat"), positions=64)
    families = [Family(
        name="minor", tests="plain", labels=frozenset({"sexual"}), unsafe=("我今年十二岁。x",),
        benign=(),
    )]  # fmt: skip
    _, lines = tallied(folder, families)
    assert counts(lines)["sexual"] == (1, 1, 0, 0)


def test_the_threshold_is_a_preset_of_the_model_or_a_score(toy: Any) -> None:
    guard = {"thresholds": {"balanced": dict.fromkeys(("toxic", "hate", "threat"), 0.6)}}
    folder = toy(guard=guard)
    families = [family("news", {"toxic"}, unsafe="怨x毒", benign="")]  # scores 0.5, 0.88, 1
    caught = {
        at: counts(tallied(folder, families, threshold=at)[1])["all"][0]
        for at in (0.4, "balanced", 0.9, 1.0)
    }
    assert caught == {0.4: 3, "balanced": 2, 0.9: 1, 1.0: 0}


def test_a_folder_is_measured_on_every_text_of_a_language(plain: Path) -> None:
    status, said = run(str(plain), "--threshold", "0.5", "--language", "zh", "--json")
    assert status == 0
    [found] = json.loads(said)
    assert (found["model"], found["threshold"], found["languages"]) == (str(plain), 0.5, ["zh"])
    families = read_suite(["zh"])
    known = [one for one in families if one.labels & {"toxic", "hate"}]
    every = found["lines"][0]
    assert every["by"] == "all"
    assert every["caught"]["texts"] == sum(len(one.unsafe) for one in known)
    assert every["left_alone"]["texts"] == sum(len(one.benign) for one in families)
    others = sum(len(one.unsafe) for one in families) - every["caught"]["texts"]
    assert found["left_out"] == others > 0
    assert found["wrong"] is None
    assert {line["name"] for line in found["lines"] if line["by"] == "functionality"} == {
        one.tests for one in families
    }


def test_labels_of_another_name_are_measured_under_that_of_the_suite(toy: Any) -> None:
    folder = toy(labels=("LABEL_0", "LABEL_1", "LABEL_2"))
    how = ("--threshold", "0.5", "--language", "en")
    status, said = run(str(folder), *how)
    assert status == 1
    assert "says LABEL_0, LABEL_1, LABEL_2, unjudged, and the suite is about fraud, hate," in said
    assert "--head LABEL=violence" in said
    named = (*how, "--head", "LABEL_0=toxic", "--head", "LABEL_2=")
    status, said = run(str(folder), *named, "--wrong")
    assert status == 0
    heads, _, texts = said.partition("HEAD ")[2].partition("FAMILY ")
    assert [row.split()[0] for row in heads.split("\n\n")[0].splitlines()[1:]] == ["all", "toxic"]
    assert re.search(r"^exam_a1_everyday/\S+ +\w+ +missed +- +\S", texts, re.M)


def test_two_models_are_heard_as_a_policy_hears_them(toy: Any) -> None:
    small = toy(guard={"unsure": {"toxic": 0.4}})
    large = toy(words={"怨": (6.0, -6.0, -6.0)})
    families = [family("news", {"toxic"}, unsafe="怨", benign="a")]
    alone = counts(tallied(small, families)[1])["all"]
    both = counts(tallied(small, families, second=large)[1])["all"]
    assert (alone, both) == ((0, 1, 1, 1), (1, 1, 1, 1))
    how = ("--threshold", "0.9", "--language", "en", "--json")
    status, said = run(str(small), "--second", str(large), *how, "--wrong")
    assert status == 0
    [found] = json.loads(said)
    assert found["model"] == f"{small} + {large}"
    missed = found["lines"][0]["caught"]
    assert sum(one["unsafe"] for one in found["wrong"]) == missed["texts"] - missed["right"]


@pytest.mark.parametrize(
    ("given", "status", "message"),
    [
        (("--threshold", "loud"), 2, "'loud' is none; write strict, balanced, permissive, or a"),
        (("--threshold", "1.5"), 2, "or a score from 0 to 1"),
        (("--threshold", "nan"), 2, "or a score from 0 to 1"),
        (("--head", "toxic"), 2, "'toxic' is none; write LABEL=HEAD"),
        (("--head", "=toxic"), 2, "'=toxic' is none; write LABEL=HEAD"),
        (("--head", "gone=toxic"), 1, "has no such label; there are toxic, hate, threat"),
        ((), 1, "guard.json has no such threshold for 'toxic'; write a score from 0 to 1"),
        (("--language", "fr"), 2, "'fr' is not one of 'en', 'zh'"),
        (("--second", "gone"), 1, "is not there; name a folder"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_said_with_the_cure(
    plain: Path, given: tuple[str, ...], status: int, message: str
) -> None:
    ended, said = run(str(plain), *given)
    assert ended == status
    assert message in " ".join(said.split())
    assert "Traceback" not in said


def test_a_second_model_wants_a_first_one() -> None:
    status, said = run("--second", "bundled:base")
    assert status == 2
    assert "name the MODEL that --second is heard with" in said


def test_a_model_that_labels_tokens_is_refused(toy: Any) -> None:
    folder = toy(config={"architectures": ["ToyForTokenClassification"]})
    status, said = run(str(folder))
    assert status == 1
    assert "labels tokens, and the suite is of whole texts" in said


def test_the_suite_has_what_the_documents_say() -> None:
    families = read_suite([*chopmark_models.suites()])
    assert sum(len(one.unsafe) for one in families) == UNSAFE
    assert sum(len(one.benign) for one in families) == BENIGN
    page = (Path(__file__).parents[3] / "docs" / "classifiers.md").read_text("utf-8")
    assert f"{UNSAFE:,} unsafe and {BENIGN:,} benign texts" in page


def test_what_is_packed_is_what_was_written() -> None:
    """`python -m models.evaluate.pack` was run after the last change of a text."""
    tomllib = pytest.importorskip("tomllib")
    sources = Path(__file__).parents[3] / "models" / "evaluate" / "suite"
    packed = chopmark_models.suites()
    assert sorted(packed) == sorted(path.name for path in sources.iterdir())
    for language, file in packed.items():
        written = [
            {
                "name": f"{path.stem}/{one['name']}",
                "tests": one["tests"],
                "labels": one.get("labels", []),
                **{side: one[side] for side in SIDES if one.get(side)},
            }
            for path in sorted((sources / language).glob("*.toml"))
            for one in tomllib.loads(path.read_text("utf-8"))["family"]
        ]
        text = gzip.decompress(file.read_bytes()).decode("utf-8")
        assert [json.loads(line) for line in text.splitlines()] == written
        assert file.stat().st_size < 400_000


@pytest.mark.skipif(not chopmark_models.names(), reason="no model is bundled in this checkout")
def test_the_bundled_models_do_better_together_than_the_small_one_alone() -> None:
    families = [one for one in read_suite(["en"]) if one.name.startswith("exam_c1")]
    small, base = (chopmark_models.path(name) for name in ("small", "base"))
    alone = tallied(small, families, threshold="balanced")[1][0]
    both = tallied(small, families, threshold="balanced", second=base)[1][0]
    assert alone.caught.texts == sum(len(one.unsafe) for one in families)
    assert alone.caught.right < both.caught.right


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals, and no such terminals")
def test_a_terminal_has_a_bar_and_ctrl_c_ends_it_with_130_and_leaves_nothing(
    toy: Any, tmp_path: Path
) -> None:
    folder = toy(slow=300)
    before = sorted(folder.iterdir())
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "chopmark", "models", "suite", folder, "--threshold", "0.5"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs) as program:
        os.close(theirs)
        shown = b""
        while not re.search(rb"judging .* [1-9]%", shown):
            shown += os.read(ours, 4096)
        program.send_signal(signal.SIGINT)
        printed, _ = program.communicate(timeout=60)
    rest = os.read(ours, 65536)
    os.close(ours)
    assert program.returncode == 130
    assert printed == b""
    assert rest.rstrip().endswith(b"interrupted")
    assert b"Traceback" not in rest
    assert [*tmp_path.iterdir()] == []
    assert sorted(folder.iterdir()) == before
