"""A folder that cannot be used says which file is wrong, and what to do."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chopmark import ModelError, Policy
from chopmark.hookspecs import Detector
from chopmark_onnx import chopmark_detectors

Change = Callable[[Path], object]


def made(folder: Path, **options: Any) -> Detector:
    policy = Policy(name="test").with_options("onnx", model=str(folder), **options)
    [detector] = chopmark_detectors(policy)
    return detector


@pytest.fixture
def copy(plain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain, tmp_path / "copy"))


def edit(name: str, **changes: Any) -> Change:
    def change(folder: Path) -> None:
        file = folder / name
        data = json.loads(file.read_text("utf-8")) if file.exists() else {}
        file.write_text(json.dumps({**data, **changes}), "utf-8")

    return change


def write(name: str, content: str) -> Change:
    return lambda folder: (folder / name).write_text(content, "utf-8")


def remove(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
BROKEN: dict[str, tuple[Change, str]] = {
    "no network": (remove("model.onnx"), "has no network; put one of model.onnx, onnx/model.onnx"),
    "pointer": (write("model.onnx", POINTER), r"model.onnx' is a Git LFS pointer"),
    "no tokenizer": (remove("tokenizer.json"), r"tokenizer.json' is not there; save the fast"),
    "no config": (remove("config.json"), r"config.json' cannot be read"),
    "no JSON": (write("config.json", "{"), r"config.json' is not JSON: "),
    "deep JSON": (write("config.json", "[" * 99_999), r"config.json' is not JSON: "),
    "not an object": (write("guard.json", "[]"), r"guard.json' holds no JSON object"),
    "no labels": (edit("config.json", id2label=None), "'id2label'.*an embedding model"),
    "label gap": (edit("config.json", id2label={"0": "a", "2": "b"}), "'id2label'.*the keys"),
    "label twice": (edit("config.json", id2label={"0": "a", "1": "a"}), "'id2label'.*another name"),
    "regression": (edit("config.json", problem_type="regression"), "'problem_type'.*no probab"),
    "problem": (edit("config.json", problem_type=3), "'problem_type': 3 .*give a string"),
    "tiny window": (edit("config.json", max_position_embeddings=3), "at least 4 tokens"),
    "endless": (write("tokenizer_config.json", '{"model_max_length": Infinity}'), "whole number"),
    "guard label": (edit("guard.json", heads={"a": {"label": "b"}}), "'heads.a.label': 'b'.*toxic"),
    "guard index": (edit("guard.json", heads={"toxic": {"index": 1}}), "'toxic' at 0"),
    "guard twice": (
        edit("guard.json", heads={"a": {"label": "toxic"}, "toxic": {}}),
        "two heads have this label",
    ),
    "guard head": (edit("guard.json", heads={"toxic": 3}), "'heads.toxic': 3"),
    "activations": (
        edit("guard.json", heads={"toxic": {"activation": "softmax"}, "hate": {"activation": "x"}}),
        "give all heads one activation",
    ),
    "activation": (edit("guard.json", heads={"toxic": {"activation": "relu"}}), "'activation'"),
    "temperature": (edit("guard.json", temperature={"toxic": 0}), "'temperature.toxic': 0 "),
    "temperature head": (edit("guard.json", temperature={"rude": 1}), "no such head"),
    "bias": (edit("guard.json", bias={"toxic": "a"}), "'bias.toxic': 'a' "),
    "bias head": (edit("guard.json", bias={"rude": 1}), "no such head"),
    "preset": (edit("guard.json", thresholds={"lax": {}}), "strict, balanced, permissive"),
    "threshold": (edit("guard.json", thresholds={"strict": {"toxic": 7}}), "from 0 to 1"),
    "threshold head": (edit("guard.json", thresholds={"strict": {"rude": 1}}), "no such head"),
    "max_tokens": (edit("guard.json", max_tokens=17), "'max_tokens': 17 .*the model takes 16"),
    "stride": (edit("guard.json", stride=17), "'stride': 17 .*give 1 to 16"),
    "report_from": (edit("guard.json", report_from="low"), "'report_from': 'low'"),
    "sha256": (edit("guard.json", sha256="0" * 64), r"model.onnx' has SHA-256 .* guard.json says"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_folder_is_refused_when_the_policy_is_loaded(copy: Path, case: str) -> None:
    change, message = BROKEN[case]
    change(copy)
    with pytest.raises(ModelError, match=message) as raised:
        made(copy)
    assert "copy" in str(raised.value)


NOT_LOADED = r"model.onnx' cannot be loaded by onnxruntime"
LATER: dict[str, tuple[Change, str]] = {
    "truncated network": (
        lambda folder: (folder / "model.onnx").write_bytes(
            (folder / "model.onnx").read_bytes()[:-200]
        ),
        NOT_LOADED,
    ),
    "not a network": (
        write("model.onnx", "<html>404</html>"),
        NOT_LOADED,
    ),
    "empty network": (write("model.onnx", ""), NOT_LOADED),
    "tokenizer": (write("tokenizer.json", '{"version": "1.0"}'), r"tokenizer.json' cannot be read"),
    "no room": (edit("guard.json", prefix="abcdefghijklmnop"), "has no room beside 18"),
    "two labels": (
        edit("config.json", id2label={"0": "toxic", "1": "hate"}, problem_type=None),
        r"shape \[1, 3\].*wanted is \[1, 2\] for the 2 labels in config.json",
    ),
}


@pytest.mark.parametrize("case", LATER)
def test_what_only_running_it_shows_is_refused_at_first_use(copy: Path, case: str) -> None:
    change, message = LATER[case]
    if case == "two labels":
        (copy / "guard.json").unlink()
    change(copy)
    with pytest.raises(ModelError, match=message):
        made(copy, warm_up=True)


@pytest.mark.parametrize(
    "place", ["model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx"]
)
def test_the_network_may_be_where_exporters_put_it(toy: Any, place: str) -> None:
    made(toy(place=place), warm_up=True)


def test_a_digest_in_the_policy_is_checked(copy: Path) -> None:
    digest = hashlib.sha256((copy / "model.onnx").read_bytes()).hexdigest()
    made(copy, sha256=digest.upper())
    with pytest.raises(ModelError, match="the policy says 1111"):
        made(copy, sha256="1" * 64)


def test_a_folder_that_changes_after_the_policy_was_loaded_is_not_used(copy: Path) -> None:
    detector = made(copy)
    edit("config.json", problem_type=None)(copy)
    with pytest.raises(ModelError, match="was changed after the policy was loaded"):
        detector.judge("毒", None)  # type: ignore[arg-type]


def test_a_missing_folder_and_a_file_are_told_apart(plain: Path) -> None:
    with pytest.raises(ModelError, match="gone' is not there; name a folder"):
        made(plain / "gone")
    with pytest.raises(ModelError, match="xxx' is not there; name a folder"):
        made(plain / ("x" * 300))  # no system has a file of such a name
    with pytest.raises(ModelError, match=r"model\.onnx' is a file; name a folder"):
        made(plain / "model.onnx")
    policy = Policy(name="test").with_options("onnx", model="bundled:nothing")
    with pytest.raises(ModelError, match="no bundled model is called 'nothing'"):
        chopmark_detectors(policy)


def test_roberta_counts_two_positions_too_many(toy: Any) -> None:
    assert made(toy(positions=514)).folder.max_tokens == 512  # type: ignore[attr-defined]
    assert made(toy(positions=130)).folder.max_tokens == 128  # type: ignore[attr-defined]
    assert made(toy(positions=126)).folder.max_tokens == 126  # type: ignore[attr-defined]


def test_a_window_is_never_longer_than_the_tokenizer_says(copy: Path) -> None:
    edit("tokenizer_config.json", model_max_length=8)(copy)
    assert made(copy).folder.max_tokens == 8  # type: ignore[attr-defined]
    edit("tokenizer_config.json", model_max_length=10**30)(copy)
    assert made(copy).folder.max_tokens == 16  # type: ignore[attr-defined]
