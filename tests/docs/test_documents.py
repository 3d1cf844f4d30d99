"""What the documents say is run."""

from __future__ import annotations

import inspect
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chopmark import hookspecs
from chopmark._cli import cli
from chopmark._policy_file import load_policy, parse_policy

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def blocks(page: Path, language: str) -> list[str]:
    return [code for name, code in BLOCK.findall(page.read_text("utf-8")) if name == language]


SUBPROCESS = subprocess.run
COMMAND = [sys.executable, "-m", "chopmark"]


def run_here(command: list[str], **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run a command of chopmark in this process, which has imported all; any other as it is."""
    if [*command[:3]] != COMMAND or {*options} - {"check", "capture_output", "text"}:
        return SUBPROCESS(command, **options)
    done = CliRunner().invoke(cli, [str(word) for word in command[3:]])
    out: object = done.stdout if options.get("text") else done.stdout_bytes
    err: object = done.stderr if options.get("text") else done.stderr_bytes
    if options.get("check") and done.exit_code:
        raise subprocess.CalledProcessError(done.exit_code, command, out, err)
    return subprocess.CompletedProcess(command, done.exit_code, out, err)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_python_of_a_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "run", run_here)
    names: dict[str, Any] = {"__name__": "__page__"}
    for code in blocks(page, "python"):
        exec(compile(code, str(page), "exec"), names)


SHOWN = [
    pytest.param(text, id=f"{page.stem}-{n}")
    for page in PAGES
    for n, text in enumerate(blocks(page, "toml"))
    if re.search(r"^(extends|plugins) = |^\[settings", text, re.M)
]


@pytest.mark.parametrize("text", SHOWN)
def test_a_policy_that_a_page_shows_can_be_read_and_loses_no_plugin(text: str) -> None:
    policy = parse_policy(text, "service.toml")
    base = re.search(r'^extends = "(.*)"', text, re.M)
    kept = set(load_policy(base[1]).plugins) if base else set()
    assert kept - set(policy.plugins) == set()


def test_every_hook_has_its_section_with_the_exact_signature() -> None:
    page = (ROOT / "docs" / "hooks.md").read_text("utf-8")
    headings = re.findall(r"^## `(.*)`$", page, re.M)
    expected = []
    for name, function in vars(hookspecs.Hooks).items():
        if not name.startswith("chopmark_"):
            continue
        signature = inspect.signature(function)
        arguments = ", ".join(str(p) for n, p in signature.parameters.items() if n != "self")
        expected.append(f"{name}({arguments}) -> {signature.return_annotation}")
    assert [h.replace("'", "") for h in headings] == [e.replace("'", "") for e in expected]


def test_the_make_targets_that_documents_name_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(
            r"`make (\w+)`|^make (\w+)|^    make (\w+)", page.read_text(), re.M
        ):
            name = next(filter(None, target))
            assert re.search(rf"^{name}:", makefile, re.M), f"{page.name}: make {name}"


def test_the_page_of_commands_is_what_help_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["commands.py", "--check"])
    assert runpy.run_path(str(ROOT / "docs" / "commands.py"))["main"]() == 0


def test_every_benchmark_is_run_by_make_bench_or_named_by_it() -> None:
    bench = ROOT / "bench"
    names = runpy.run_path(str(bench / "run.py"))
    programs = {
        file.name for file in bench.glob("*.py")
        if file.name != "run.py" and '__name__ == "__main__"' in file.read_text("utf-8")
    }  # fmt: skip
    assert programs - {*names["ORDER"], *names["APART"]} == set()
    assert all((bench / name).is_file() for name in (*names["ORDER"], *names["WITH_DATA"]))


def test_the_readme_names_every_command() -> None:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    listed = page.partition("Commands:\n")[2].partition("```")[0]
    commands = re.findall(r"^  (\w+)", listed, re.M)
    assert {"screen", "models"} <= set(commands)
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in commands if f"chopmark {name}" not in readme] == []
