"""The command `chopmark words`: what it says about lists."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from chopmark_keyword import chopmark_commands

HEAD = "# name: a\n# version: 7\n# language: zh\nterm,category,level,reviewer,expires\n"


@pytest.fixture
def run() -> Callable[..., Result]:
    cli = click.Group("chopmark")
    chopmark_commands(cli)

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(cli, ["words", *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return run


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.csv"
    path.write_text(
        HEAD + "炸药,x,block,Li,2026-11-30\n手枪,x,block,Li,2026-12-20\n手槍,x,block,Li,\n"
        "手枪,y,warn,Li,2027-12-31\nab,x,warn,Li,2027-12-31\n炸,x,warn,Li,2027-12-31\n",
        "utf-8",
    )
    return path


def test_lint_says_what_is_wrong_and_where(run: Callable[..., Result], mixed: Path) -> None:
    result = run("lint", mixed, "--on", "2026-12-01", "--json")
    assert result.exit_code == 1
    said = [(f["grade"], f["where"], f["what"].split(";")[0]) for f in json.loads(result.stdout)]
    assert said == [
        ("problem", "entry 1 (line 5)", "expired on 2026-11-30, does nothing"),
        ("note", "entry 2 (line 6)", "expires on 2026-12-20"),
        ("note", "entry 3 (line 7)", "no `expires`, so nobody will be asked to review it again"),
        ("problem", "entry 4 (line 8)", "`term` is that of entry 2 (line 6)"),
        ("note", "entry 5 (line 9)", "`term` has two letters, which stand for many things"),
        (
            "note",
            "entry 6 (line 10)",
            "`term` is a single character, also of harmless words",
        ),
    ]


def test_lint_prints_a_table_without_terms(run: Callable[..., Result], mixed: Path) -> None:
    result = run("lint", mixed, "--on", "2026-12-01")
    assert "GRADE" in result.stdout
    assert "entry 4 (line 8)" in result.stdout
    assert result.stdout.endswith("lists: 1, errors: 0, problems: 2, notes: 4\n")
    assert "手枪" not in result.output


def test_lint_collects_every_error_of_every_file(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text(HEAD + "x,C,no,Li,\n,x,block,Li,\ny,x,z,,\n", "utf-8")
    (tmp_path / "b.toml").write_text("name = 1", "utf-8")
    result = run("lint", tmp_path / "a.csv", tmp_path / "b.toml", tmp_path / "none.csv", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert {f["grade"] for f in found} == {"error"}
    assert [Path(f["source"]).name for f in found] == ["a.csv"] * 3 + ["b.toml", "none.csv"]


def test_lint_of_two_lists_of_one_name_is_an_error(
    run: Callable[..., Result], tmp_path: Path, written: Callable[..., Path]
) -> None:
    result = run("lint", written(tmp_path / "a.csv", ["x1"]), written(tmp_path / "b.csv", ["x2"]))
    assert result.exit_code == 1
    assert "is also that of" in result.stdout


def test_an_entry_on_its_last_day_is_only_noted(run: Callable[..., Result], mixed: Path) -> None:
    result = run("lint", mixed, "--on", "2026-11-30", "--json")
    assert json.loads(result.stdout)[0]["grade"] == "note"


def test_lint_with_notes_only_is_a_success(
    run: Callable[..., Result], tmp_path: Path, written: Callable[..., Path]
) -> None:
    assert run("lint", written(tmp_path / "a.csv", ["炸药"])).exit_code == 0


def test_lint_finds_nothing_in_the_bundled_lists(run: Callable[..., Result]) -> None:
    folder = Path(str(files("chopmark_keyword"))) / "lists"
    result = run("lint", *sorted(folder.iterdir()), "--on", "2026-12-01")
    assert (result.exit_code, result.stdout) == (0, "lists: 4, errors: 0, problems: 0, notes: 0\n")


def test_stats_count_what_is_active(run: Callable[..., Result], mixed: Path) -> None:
    (stats,) = json.loads(run("stats", mixed, "--on", "2026-12-01", "--json").stdout)
    assert len(stats.pop("digest")) == 16
    assert stats == {
        "name": "a",
        "version": "7",
        "language": "zh",
        "source": str(mixed),
        "entries": 6,
        "active": 5,
        "longest": 2,
        "next_expiry": "2026-12-20",
        "groups": [
            {"category": "keyword.x", "level": "block", "active": 2},
            {"category": "keyword.x", "level": "warn", "active": 2},
            {"category": "keyword.y", "level": "warn", "active": 1},
        ],
    }


def test_stats_without_files_are_those_of_the_bundled_lists(run: Callable[..., Result]) -> None:
    result = run("stats")
    assert result.exit_code == 0
    assert "chopmark-zh" in result.stdout
    assert "keyword.self_harm" in result.stdout


def test_stats_of_a_broken_list_say_why(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("stats", tmp_path / "none.csv")
    assert result.exit_code == 1
    assert "none.csv: cannot be read" in result.output
    assert "Traceback" not in result.output
