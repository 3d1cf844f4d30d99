"""A policy whose log ends before the law has it end is refused, and a shorter time is told of."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from chopmark import Chopmark, Policy, PolicyError
from chopmark._cli import cli
from chopmark.testing import MemoryLog


def unlabelled(**log: object) -> Policy:
    made = Policy(name="t", plugins=("label", "log")).with_options("label", may_leave_off=True)
    return made.with_options("log", **log)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "retention_days is 0; write no less than 183"),
        ({"retention_days": 182}, "retention_days is 182; write no less than 183"),
        ({"entries_days": 182}, "entries_days is 182; write 0, for ever, or no less than 183"),
        ({"retention_days": 30, "entries_days": 90}, "entries_days is 90"),
    ],
)
def test_a_label_left_off_by_agreement_wants_half_a_year_of_log(
    options: dict[str, object], told: str
) -> None:
    with pytest.raises(PolicyError, match=f"settings.log.{told}") as caught:
        Chopmark(unlabelled(**options))
    assert "settings.label.may_leave_off is true" in str(caught.value)
    assert "Art. 9" in str(caught.value)
    Chopmark(unlabelled(**options).with_options("label", may_leave_off=False))
    Chopmark(unlabelled(**options), log=MemoryLog())


@pytest.mark.parametrize(
    "options", [{"retention_days": 183}, {"retention_days": 183, "entries_days": 183}]
)
def test_half_a_year_is_enough(options: dict[str, object]) -> None:
    Chopmark(unlabelled(**options))


def check(tmp_path: Path, text: str) -> tuple[int, str]:
    file = tmp_path / "p.toml"
    file.write_text(f'plugins = ["label", "log"]\n{text}')
    done = CliRunner().invoke(cli, ["policy", "check", str(file)])
    return done.exit_code, done.output


def test_policy_check_refuses_it_and_names_key_and_cure(tmp_path: Path) -> None:
    text = 'extends = "cn"\n[settings.label]\nmay_leave_off = true\n[settings.log]\n'
    code, said = check(tmp_path, text + "retention_days = 90\n")
    assert (code, "settings.log.retention_days is 90; write no less" in said) == (1, True), said
    assert check(tmp_path, text)[0] == 0


def test_policy_check_tells_of_a_retention_that_is_shorter_than_the_one_extended(
    tmp_path: Path,
) -> None:
    told = "note: settings.log.retention_days is 90, and 183 in the policy"
    for days, is_told in ((90, True), (183, False), (200, False)):
        code, said = check(tmp_path, f'extends = "cn"\n[settings.log]\nretention_days = {days}\n')
        assert (code, told in said) == (0, is_told), said
    assert "note: settings.log" not in check(tmp_path, "[settings.log]\nretention_days = 1\n")[1]
