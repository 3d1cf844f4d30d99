"""`chopmark propagate` says which state of Article 6 a file is in, and writes that into it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.c2pa.issuing import CLAIM, KEYS, WHEN, issue
from tests.plugins.label.inspected import PAGE, findings, report, run

from chopmark_c2pa import load_credential, write_media
from chopmark_label import Aigc, html_fragment, label_file

MADE = Aigc(label="1", content_producer="Maker", produce_id="7")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE, "utf-8")
    return path


def propagated(path: Path, *arguments: object, status: int = 0) -> Any:
    result = run("propagate", path, "--propagator", "Spreader", "--id", "p-1", "--json", *arguments)
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def block_of(path: Path) -> dict[str, str]:
    [finding] = findings(report(path), "AIGC")
    return finding["said"]  # type: ignore[no-any-return]


def test_a_block_that_says_so_confirms(page: Path) -> None:
    label_file(page, page, MADE)
    found = propagated(page)
    assert (found["state"], found["article"]) == ("confirmed", "6 (1)")
    assert found["why"] == ["the block in HTML head, <meta> has Label 1"]
    said = block_of(page)
    assert (said["ContentProducer"], said["ProduceID"]) == ("Maker", "7")
    assert (said["ContentPropagator"], said["PropagateID"]) == ("Spreader", "p-1")
    assert "AI" in found["prompts"]["zh"]


def test_a_users_word_makes_it_possible(page: Path) -> None:
    found = propagated(page, "--declared")
    assert (found["state"], found["AIGC"]["Label"]) == ("possible", "2")
    assert block_of(page)["Label"] == "2"


@pytest.mark.parametrize("by", ["label", "option"])
def test_a_visible_label_or_another_trace_makes_it_suspected(page: Path, by: str) -> None:
    if by == "label":
        page.write_text(PAGE.replace("<body>", f"<body>{html_fragment('zh')}"), "utf-8")
    found = propagated(page, *(["--suspected"] if by == "option" else []))
    assert (found["state"], found["article"], block_of(page)["Label"]) == (
        "suspected",
        "6 (3)",
        "3",
    )
    assert ("AI生成" in found["why"][0]) == (by == "label")
    assert propagated(page)["state"] == "suspected"  # and stays so


def test_where_nothing_says_so_nothing_is_written(page: Path) -> None:
    found = propagated(page, status=1)
    assert (found["state"], found["AIGC"], found["why"]) == ("none", None, [])
    assert page.read_text("utf-8") == PAGE
    shown = run("propagate", page, "--propagator", "S", "--id", "1").output
    assert "remind" in shown
    assert "声明" in shown


def test_a_dry_run_writes_nothing(page: Path, tmp_path: Path) -> None:
    found = propagated(page, "--declared", "--dry-run")
    assert (found["AIGC"]["Label"], found["where"]) == ("2", "")
    assert page.read_text("utf-8") == PAGE
    out = tmp_path / "out.html"
    propagated(page, "--declared", "--out", out)
    assert page.read_text("utf-8") == PAGE
    assert block_of(out)["Label"] == "2"


def test_an_earlier_propagator_is_kept_or_replaced_as_asked(page: Path) -> None:
    label_file(page, page, MADE.with_propagator("Earlier", "e-1"))
    kept = propagated(page)
    assert "earlier propagator's fields are kept" in kept["notes"][0]
    assert block_of(page)["ContentPropagator"] == "Earlier"
    replaced = propagated(page, "--earlier", "replace")
    assert replaced["replaced"]["ContentPropagator"] == "Earlier"
    assert block_of(page)["ContentPropagator"] == "Spreader"


def test_a_block_that_breaks_the_rules_is_not_written_over(page: Path) -> None:
    label_file(page, page, MADE)
    page.write_text(page.read_text("utf-8").replace('"Label":"1"', '"Label":1'), "utf-8")
    before = page.read_bytes()
    found = propagated(page, status=3)
    assert (found["state"], found["AIGC"]) == ("confirmed", None)
    assert "breaks Annex E" in found["notes"][0]
    assert page.read_bytes() == before


def test_of_two_blocks_none_is_chosen(page: Path) -> None:
    label_file(page, page, MADE)
    meta = re.search("<meta[^>]*>", page.read_text("utf-8"))
    assert meta is not None
    text = page.read_text("utf-8").replace(meta[0], meta[0].replace('"1"', '"3"') + meta[0])
    page.write_text(text, "utf-8")
    found = propagated(page, status=3)
    assert (found["state"], found["where"]) == ("confirmed", "")
    assert "2 blocks" in found["notes"][-1]
    assert page.read_text("utf-8") == text


def test_plain_text_has_no_place_for_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("（AI生成）\n\n大海", "utf-8")
    found = propagated(path, status=3)
    assert (found["state"], found["where"]) == ("suspected", "")
    assert "no place for metadata" in found["notes"][-1]


def test_a_platform_that_no_block_takes_is_refused(page: Path) -> None:
    result = run("propagate", page, "--propagator", "某平台", "--id", "1", "--declared")
    assert result.exit_code == 2
    assert "ContentPropagator" in result.output
    assert page.read_text("utf-8") == PAGE


def test_a_manifest_is_a_trace_and_is_told_to_break(tmp_path: Path) -> None:
    issued = issue(tmp_path, KEYS["ed25519"]())
    path = tmp_path / "a.png"
    pytest.importorskip("PIL.Image").new("RGB", (32, 16)).save(path)
    write_media(path, path, CLAIM, load_credential(issued.certificate, issued.key), WHEN)
    found = propagated(path, "--dry-run")
    assert (found["state"], found["AIGC"]["Label"]) == ("suspected", "3")
    assert found["why"] == ["c2pa (manifest) at the PNG file: trainedAlgorithmicMedia"]
    assert "no longer fits" in found["notes"][-1]


def test_people_read_state_reason_and_words_to_show(page: Path) -> None:
    shown = run("propagate", page, "--propagator", "S", "--id", "1", "--declared").output
    assert "possible (Labelling Measures, Art. 6 (2))" in shown
    assert "why     the user declared it" in shown
    assert "show    该内容可能由AI生成合成  (zh)" in shown
    assert "wrote   HTML head" in shown
