"""What CONTRIBUTING.md says is run, where that takes moments, and else held to what there is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")

TARGETS = re.findall(r"^    make (\w+)", PAGE, re.M)
NAMED = sorted({*TARGETS, *re.findall(r"`make (\w+)`", PAGE)})
PROGRAMS = re.findall(r"\.venv/bin/python -m ([\w.]+)(?: ([^`\n]*))?`", PAGE)
CODE = re.findall(r"`([^`\n]+)`", PAGE)


def test_the_page_has_what_these_tests_look_for() -> None:
    assert set(TARGETS) == {"test", "check", "fix", "bench", "torture"}
    assert PROGRAMS


@pytest.mark.parametrize("target", NAMED)
def test_make_knows_the_target_and_what_each_recipe_needs(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", target],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def recipes(target: str) -> list[list[str]]:
    """Return the commands of a target, each as its words."""
    body = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.M)
    assert body is not None, f"the Makefile has no recipe for {target}"
    paths = re.search(r"^PATHS := (.*)$", MAKEFILE, re.M)
    assert paths is not None
    lines = body[1].replace("$(PATHS)", paths[1]).replace("$(ARGS)", "")
    return [shlex.split(line.strip()) for line in lines.splitlines() if "$(if" not in line]


@pytest.mark.parametrize("target", ["test", "check", "fix", "bench", "torture"])
def test_what_a_recipe_runs_is_installed_and_what_it_names_is_there(target: str) -> None:
    for program, *arguments in recipes(target):
        name = program.removeprefix("$(BIN)/")
        assert (Path(sys.executable).parent / name).exists(), f"make {target}: {program}"
        for word in arguments:
            if re.fullmatch(r"[\w/]+(\.py)?", word) and ("/" in word or word in ("sdk", "tests")):
                assert (ROOT / word).exists(), f"make {target}: {word}"


def test_the_checks_that_take_moments_pass_as_written() -> None:
    quick = [r for r in recipes("check") if r[0].endswith(("ruff", "lint-imports"))]
    assert len(quick) == 3
    for program, *arguments in quick:
        command = [str(Path(sys.executable).parent / program.removeprefix("$(BIN)/")), *arguments]
        if program.endswith("ruff"):
            command.append("--quiet")
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("module", "arguments"), PROGRAMS)
def test_a_program_that_the_page_names_runs(module: str, arguments: str) -> None:
    arguments = re.sub(r"--seconds \d+", "--seconds 0.2", arguments)
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments.split()],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_files_and_modules_that_the_page_names_are_there() -> None:
    sdk = ROOT / "sdk" / "chopmark"
    for name in CODE:
        if re.fullmatch(r"_?\w+\.py", name):
            assert (sdk / name).is_file(), name
        elif re.fullmatch(r"[\w/]+/|[\w/]+/[\w.]+|\w+\.md", name):
            assert (ROOT / name).exists(), name
        elif re.fullmatch(r"(tests|chopmark)(\.\w+)+", name):
            where = ROOT if name.startswith("tests") else ROOT / "sdk"
            path = where.joinpath(*name.split("."))
            assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_the_second_rule_of_tests_is_what_depth_and_markers_are() -> None:
    from tests.depth import scaled

    assert scaled(100) >= 1
    assert "`scaled(n)`" in PAGE
    assert '"deep: ' in (ROOT / "pyproject.toml").read_text("utf-8")
