"""The command line, run as a person or a machine would."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from chopmark._cli import cli
from chopmark._policy_file import builtin_names
from chopmark.terminal import counted

WORDS = """# name: mine
# version: 1
# language: en
term,category,level,reviewer,expires
foobarbaz,test,block,me,2099-01-01
"""

POLICY = """
plugins = ["keyword"]
[rules]
keyword = "block"
"""


def run(*args: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli, list(args), input=stdin)


def test_plugins_are_listed_for_people_and_for_machines() -> None:
    assert "keyword" in run("plugins").output
    rows = json.loads(run("plugins", "--json").output)
    assert {"name", "module", "distribution", "version", "policies"} == set(rows[0])


def test_a_policy_is_shown_with_what_it_extends() -> None:
    shown = run("policy", "show", "eu").output
    assert "toxic" in shown
    assert "style = 'plain'" in shown
    assert json.loads(run("policy", "show", "eu", "--json").output)["name"] == "eu"


def test_a_policy_says_what_becomes_of_what_it_has_no_rule_for() -> None:
    advised = "what has no rule here is handled as its detector advises"
    assert advised in run("policy", "show", "cn").output
    assert advised not in run("policy", "show", "record-only").output  # it has one for all


def test_a_policy_file_that_is_not_there_is_told_with_what_there_is() -> None:
    found = run("policy", "check", "nowhere.toml")
    assert found.exit_code == 1
    assert "'nowhere.toml' cannot be read: No such file or directory; give" in found.output
    assert "cn, eu" in found.output


def test_a_wrong_policy_is_told_without_a_traceback(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text("plugin = []")
    found = run("policy", "check", str(file))
    assert found.exit_code == 1
    assert "key 'plugin' is not known (did you mean 'plugins'?)" in found.output
    assert "Traceback" not in found.output
    assert run("policy", "show", "nope").exit_code == 1


def test_a_good_policy_is_called_fine(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text(POLICY)
    found = run("policy", "check", str(file))
    assert found.exit_code == 0, found.output
    assert "is fine: detectors keyword" in found.output


def test_a_harmless_text_is_let_through_and_a_person_sees_why_not(tmp_path: Path) -> None:
    words = tmp_path / "words.csv"
    words.write_text(WORDS)
    file = tmp_path / "p.toml"
    file.write_text(POLICY + '[settings.keyword]\nlists = ["words.csv"]\nbundled = false\n')
    fine = run("screen", "--text", "hello", "--policy", str(file))
    assert (fine.exit_code, fine.output.strip()) == (0, "action  allow")
    blocked = run("screen", "--policy", str(file), "--json", stdin="one foobarbaz two")
    assert blocked.exit_code == 3, blocked.output
    data = json.loads(blocked.output)
    assert data["action"] == "block"
    assert (data["verdicts"][0]["start"], data["verdicts"][0]["end"]) == (4, 13)


def test_bytes_that_are_not_utf_8_are_told_and_never_judged_as_other_characters(
    tmp_path: Path,
) -> None:
    policy = tmp_path / "p.toml"
    policy.write_text(POLICY)
    text = "怎么自制炸药"
    assert run("screen", "--policy", str(policy), stdin=text.encode()).exit_code == 3
    saved = tmp_path / "gbk.txt"
    saved.write_bytes(text.encode("gbk"))
    for name, found in (
        ("standard input", run("screen", "-", "--policy", str(policy), stdin=text.encode("gbk"))),
        (f"file {str(saved)!r}", run("screen", str(saved), "--policy", str(policy))),
    ):
        assert found.exit_code == 1
        assert f"{name} is not UTF-8 at byte 0; save it as UTF-8 (from GBK: iconv" in found.output
    given = os.fsdecode(text.encode("gbk"))
    found = run("screen", "--text", given, "--policy", str(policy))
    assert found.exit_code == 2
    assert "--text is not UTF-8" in found.output


def test_a_rule_that_nothing_will_ever_match_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('plugins = ["keyword"]\n[rules]\nkeyword.fraud = "block"\nkeywrd = "block"\n')
    found = run("policy", "check", str(file))
    assert found.exit_code == 1
    assert "wrong: the rule for 'keywrd' matches no detector" in found.output
    assert "did you mean 'keyword'?" in found.output
    assert "keyword.fraud" not in found.output
    assert "is fine" not in found.output


def test_a_rule_of_what_is_extended_may_stay_without_its_detector(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(POLICY + 'pii = "modify"\n')
    file = tmp_path / "p.toml"
    file.write_text('extends = "base.toml"\n[rules]\nkeyword = "warn"\n')
    found = run("policy", "check", str(file))
    assert found.exit_code == 0
    assert "note: the rule for 'pii' matches no detector" in found.output
    assert "is fine" in found.output


def test_an_audience_that_is_almost_a_known_one_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text(POLICY + '[audiences.minr.rules]\nkeyword = "block"\n')
    found = run("policy", "check", str(file))
    assert found.exit_code == 0
    assert "note: the rules for the audience 'minr' hold for calls that name it so" in found.output
    assert "did you mean 'minor'?" in found.output
    file.write_text(POLICY + '[audiences.minor.rules]\nkeyword = "block"\n')
    assert "note" not in run("policy", "check", str(file)).output


def test_a_misspelt_role_is_told(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('plugins = ["keyword"]\nroles = ["usr", "tool", "narrator"]\n')
    found = run("policy", "check", str(file))
    assert found.stderr == (
        "note: the role 'usr' in `roles` is none that frameworks have (did you mean 'user'?)\n"
    )
    file.write_text('plugins = ["keyword"]\nroles = []\n')
    assert "no message of a request is judged" in run("policy", "check", str(file)).stderr


def test_a_policy_that_an_editor_marked_as_utf_8_is_read(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('extends = "off"\nplugins = ["keyword"]\n', "utf-8-sig")
    assert run("policy", "check", str(file)).exit_code == 0


@pytest.mark.parametrize("name", builtin_names())
def test_the_built_in_policies_are_fine(name: str) -> None:
    found = run("policy", "check", name)
    assert (found.exit_code, found.stderr) == (0, "")


def groups(group: click.Group, name: str) -> Iterator[tuple[str, click.Group, click.Context]]:
    context = click.Context(group, info_name=name, terminal_width=80)
    yield name, group, context
    for command in group.list_commands(context):
        found = group.get_command(context, command)
        if isinstance(found, click.Group):
            yield from groups(found, f"{name} {command}")


def test_lists_of_commands_cut_no_sentence_off() -> None:
    listed = [(name, g.get_help(c)) for name, g, c in groups(cli, "chopmark")]
    assert {"chopmark", "chopmark words", "chopmark log archive"} <= {name for name, _ in listed}
    assert [name for name, text in listed if "..." in text.partition("Commands:")[2]] == []
    assert max(len(line) for _, text in listed for line in text.splitlines()) <= 80


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["a.txt", "--level", "warn", "--name", "a", "--to", "b.csv"],
         "Missing '--version', '--language', '--reviewer', '--category'."),
        (["--version", "1", "--language", "en", "--reviewer", "Li", "--category", "a", "--name",
          "a"], "Missing 'SOURCE', '--level', '--to'."),
        (["a.txt", "--name", "a", "--version", "1", "--language", "en", "--reviewer", "Li",
          "--category", "fraud", "--to", "b.csv"], "Missing option '--level'."),
    ],
)  # fmt: skip
def test_all_that_is_missing_is_named_at_once(given: list[str], said: str) -> None:
    found = run("words", "import", *given)
    assert found.exit_code == 2
    assert found.stderr.splitlines()[-1] == f"Error: {said}"


def test_one_thing_is_counted_as_one() -> None:
    told = [counted(count, "entry", "entries") for count in (0, 1, 2)]
    assert told == ["0 entries", "1 entry", "2 entries"]
    assert [counted(1, "call"), counted(21, "call")] == ["1 call", "21 calls"]
