"""A wrong option is named with its cure, and commands see what the service keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chopmark import Chopmark, Context, Message, Policy, PolicyError, Request, calling, load_policy
from chopmark._cli import cli
from chopmark.stores import Keeping, MemoryStore
from chopmark.testing import DetectorContract
from chopmark_usage._detector import UsageDetector
from chopmark_usage._options import Options
from chopmark_usage._usage import Usage, key_of


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"in_a_rwo": 3}, r"not known \(did you mean 'in_a_row'\?\)"),
        ({"in_a_row": -1}, "'in_a_row' = -1: write a whole number"),
        ({"a_day": "5"}, "'a_day' = '5'"),
        ({"suspend_hours": -1}, "suspend_hours"),
        ({"utc_offset_hours": 15}, "utc_offset_hours"),
        ({"pause_minutes": 0}, "pause_minutes"),
        ({"texts": {"en": {"reminders": "x"}}}, r"texts\.en\.reminders"),
        ({"texts": "x"}, "write texts by language"),
        ({"ignore": "pii"}, "ignore"),
        ({"store": "redis"}, "memory, sqlite"),
    ],
)
def test_a_wrong_option_is_named_with_its_cure(options: dict[str, Any], message: str) -> None:
    policy = Policy(name="t", plugins=("usage",)).with_options("usage", **options)
    with pytest.raises(PolicyError, match=message) as raised:
        Chopmark(policy)
    assert "plugin 'usage', option" in str(raised.value)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "service.toml"
    path.write_text(
        'plugins = ["usage"]\n[settings.usage]\nstore = "sqlite"\npath = "usage.db"\nin_a_row = 1\n'
    )
    return path


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli, ["usage", *map(str, arguments)])


def test_commands_suspend_show_and_lift_what_the_service_follows(policy: Path) -> None:
    chop = Chopmark(load_policy(policy))

    @chop.guard(on_block="refuse")
    def answer(prompt: str) -> str:
        return "fine"

    with calling(user="u-17"):
        assert answer("hello") == "fine"
        assert run("suspend", "u-17", "--policy", policy, "--hours", 0).exit_code == 0
        assert "suspended for you." in answer("hello")
        shown = run("show", "u-17", "--policy", policy)
        assert shown.output.splitlines()[1].split()[-3:] == ["it", "is", "lifted"]
        assert run("lift", "u-17", "--policy", policy).exit_code == 0
        assert answer("hello") == "fine"
    found = json.loads(run("show", "u-17", "--policy", policy, "--json").output)
    assert (found["user"], found["suspended_until"]) == ("u-17", 0)


def test_a_user_whom_nobody_knows_has_done_nothing(policy: Path) -> None:
    found = run("show", "nobody", "--policy", policy)
    assert found.exit_code == 0
    assert found.output.splitlines()[1].split() == ["nobody", "0", "0", "-", "-"]


def test_commands_on_a_memory_of_another_process_say_what_to_write(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text('plugins = ["usage"]\n')
    found = run("show", "u", "--policy", path)
    assert found.exit_code == 1
    assert 'set store = "sqlite"' in found.output


def test_a_file_that_is_no_store_is_told_in_one_line(policy: Path) -> None:
    (policy.parent / "usage.db").write_bytes(b"no database " * 1000)
    found = run("show", "u", "--policy", policy)
    assert found.exit_code == 1
    assert "Error: plugin 'usage' could not read what it keeps: " in found.output.splitlines()[-1]


class TestUsageDetector(DetectorContract):
    request = Request(messages=(Message(role="user", text="a text"),), user="u")
    context = Context(direction="input", role="user", part=0, request=request)
    finds = ("anything that is said now", "无论说什么")
    clean = ("",)

    def make(self) -> UsageDetector:
        usage = Usage(Options(), Keeping("usage", MemoryStore(), "block"))
        usage.suspend("u", 0)
        assert usage.state(key_of("u")).suspended_until
        return UsageDetector(usage, ["user"])

    def test_stays_silent_where_it_should(self, detector: Any) -> None:
        """What is silent here is a user, not a text."""
        other = Request(messages=self.request.messages, user="v")
        context = Context(direction="input", role="user", part=0, request=other)
        assert detector.judge("anything", context) == ()
