"""The command `chopmark model check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import chopmark_models
from chopmark._cli import cli


def check(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["model", "check", *arguments])
    return done.exit_code, done.output


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
        ({"every_token": True}, "this is an embedding or a token model"),
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
