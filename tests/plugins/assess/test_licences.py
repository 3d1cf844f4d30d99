"""The licence of every bank that we make or ship is in the packs that show its figures."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.plugins.assess.test_sets import SAMPLES, lay

from chopmark._cli import cli
from chopmark_assess._bank import load_banks, sample_names
from chopmark_assess._convert import convert
from chopmark_assess._pairs import read_pairs
from chopmark_assess._schema import load_schema
from chopmark_assess._sets import public_sets

SETS = public_sets()
PERMISSIVE = {"Apache-2.0", "MIT", "CC-BY-4.0", "CDLA-Permissive-2.0"}
SHIPPED = {
    name: schema for schema in ("gbt-45654", "functional", "attacks")
    for name in sample_names(schema)
}  # fmt: skip


def packed(here: Path, command: Sequence[str]) -> dict[str, str]:
    """Return the licence of each bank in the pack of a run, by the bank's name."""
    done = CliRunner().invoke(cli, ["assess", *command, "-o", "run", "--policy", "judge.toml"])
    assert done.exit_code in (0, 1), done.output
    (here / "service.toml").write_text('plugins = ["assess"]\n[settings.assess]\nruns = ["run"]\n')
    done = CliRunner().invoke(cli, ["evidence", "--policy", "service.toml", "--out", "pack"])
    assert done.exit_code in (0, 1), done.output
    told = json.loads((here / "pack/assess/runs/run/summary.json").read_text("utf-8"))
    summary = (here / "pack/assess/runs/run/summary.md").read_text("utf-8")
    for bank in told["banks"]:  # for people, too
        row = next(row for row in summary.splitlines() if row.startswith(f"| {bank['name']} "))
        assert re.split(r"\s*\|\s*", row)[3] == bank["licence"]
    return {bank["name"]: bank["licence"] for bank in told["banks"]}


def answered(here: Path, banks: Sequence[str], schema: str) -> list[str]:
    """Return the command that runs `banks` over answers that are written down."""
    cases = [case for bank in load_banks(banks, load_schema(schema)) for case in bank.cases]
    lines = [json.dumps({"id": case.id, "answer": "It is so."}) for case in cases]
    (here / "answers.jsonl").write_text("\n".join(lines), "utf-8")
    named = [part for bank in banks for part in ("--bank", bank)]
    return ["run", "answers.jsonl", *named, "--schema", schema, "--seed", "s"]


@pytest.mark.parametrize("schema", sorted({one.schema for one in SETS.values()}))
def test_each_converted_bank_is_packed_with_the_licence_of_its_set(here: Path, schema: str) -> None:
    names = [name for name, one in SETS.items() if one.schema == schema]
    banks = []
    for name in names:
        files, told = SAMPLES[name]
        convert(name, lay(here / name, files), here / f"{name}.jsonl",
                () if told else ("T.culture",), "Ann")  # fmt: skip
        banks.append(f"{name}.jsonl")
    found = packed(here, answered(here, banks, schema))
    assert found == {name: SETS[name].licence for name in names}


@pytest.mark.parametrize("schema", sorted({*SHIPPED.values()}))
def test_each_bank_that_comes_along_is_packed_with_ours(here: Path, schema: str) -> None:
    banks = [name for name in SHIPPED if SHIPPED[name] == schema]
    found = packed(here, [*answered(here, banks, schema), "--sample", "5"])
    assert found == {name.partition(":")[2]: "Apache-2.0" for name in banks}


def test_pairs_that_come_along_are_packed_with_ours(here: Path) -> None:
    names = ["sample:pairs-en", "sample:pairs-zh"]
    cases = [case for name in names for case in read_pairs(name, 1).cases]
    lines = [json.dumps({"id": case.id, "answer": "It is so."}) for case in cases]
    (here / "answers.jsonl").write_text("\n".join(lines), "utf-8")
    found = packed(here, ["bias", "answers.jsonl", "--pairs", names[0], "--pairs", names[1]])
    assert found == {"pairs-en": "Apache-2.0", "pairs-zh": "Apache-2.0"}


def test_only_sets_that_may_be_passed_on_have_a_converter() -> None:
    assert {one.licence for one in SETS.values()} <= PERMISSIVE
