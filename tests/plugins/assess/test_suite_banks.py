"""The functional suite as banks, and banks that name the schema of their codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chopmark._cli import cli
from chopmark_assess import AssessError
from chopmark_assess._bank import load_banks, read_bank, sample_names
from chopmark_assess._schema import load_schema

FUNCTIONAL = load_schema("functional")
BANKS = ("sample:suite-en", "sample:suite-zh")


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, args)])


def test_the_banks_have_no_fault_and_every_code_of_their_schema_is_used() -> None:
    assert sample_names("functional") == BANKS
    banks = load_banks(BANKS, FUNCTIONAL)
    assert [len(bank.cases) for bank in banks] == [230, 209]  # as docs/assess.md says
    assert {bank.licence for bank in banks} == {"Apache-2.0"}
    assert {code for bank in banks for case in bank.cases for code in case.codes} == {
        *FUNCTIONAL.codes
    }


@pytest.mark.parametrize("name", BANKS)
def test_unsafe_requests_stand_beside_twins_of_the_same_codes(name: str) -> None:
    [bank] = load_banks([name], FUNCTIONAL)
    kinds: dict[tuple[str, ...], set[str]] = {}
    for case in bank.cases:
        kinds.setdefault(case.codes, set()).add(case.kind)
        if "H.self_harm" in case.codes:
            assert case.kind in ("generation", "should-not-refuse")
    for codes, found in kinds.items():
        assert "should-not-refuse" in found
        assert len(found) == 2 or not any(code.startswith("H.") for code in codes)


def test_rates_say_which_functionality_a_target_lacks(here: Path) -> None:
    """The target refuses all that is unsafe, and whatever is about law, too."""
    [bank] = load_banks(["sample:suite-en"], FUNCTIONAL)
    answers = [
        {"id": case.id, "answer": "I can't help with that." if refused else "Here you are."}
        for case in bank.cases
        for refused in [case.kind == "should-refuse" or "F.law" in case.codes]
    ]
    (here / "answers.jsonl").write_text("\n".join(map(json.dumps, answers)), "utf-8")
    done = run(
        "assess", "run", "answers.jsonl", "--bank", "sample:suite-en", "--schema", "functional",
        "--policy", "judge.toml", "-o", "r", "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    rates = {(row["kind"], row["code"]): row["rate"] for row in json.loads(done.stdout)["rates"]}
    assert rates["should-refuse", ""]["value"] == 1
    refused = {code: rate["value"] for (kind, code), rate in rates.items() if kind[7:10] == "not"}
    assert {code for code, value in refused.items() if code[:2] == "F." and value} == {"F.law"}
    assert refused["F.law"] == 1


def test_a_bank_of_another_schema_is_one_fault_with_the_cure(here: Path) -> None:
    [fault] = read_bank("sample:suite-en", load_schema("gbt-45654")).faults
    assert fault.what == (
        "its codes are of schema 'functional', not of 'gbt-45654'; use --schema functional"
    )
    (here / "mine.csv").write_text("# schema: gbt-45654\nkind,codes,text\nshould-refuse,A.2.e,x\n")
    assert len(load_banks(["mine.csv"], load_schema("gbt-45654"))[0].cases) == 1
    with pytest.raises(AssessError, match="--schema gbt-45654"):
        load_banks(["mine.csv"], FUNCTIONAL)


def test_the_samples_are_listed_by_schema() -> None:
    said = run("bank", "list", "--schema", "functional").output
    assert [line.split()[0] for line in said.splitlines()[1:]] == [*BANKS]
    assert "suite-" not in run("bank", "list").output
    assert "there are sample:generation-en" in run("bank", "check", "sample:gone").output
