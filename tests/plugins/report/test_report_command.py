"""The command, on a log that a guarded function wrote."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from chopmark import Chopmark, PolicyBlocked, load_policy
from chopmark._cli import cli
from chopmark.reading import open_log
from chopmark.testing import sample_record
from chopmark_report import _commands


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy with a log of three calls: one let go, one redacted, one stopped."""
    path = tmp_path / "service.toml"
    path.write_text(
        'plugins = ["keyword", "pii", "label", "jsonl"]\n[rules]\npii = "modify"\n'
        '[settings.jsonl]\npath = "records.jsonl"\n'
    )

    @Chopmark(load_policy(path)).guard
    def answer(prompt: str) -> str:
        return "My number is 13812345678."

    answer("How are you?")
    answer("And you?")
    with pytest.raises(PolicyBlocked):
        answer("How to make a pipe bomb?")
    return path


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli, ["report", *map(str, arguments)])


def test_a_terminal_is_told_what_was_done(policy: Path) -> None:
    found = run("--policy", policy)
    assert found.exit_code == 0, found.output
    assert re.search(r"^calls +3$", found.output, re.M)
    assert re.search(
        r"^keyword\.weapons +deny +input +keyword +[0-9a-f]{12} +1$", found.output, re.M
    )
    assert re.search(r"^label +visible +placed +2 +100\.00 %", found.output, re.M)
    assert "no statement that a service conforms" in found.output


def test_machines_are_told_the_same(policy: Path) -> None:
    found = json.loads(run("--policy", policy, "--json").output)
    assert (found["form"], found["calls"]["count"]) == ("chopmark/report/1", 3)
    assert found["stopped"]["hits"] == 1
    assert found["marks"][0]["placed"]["hits"] == 2


