"""What providers declare is on record, and what takes it away is named before it is sent."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from chopmark import Chopmark, Mark, MarkError, Policy, PolicyError
from chopmark.testing import MemoryLog, WordDetector, plugin
from chopmark_watermark import check
from chopmark_watermark._commands import watermark
from chopmark_watermark._vendors import read_vendors

CLAUDE = "claude-sonnet-4-6"
VENDORS = read_vendors()


def levels(*args: Any, **more: Any) -> list[str]:
    return [finding.level for finding in check(*args, **more)]


# The data.


def test_every_row_has_a_source_and_the_day_it_was_read() -> None:
    assert len(set(VENDORS.names)) == len(VENDORS.names)
    for mark in VENDORS.marks:
        assert mark.source.startswith("https://")
        assert date.fromisoformat(mark.read)
        assert not mark.since or date.fromisoformat(mark.since)
        assert mark.caveat
        assert (mark.on == "server") == (not mark.family)


def test_the_data_are_read_when_they_are_needed() -> None:
    code = (
        "import sys, chopmark_watermark as w; "
        "assert 'chopmark_watermark._vendors' not in sys.modules; "
        "w.check({'model': 'grok-4.7'}); assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# The lint.


@pytest.mark.parametrize(
    ("asked", "vendor", "expected"),
    [
        ({"model": CLAUDE}, "auto", []),
        ({"model": CLAUDE, "temperature": 1}, "auto", []),
        ({"model": CLAUDE, "temperature": 0.9, "top_p": 1.0, "top_k": 9}, "auto", ["lost"] * 3),
        ({"model": f"anthropic:{CLAUDE}", "temperature": 0.0}, "auto", ["lost"]),
        ({"model": f"us.anthropic.{CLAUDE}-v1:0"}, "auto", ["unsure"]),
        ({"model": f"us.anthropic.{CLAUDE}-v1:0", "top_p": 0.9}, "auto", ["unsure", "lost"]),
        ({"model": "claude-haiku-4-5"}, "auto", ["unsure"]),
        ({"model": "claude-haiku-4-5", "temperature": 0.9}, "auto", ["unsure"]),
        ({"model": "grok-4.7", "temperature": 0.9}, "auto", []),
        ({"model": "xai/grok-4.7", "temperature": 0.2}, "auto", ["lost"]),
        ({"model": "grok-2"}, "auto", ["unsure"]),
        ({"model": "gpt-5.2"}, "auto", ["unsure"]),
        ({"model": "gpt-5.2"}, "openai", []),
        ({"model": "gpt-5.2"}, "anthropic", ["lost"]),
        ({"model": "qwen3"}, "auto", ["unsure"]),
        ({"model": "qwen3"}, "none", []),
        ({"model": "qwen3", "temperature": 0.1}, "none", ["lost"]),
        ({"model": "qwen3"}, "vllm", []),
        ({"model": "qwen3", "extra_body": {"watermarking": False}}, "vllm", ["lost"]),
        ({"model": "qwen3", "watermarking": True}, "vllm", []),
        ({"model": "qwen3", "use_beam_search": True}, "vllm", ["lost"]),
        ({"model": "qwen3", "temperature": 0}, "vllm", ["lost"]),
        ({"model": "qwen3", "temperature": 0}, "vllm-sbw", []),
        ({"model": "qwen3", "top_k": 1}, "tensorrt-llm", ["lost"]),
        ({"model": "qwen3", "do_sample": False}, "none", ["lost"]),
        ({"model": "qwen3", "watermark": {"enabled": False}}, "sglang", ["lost"]),
        ({"model": "qwen3", "watermark": {"enabled": True}}, "sglang", []),
        ({}, "anthropic", ["lost"]),
    ],
)
def test_what_a_request_says_decides(
    asked: dict[str, Any], vendor: str, expected: list[str]
) -> None:
    assert levels(asked, vendor=vendor) == expected


def test_an_operator_may_know_more_than_the_source() -> None:
    assert levels({"model": "claude-opus-5"}, models=["claude-opus-*"]) == []


@given(st.floats(0, 2), st.sampled_from(sorted(VENDORS.names)), st.text(max_size=8))
def test_a_temperature_is_named_once_and_with_a_cure(
    temperature: float, vendor: str, model: str
) -> None:
    findings = check({"model": model, "temperature": temperature}, vendor=vendor)
    named = [finding for finding in findings if finding.parameter == "temperature"]
    chance = next(mark.chance for mark in VENDORS.marks if mark.vendor == vendor)
    assert len(named) == (chance and temperature < 0.3)
    assert all(finding.why and finding.cure for finding in findings)


def test_bad_input_is_named() -> None:
    with pytest.raises(MarkError, match=r"temperature is 'hot'; give a number"):
        check({"model": CLAUDE, "temperature": "hot"})
    with pytest.raises(MarkError, match=r"no vendor 'antropic'; there are anthropic, xai"):
        check({"model": CLAUDE}, vendor="antropic")


# The command.


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(watermark, ["check", *words])
    return result.exit_code, result.output


def test_the_command_tells_by_its_exit_code() -> None:
    assert run("--model", CLAUDE)[0] == 0
    code, said = run("--model", CLAUDE, "--temperature", "0.1")
    assert code == 1
    assert "temperature is 0.1" in said
    assert "leave temperature out" in said
    assert run("--model", "qwen3")[0] == 2
    assert run("--model", "qwen3", "--vendor", "vllm", "--no-watermarking")[0] == 1
    assert run("--model", "claude-opus-5", "--marked", "claude-opus-*")[0] == 0
    code, said = run("--model", "x", "--vendor", "acme")
    assert code == 1
    assert "there is no vendor 'acme'" in said


def test_the_command_speaks_json() -> None:
    code, said = run("--model", "grok-4.7", "--top-k", "1", "--json")
    told = json.loads(said)
    assert code == 1
    assert (told["vendor"], told["on"], told["since"]) == ("xai", "default", "2026-11-07")
    assert [finding["parameter"] for finding in told["findings"]] == ["top_k"]


# The plugin.


def guarded(log: MemoryLog | None = None, **options: object) -> Chopmark:
    words = WordDetector({"FORBIDDEN": "deny"})
    brought = plugin(detectors=[words], log=log or MemoryLog())
    policy = Policy(name="t", plugins=("watermark",), settings={"watermark": options})
    return Chopmark(policy, plugins=[brought])


def marks_of(chop: Chopmark, log: MemoryLog, prompt: str = "q") -> tuple[Mark, ...]:
    answer = chop.guard(lambda prompt: "It is so.", on_block="refuse")
    answer(prompt)
    return log.records[-1].marks


def test_the_record_keeps_what_a_server_declares() -> None:
    log = MemoryLog()
    [mark] = marks_of(guarded(log, vendor="vllm"), log)
    assert (mark.marker, mark.where, mark.placed) == ("vendor", "declared", True)
    assert mark.data["scheme"] == "gumbel"
    assert "since" not in mark.data


def test_a_model_of_nobody_has_a_reason() -> None:
    log = MemoryLog()
    [mark] = marks_of(guarded(log, vendor="auto"), log)
    assert not mark.placed
    assert mark.reason.startswith("no vendor is known to mark")
    assert mark.data == {}


def test_a_refusal_is_no_text_of_a_vendor() -> None:
    log = MemoryLog()
    [mark] = marks_of(guarded(log, vendor="vllm"), log, "FORBIDDEN")
    assert not mark.placed
    assert mark.reason == "nothing of the model's answer was delivered"


def test_without_a_vendor_nothing_is_declared() -> None:
    log = MemoryLog()
    assert marks_of(guarded(log, vendor="none"), log) == ()


def test_a_vendor_needs_no_ring_and_a_ring_no_vendor(tmp_path: Path) -> None:
    for options, cure in (
        ({"vendor": "acme"}, "there is no vendor 'acme'"),
        ({"vendor": 3}, "write a name, 'auto' or 'none'"),
        ({"vendor": "auto", "vendor_models": "claude"}, "write a list of patterns"),
        ({"vendr": "auto"}, r"did you mean 'vendor'\?"),
        ({"vendor": "auto", "scheme": "gumbel"}, "name the file of"),
        ({"vendor_models": ["x"]}, "name the file of"),
    ):
        with pytest.raises(PolicyError, match=cure):
            guarded(**options)


def test_both_marks_stand_side_by_side(tmp_path: Path, tokenizer: Any) -> None:
    tokenizer._tokenizer.save(str(tmp_path / "tokenizer.json"))
    made = CliRunner().invoke(watermark, ["keys", "new", str(tmp_path / "ring.json")])
    assert made.exit_code == 0
    log = MemoryLog()
    chop = guarded(
        log,
        vendor="sglang",
        ring=str(tmp_path / "ring.json"),
        tokenizer=str(tmp_path / "tokenizer.json"),
    )
    assert [mark.marker for mark in marks_of(chop, log)] == ["watermark", "vendor"]
