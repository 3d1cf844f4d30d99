"""The command `chopmark models`."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import chopmark_models
from chopmark._cli import cli


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["models", *arguments])
    return done.exit_code, done.output


def check(*arguments: str) -> tuple[int, str]:
    return run("check", *arguments)


@pytest.fixture
def pinned(plain: Path, tmp_path: Path) -> Path:
    """Return a folder whose guard.json names the digest of the network."""
    folder = Path(shutil.copytree(plain, tmp_path / "pinned"))
    guard = json.loads((folder / "guard.json").read_text("utf-8"))
    guard["sha256"] = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    (folder / "guard.json").write_text(json.dumps(guard), "utf-8")
    return folder


def test_it_says_what_it_sees(plain: Path) -> None:
    status, said = check(str(plain))
    assert status == 0
    for part in (
        "can be used",
        "input_ids tensor(int64), attention_mask tensor(int64)",
        "logits, 3 labels, sigmoid",
        "16 tokens, 14 of them text, one every 8",
        "toxic: category toxic, advises to deny from 0.9",
        "hate: category hate, no threshold",
        "s for a text of 2048 windows (`max_windows`)",
    ):
        assert part in said


def test_json_has_the_same_for_programs(toy: Any) -> None:
    folder = toy(labels=("a", "neutral", "c"), problem=None, length=16, kind="int32")
    status, said = check(str(folder), "--json", "--threads", "2")
    assert status == 0
    found = json.loads(said)
    assert found["inputs"] == {"input_ids": "tensor(int32)", "attention_mask": "tensor(int32)"}
    assert [label["category"] for label in found["labels"]] == ["a", "", "c"]
    assert (found["activation"], found["fixed"], found["threads"]) == ("softmax", True, 2)
    assert found["load"] > 0
    assert found["full"] > 0


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"every_token": True}, "this is an embedding model, or one that labels"),
        ({"columns": 5}, "wanted is [1, 3]"),
    ],
)
def test_a_model_that_cannot_be_used_ends_it_with_1(
    toy: Any, network: dict[str, Any], message: str
) -> None:
    status, said = check(str(toy(**network)))
    assert status == 1
    assert message in said
    assert "Traceback" not in said


def test_a_folder_that_is_not_there_ends_it_with_1(tmp_path: Path) -> None:
    status, said = check(str(tmp_path / "gone"))
    assert status == 1
    assert "is not there; name a folder" in said


@pytest.mark.skipif(not chopmark_models.names(), reason="no model is bundled in this checkout")
def test_the_bundled_model_passes() -> None:
    status, said = check("bundled:small")
    assert status == 0
    assert "category toxic, advises to deny from" in said


@pytest.mark.skipif(not chopmark_models.names(), reason="no model is bundled in this checkout")
@pytest.mark.parametrize("arguments", [(), ("list",)])
def test_the_bundled_models_are_listed_with_size_heads_and_digest(
    arguments: tuple[str, ...],
) -> None:
    status, said = run(*arguments)
    assert status == 0
    rows = {line.split()[0]: line for line in said.splitlines()[1:]}
    assert set(rows) == {f"bundled:{name}" for name in chopmark_models.names()}
    for row in rows.values():
        assert " MB  ok" in row
        assert "toxic" in row


def test_folders_are_listed_too_and_what_is_wrong_is_said(pinned: Path, plain: Path) -> None:
    gone = str(plain / "gone")
    status, listed = run("list", str(pinned), str(plain), gone, "--json")
    found = json.loads(listed)
    assert status == 1
    assert [(one["name"], one["state"]) for one in found] == [
        (str(pinned), "ok"), (str(plain), "not pinned"), (gone, "wrong"),
    ]  # fmt: skip
    assert found[0]["heads"] == ["toxic", "hate", "threat"]
    assert found[0]["bytes"] == (pinned / "model.onnx").stat().st_size
    assert "is not there; name a folder" in found[2]["error"]
    status, said = run("list", str(pinned), gone)
    assert status == 1
    assert "is not there; name a folder" in said
    assert run("list", str(pinned), str(plain))[0] == 0


@pytest.mark.skipif(not chopmark_models.names(), reason="no model is bundled in this checkout")
def test_the_bundled_models_verify() -> None:
    status, said = run("verify")
    assert status == 0
    assert said.count(": ok, SHA-256 ") == len(chopmark_models.names())


def test_a_network_that_was_changed_does_not_verify(pinned: Path) -> None:
    assert run("verify", str(pinned))[0] == 0
    with (pinned / "model.onnx").open("ab") as network:
        network.write(b"x")
    status, said = run("verify", str(pinned))
    assert status == 1
    assert "guard.json says" in said
    assert "Traceback" not in said


def test_a_network_with_nothing_to_compare_with_does_not_verify(plain: Path) -> None:
    status, said = run("verify", str(plain))
    assert status == 1
    assert "guard.json names no sha256 to compare with" in said


def test_models_are_timed_for_three_lengths(toy: Any) -> None:
    folder = str(toy(positions=130))
    found = json.loads(run("bench", folder, "--rounds", "10", "--json")[1])
    assert [(one["tokens"], one["windows"]) for one in found] == [(32, 1), (128, 2), (512, 8)]
    assert all(0 < one["p50"] <= one["p99"] for one in found)
    status, said = run("bench", folder, "--rounds", "10")
    assert status == 0
    assert [line.split()[1] for line in said.splitlines()] == ["TOKENS", "32", "128", "512"]


@pytest.mark.parametrize("command", ["check", "bench"])
def test_a_provider_that_is_not_offered_ends_it_with_1(plain: Path, command: str) -> None:
    status, said = run(command, str(plain), "--provider", "Abacus")
    assert status == 1
    assert "does not offer 'Abacus'" in said


def test_the_old_command_is_gone() -> None:
    done = CliRunner().invoke(cli, ["model", "check", "bundled:small"])
    assert done.exit_code == 2
    assert "No such command 'model'" in done.output
