"""Who suspends a user by hand, or lets one go on, is in the log, before it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chopmark import load_policy
from chopmark._cli import cli
from chopmark.reading import open_log, readable
from chopmark_usage._usage import key_of

TEXT = (
    'plugins = ["usage", "log"]\n[settings.usage]\nstore = "sqlite"\npath = "usage.db"\n'
    '[settings.log]\npath = "log"\n'
)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "service.toml"
    path.write_text(TEXT)
    return path


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli, ["usage", *map(str, arguments)])


def test_a_suspension_and_its_end_are_in_the_log_with_who_did_them(policy: Path) -> None:
    by = ("--policy", policy, "--by", "mei")
    for words in (("suspend", "u-17", "--hours", 2), ("suspend", "u-17", "--hours", 0),
                  ("lift", "u-17")):  # fmt: skip
        done = run(*words, *by)
        assert done.exit_code == 0, done.output
    events = list(readable(open_log(load_policy(str(policy)))).read())
    assert [(one["kind"], one["actor"]) for one in events] == [
        ("usage.suspended", "mei"), ("usage.suspended", "mei"), ("usage.lifted", "mei"),
    ]  # fmt: skip
    first, second, last = (dict(one["data"]) for one in events)
    assert abs(first.pop("until") - events[0]["time"] - 2 * 3_600_000) < 60_000
    assert second.pop("until") == 0
    assert first == second == last == {"user": key_of("u-17")}
    files = [file for file in (policy.parent / "log").rglob("*") if file.is_file()]
    assert [file for file in files if b"u-17" in file.read_bytes()] == []


def test_nothing_is_done_that_the_log_does_not_say(policy: Path) -> None:
    done = run("suspend", "u-17", "--policy", policy)
    assert (done.exit_code, "--by NAME" in done.output) == (1, True), done.output
    (policy.parent / "log").write_text("")
    done = run("suspend", "u-17", "--policy", policy, "--by", "mei")
    assert (done.exit_code, "nothing was changed" in done.output) == (1, True), done.output
    assert '"suspended_until": 0.0' in run("show", "u-17", "--policy", policy, "--json").output
    policy.write_text(TEXT.replace("[settings.log]", '[on_error]\nlog = "allow"\n[settings.log]'))
    assert run("suspend", "u-17", "--policy", policy, "--by", "mei").exit_code == 0
