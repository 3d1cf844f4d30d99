"""`chopmark label` writes a block that `chopmark inspect` reads; nothing is lost on the way."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chopmark._cli import cli

PRODUCER = "001191110102MAD55U9H0F10002"
PAGE = "<!doctype html>\n<html><head><title>海</title></head><body><p>大海</p></body></html>\n"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE, "utf-8")
    return path


def run(*arguments: object, text: str = "") -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)), input=text)


def report(path: Path, status: int = 0) -> Any:
    result = run("inspect", path, "--json")
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def test_a_labelled_page_says_who_made_it(page: Path) -> None:
    result = run("label", page, "--producer", PRODUCER, "--id", "7")
    assert result.exit_code == 0, result.output
    found = report(page)
    assert found["format"] == "HTML"
    [finding] = [f for f in found["findings"] if f["technique"] == "AIGC"]
    assert finding["said"]["ContentProducer"] == PRODUCER
    assert finding["said"]["ProduceID"] == "7"
    assert finding["faults"] == []
    assert "anybody can write it" in finding["proves"]
    assert "海" in page.read_text("utf-8")


def test_a_page_without_label_is_told_as_such(page: Path) -> None:
    assert report(page, 1)["labelled"] is False
    assert "proves nothing" in run("inspect", page).output


def test_a_second_block_is_refused_and_the_first_kept(page: Path) -> None:
    assert run("label", page, "--producer", "First-Co").exit_code == 0
    before = page.read_bytes()
    result = run("label", page, "--producer", "Second-Co")
    assert result.exit_code == 1
    assert "has a block already" in result.output
    assert page.read_bytes() == before
    assert run("label", page, "--producer", "Second-Co", "--replace").exit_code == 0
    [finding] = report(page)["findings"]
    assert finding["said"]["ContentProducer"] == "Second-Co"


def test_out_leaves_the_file_as_it_was(page: Path, tmp_path: Path) -> None:
    out = tmp_path / "labelled.html"
    assert run("label", page, "--producer", PRODUCER, "--out", out).exit_code == 0
    assert page.read_text("utf-8") == PAGE
    assert report(out)["labelled"] is True
    assert sorted(os.listdir(tmp_path)) == ["labelled.html", "page.html"]


def test_two_blocks_are_named_as_a_fault(page: Path) -> None:
    run("label", page, "--producer", "First-Co")
    meta = page.read_text("utf-8")
    start = meta.index("<meta")
    tag = meta[start : meta.index(">", start) + 1]
    page.write_text(meta.replace(tag, tag + tag.replace("First-Co", "Other-Co")), "utf-8")
    found = report(page, 3)
    assert found["faults"][0].startswith("has 2 blocks, where exactly one may stand")


def test_a_malformed_block_is_named_with_what_is_wrong(page: Path) -> None:
    run("label", page, "--producer", "First-Co")
    text = page.read_text("utf-8").replace('"Label":"1"', '"Label":1')
    page.write_text(text, "utf-8")
    [finding] = report(page, 3)["findings"]
    assert any("Label" in fault for fault in finding["faults"])


def test_a_producer_that_cannot_be_one_is_refused(page: Path) -> None:
    result = run("label", page, "--producer", "某公司")
    assert result.exit_code == 1
    assert "27-position code" in result.output
    assert page.read_text("utf-8") == PAGE


def test_a_file_that_can_carry_no_block_is_named_with_those_that_can(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("大海", "utf-8")
    result = run("label", path, "--producer", PRODUCER)
    assert result.exit_code == 1
    assert ".docx" in result.output
    assert path.read_text("utf-8") == "大海"


def test_the_visible_label_of_a_text_is_found_on_standard_input() -> None:
    result = run("inspect", "-", "--json", text="（AI生成）\n\n春眠不觉晓")
    assert result.exit_code == 0
    [finding] = json.loads(result.stdout)["findings"]
    assert (finding["technique"], finding["kind"], finding["where"]) == (
        "label",
        "visible",
        "start",
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    result = run("inspect", tmp_path / "none.pdf")
    assert result.exit_code == 1
    assert "cannot be read" in result.output
