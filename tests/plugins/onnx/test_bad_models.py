"""Models and texts that are wrong in a way of their own: what is said of them, and how long."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tokenizers import Tokenizer, normalizers, processors

import chopmark_models
from chopmark import Chopmark, Context, ModelError, Policy, PolicyError
from chopmark._cli import cli
from chopmark_onnx import OnnxDetector, chopmark_detectors

OUTPUT = Context(direction="output")
EMOJI = ("😀", "🏳️‍🌈", "👩‍👩‍👧‍👦", "🇨🇳🇬🇧", "1️⃣2️⃣", "😀" * 200, "\U000e0041", "❤️‍🔥 ❤️")


def made(folder: Path | str, **options: Any) -> OnnxDetector:
    policy = Policy(name="test").with_options("onnx", model=str(folder), **options)
    [detector] = chopmark_detectors(policy)
    assert isinstance(detector, OnnxDetector)
    return detector


def change_tokenizer(folder: Path, **parts: Any) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.mark.parametrize("network", [{"opset": 99}, {"ir": 99}, {"opset": 99, "ir": 99}], ids=str)
def test_a_network_that_is_too_new_is_told_with_both_versions(
    toy: Any, network: dict[str, int]
) -> None:
    import onnxruntime

    with pytest.raises(ModelError, match=r"model\.onnx' cannot be loaded by") as raised:
        made(toy(**network), warm_up=True)
    said = str(raised.value)
    assert f"onnxruntime {onnxruntime.__version__}" in said
    assert "99" in said
    assert "export it with an older opset, or update onnxruntime" in said


@pytest.mark.parametrize("missing", [1, 20])
def test_a_tokenizer_with_more_tokens_than_the_network_is_refused_at_once(
    toy: Any, missing: int
) -> None:
    # Without that it would fail on the texts that have those tokens, and on no other.
    with pytest.raises(ModelError, match=r"has no room for token \d+, .* belong to different"):
        made(toy(missing=missing), warm_up=True)


@pytest.mark.parametrize("network", [{}, {"length": 16}, {"length": 16, "types": True}], ids=str)
def test_a_model_without_a_pad_token_judges_the_same(toy: Any, network: dict[str, Any]) -> None:
    usual, without = made(toy(**network)), made(toy(config={"pad_token_id": None}, **network))
    for text in ("毒", "x", "好", "a" * 30 + "恨"):
        assert without.judge(text, OUTPUT) == usual.judge(text, OUTPUT)


def test_a_pad_token_that_the_network_has_not_is_found_at_once(toy: Any) -> None:
    folder = toy(length=16, config={"pad_token_id": 5000})
    with pytest.raises(ModelError, match="fails on a short text: "):
        made(folder, warm_up=True)


def test_a_network_that_breaks_later_is_named(toy: Any) -> None:
    detector = made(toy(), cache=0)
    detector.warm_up()
    network = detector.stages[0].shared.load().network
    with pytest.raises(ModelError, match=r"model\.onnx' fails on a window of 1 tokens: "):
        network.run([10**6])


@pytest.mark.parametrize("text", EMOJI)
@pytest.mark.parametrize("granularity", ["clause", "whole"])
def test_a_text_of_emoji_alone_is_judged(toy: Any, text: str, granularity: str) -> None:
    policy = Policy(name="test", plugins=("onnx",)).with_options(
        "onnx", model=str(toy(base=(9.0, -9.0, -9.0))), granularity=granularity
    )
    found = Chopmark(policy).screen(text + "\n")
    assert found.failures == ()
    said = {v.category for v in found.verdicts}
    assert said == (set() if text == "\U000e0041" else {"toxic"})  # a tag alone says nothing


@pytest.mark.parametrize("special", [True, False])
@pytest.mark.parametrize("text", EMOJI)
def test_a_text_of_which_the_tokenizer_keeps_nothing_has_no_verdict(
    toy: Any, text: str, special: bool
) -> None:
    folder = toy(base=(9.0, 9.0, 9.0))
    nothing = normalizers.Replace(__import__("tokenizers").Regex(r"[^a-z]"), "")
    change_tokenizer(folder, normalizer=nothing)
    if not special:
        change_tokenizer(folder, post_processor=processors.Sequence([]))
    detector = made(folder)
    assert list(detector.judge(text, OUTPUT)) == []
    assert len(detector.judge(text + "a", OUTPUT)) == 3


@pytest.mark.parametrize("granularity", ["clause", "whole"])
@pytest.mark.parametrize("direction", ["input", "output"])
def test_a_long_text_of_one_character_is_bounded(
    toy: Any, granularity: str, direction: Any
) -> None:
    policy = Policy(name="test", plugins=("onnx",)).with_options(
        "onnx", model=str(toy()), granularity=granularity, max_windows=64
    )
    chop = Chopmark(policy)
    network = chop.detectors[0].stages[0].shared.load().network  # type: ignore[attr-defined]
    run, runs = network.run, []
    network.run = lambda ids: runs.append(ids) or run(ids)
    try:
        found = chop.screen("a" * 100_000, direction=direction)
    finally:
        del network.run
    assert len(runs) <= 8  # one window is like another
    assert found.action == "allow"  # what is said again and again was judged
    assert found.failures == ()


@pytest.mark.skipif(not chopmark_models.names(), reason="no model is bundled in this checkout")
@pytest.mark.parametrize("character", ["a", "的", "😀", "\u0301", "\ufdfa"])
def test_a_long_text_of_one_character_is_bounded_with_a_real_tokenizer(character: str) -> None:
    detector = made("bundled:small", granularity="whole", max_windows=16)
    network = detector.stages[0].shared.load().network
    run, runs = network.run, []
    network.run = lambda ids: runs.append(ids) or run(ids)  # type: ignore[method-assign]
    try:
        detector.judge(character * 100_000, OUTPUT)
    finally:
        del network.run  # type: ignore[method-assign]
    assert len(runs) <= 16


def test_a_network_cut_short_anywhere_is_refused(toy: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(toy(), tmp_path / "cut")
    whole = (folder / "model.onnx").read_bytes()
    for left in (1, 10, len(whole) // 2, len(whole) - 1):
        (folder / "model.onnx").write_bytes(whole[:left])
        with pytest.raises(ModelError, match=r"model\.onnx' "):
            made(folder, warm_up=True)


def test_policy_check_reads_the_network_that_the_first_text_would(toy: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(toy(), tmp_path / "cut")
    policy = tmp_path / "p.toml"
    policy.write_text('plugins = ["onnx"]\n[settings.onnx]\nmodel = "cut"\n')
    fine = CliRunner().invoke(cli, ["policy", "check", str(policy)])
    assert fine.exit_code == 0, fine.output
    whole = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(whole[: len(whole) // 2])
    cut = CliRunner().invoke(cli, ["policy", "check", str(policy)])
    assert cut.exit_code == 1
    assert "model.onnx' " in cut.output
    assert "is fine" not in cut.output


def test_labels_that_are_more_or_fewer_than_the_network_has_are_refused(toy: Any) -> None:
    for labels in (("toxic",), ("toxic", "hate"), ("a", "b", "c", "d")):
        folder = toy()
        settings = json.loads((folder / "config.json").read_text("utf-8"))
        named = {str(number): label for number, label in enumerate(labels)}
        settings["id2label"] = named
        (folder / "config.json").write_text(json.dumps(settings), "utf-8")
        with pytest.raises(ModelError, match=rf"for the {len(labels)} labels in config\.json"):
            made(folder, warm_up=True)


def hollow(folder: Path, name: str, size: int) -> None:
    """Write a file of `size` bytes that takes no place on the disk."""
    with (folder / name).open("r+b" if (folder / name).exists() else "wb") as file:
        file.truncate(size)


@pytest.mark.parametrize("name", ["model.onnx", "model.onnx_data"])
def test_a_huge_network_is_refused_before_any_of_it_is_read(toy: Any, name: str) -> None:
    folder = toy()
    hollow(folder, name, 2**40)  # nobody would wait for its digest
    with pytest.raises(ModelError) as refused:
        made(folder)
    message = str(refused.value)
    size = sum(file.stat().st_size for file in folder.glob("model.onnx*"))
    assert str(folder / "model.onnx") in message
    assert f"{size:,} bytes, and `max_bytes` is 2,147,483,648" in message
    assert f"set max_bytes = {size} in [settings.onnx]" in message


def test_the_limit_of_a_network_is_the_policys(toy: Any) -> None:
    folder = toy()
    size = (folder / "model.onnx").stat().st_size
    assert made(folder, max_bytes=size).judge("毒", OUTPUT)
    for options in ({"model": str(folder)}, {"models": [{"path": str(folder)}]}):
        policy = Policy(name="p").with_options("onnx", max_bytes=size - 1, **options)
        with pytest.raises(ModelError, match="max_bytes"):
            chopmark_detectors(policy)
    larger = toy(labels=("toxic",), columns=1, slow=100)
    with pytest.raises(ModelError, match=str(larger)):
        made(folder, second=str(larger), unsure=0.5, max_bytes=size)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "2GiB", True])
def test_a_limit_that_is_none_is_refused(toy: Any, wrong: Any) -> None:
    with pytest.raises(PolicyError, match="'max_bytes'"):
        made(toy(), max_bytes=wrong)