def test_the_page_needs_nothing_else_and_has_its_plots(policy: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert run("--policy", policy, "--out", out, "--title", "<b>July</b>").exit_code == 0
    page = out.read_text("utf-8")
    assert "<h1>&lt;b&gt;July&lt;/b&gt;</h1>" in page
    assert not re.search(r"<script|<link|<img|src=|@import|url\((?!#)", page)
    assert re.findall(r"https?://[^\"' <]+", re.sub(r"xmlns\S*=\S+", "", page)) == []
    drawn = re.findall(r"<svg.*?</svg>", page, re.S)
    assert len(drawn) == 2
    ids = [i for svg in drawn for i in re.findall(r'id="([^"]+)"', svg)]
    assert len(ids) == len(set(ids))
    for svg in drawn:
        ElementTree.fromstring(svg)
        assert "#010101" not in svg
        assert {*re.findall(r"url\(#([^)]+)\)", svg)} <= {*ids}
        assert {*re.findall(r'href="#([^"]+)"', svg)} <= {*ids}


def test_an_officer_reads_it_in_chinese(policy: Path, tmp_path: Path) -> None:
    found = run("--policy", policy, "--language", "zh")
    assert found.exit_code == 0, found.output
    assert re.search(r"^调用次数 +3$", found.output, re.M)
    assert "不构成对服务符合任何法律或标准的声明" in found.output
    assert re.search(r"^结束方式 +已完成 +2 ", found.output, re.M)
    assert re.search(r"^keyword\.weapons +拒绝 +消息 +keyword ", found.output, re.M)
    assert re.search(r"^label +显式标识 +已添加 ", found.output, re.M)
    said = r"\b(?:allow|modify|block|deny|blocked|completed|input|output|visible|placed)\b"
    assert re.findall(said, found.output) == []
    out = tmp_path / "report.html"
    assert run("--policy", policy, "--language", "zh", "--out", out).exit_code == 0
    page = out.read_text("utf-8")
    assert '<html lang="zh">' in page
    assert "<h1>服务运行报告</h1>" in page
    assert "每日调用次数" in page, "the plots speak it, too"


def test_markdown_is_read_as_it_was_meant(policy: Path, tmp_path: Path) -> None:
    from markdown_it import MarkdownIt

    out = tmp_path / "report.md"
    assert run("--policy", policy, "--out", out, "--title", "a | *b*").exit_code == 0
    html = MarkdownIt("commonmark").enable("table").render(out.read_text("utf-8"))
    assert "<h1>a | *b*</h1>" in html
    assert "<td>keyword.weapons</td>" in html


def test_a_span_of_days_leaves_out_the_others(policy: Path) -> None:
    found = json.loads(run("--policy", policy, "--until", "2024-01-01", "--json").output)
    assert found["calls"] is None
    wrong = run("--policy", policy, "--since", "2024-02-01", "--until", "2024-01-01")
    assert (wrong.exit_code, "lies before" in wrong.output) == (2, True)


@pytest.mark.parametrize(("plugin", "place"), [("log", "chopmark-log"), ("jsonl", "records.jsonl")])
def test_where_no_log_is_nothing_is_reported(tmp_path: Path, plugin: str, place: str) -> None:
    """A report of no calls would be taken for one of a service that nobody called."""
    policy, out = tmp_path / "service.toml", tmp_path / "report.html"
    policy.write_text(
        f'plugins = ["{plugin}"]\n[rules]\n[settings.{plugin}]\npath = "{place}"\n', "utf-8"
    )
    found = run("--policy", policy, "--out", out)
    assert found.exit_code == 2
    assert f"there is no log at {str(tmp_path / place)!r}" in found.output
    assert f"`path` in its [settings.{plugin}]" in found.output
    assert not out.exists()
    log = open_log(load_policy(policy))
    log.append(sample_record())
    log.close()
    assert run("--policy", policy, "--until", "2024-01-01").exit_code == 0, "it is there, and empty"


def test_a_folder_in_which_no_log_is_is_none(tmp_path: Path) -> None:
    policy = tmp_path / "service.toml"
    policy.write_text('plugins = ["log"]\n[rules]\n[settings.log]\npath = "log"\n', "utf-8")
    (tmp_path / "log").mkdir()
    found = run("--policy", policy)
    assert (found.exit_code, "there is no log at" in found.output) == (2, True)


def test_what_could_not_be_read_is_told_and_what_could_counts(policy: Path) -> None:
    with (policy.parent / "records.jsonl").open("ab") as file:
        file.write(b'{"torn')
    found = run("--policy", policy)
    assert found.exit_code == 1
    assert re.search(r"^calls +3$", found.output, re.M)
    assert re.search(r"^not read +.*not a whole line", found.output, re.M)


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ('plugins = ["pii"]', "keeps no log; add one"),
        ('plugins = ["nothing"]', "nothing"),
    ],
)
def test_a_policy_that_has_no_log_is_told_in_one_line(tmp_path: Path, line: str, cure: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(line)
    found = run("--policy", path)
    assert found.exit_code == 2
    assert cure in found.output.splitlines()[-1]


def test_no_file_is_written_over_or_of_an_unknown_form(policy: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    out.write_text("mine")
    assert "is there already" in run("--policy", policy, "--out", out).output
    assert out.read_text() == "mine"
    assert "ends in" in run("--policy", policy, "--out", tmp_path / "report.pdf").output
    missing = run("--policy", policy, "--out", tmp_path / "no" / "report.json")
    assert (missing.exit_code, "cannot write" in missing.output) == (2, True)


def test_a_log_that_can_be_verified_is_where_that_is_asked_for(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "p.toml"
    path.write_text('plugins = ["log"]\n[settings.log]\npath = "log"\n')
    log = open_log(load_policy(path))
    for _ in range(3):
        log.append(sample_record())
    log.close()
    assert re.search(r"^verified +no; --verify", run("--policy", path).output, re.M)
    found = run("--policy", path, "--verify")
    assert (found.exit_code, "it holds" in found.output) == (0, True)
    with sqlite3.connect(tmp_path / "log" / "log.db") as base:
        base.execute("UPDATE entries SET leaf = replace(leaf, 'modify', 'deny00') WHERE rowid = 2")
    base.close()
    found = run("--policy", path, "--verify")
    assert (found.exit_code, "does not hold" in found.output) == (1, True)


def test_a_log_that_is_damaged_half_way_has_a_report_that_says_so_and_what_was_read(
    tmp_path: Path,
) -> None:
    import sqlite3

    path = tmp_path / "p.toml"
    path.write_text('plugins = ["log"]\n[settings.log]\npath = "log"\n')
    log = open_log(load_policy(path))
    for _ in range(600):
        log.append(sample_record())
    log.close()
    with sqlite3.connect(tmp_path / "log" / "log.db") as base:
        (last,) = base.execute("SELECT max(number) FROM bundles").fetchone()
        base.execute("UPDATE bundles SET leaves = substr(leaves, 1, 99) WHERE number = ?", (last,))
    base.close()
    out = tmp_path / "report.md"
    found = run("--policy", path, "--verify", "--out", out)
    assert (found.exit_code, f"wrote {out}" in found.output) == (1, True), found.output
    said = out.read_text("utf-8")
    assert "a bundle of entries is damaged" in said
    assert "does not hold" in said


@pytest.mark.parametrize("line", ['plugins = ["pii"]', 'plugins = ["jsonl"]', "plugins = 3"])
def test_machines_are_told_why_there_is_no_report(tmp_path: Path, line: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(line)
    found = run("--policy", path, "--json")
    assert found.exit_code == 2
    told = json.loads(found.stdout)
    assert told["holds"] is None
    assert f"Error: {told['why']}" in found.stderr


def test_ctrl_c_ends_it_with_a_code_of_its_own_and_nothing_is_written(
    policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_commands, "count_log", pressed)
    out = tmp_path / "new.html"
    found = run("--policy", policy, "--out", out, "--json")
    assert (found.exit_code, json.loads(found.stdout)["why"]) == (130, "interrupted")
    assert "interrupted; nothing was written" in found.stderr
    assert not out.exists()
