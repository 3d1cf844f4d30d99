"""The plugin author's first hour: the template copied, renamed, installed, found, tested."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "examples" / "plugin-template"


def run(*command: str, cwd: Path, site: Path) -> str:
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("author") / "chopmark-mine"
    shutil.copytree(TEMPLATE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    block = (folder / "README.md").read_text()
    lines = [line.strip() for line in block.splitlines() if line.startswith("    ")]
    script = "\n".join(lines[1:4])
    assert script.startswith("mv "), "the README's commands have moved"
    subprocess.run(["bash", "-ec", script], cwd=folder, check=True)
    site = folder.parent / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(site), str(folder)], check=True)
    return folder, site


def test_it_is_discovered_under_its_new_name(mine: tuple[Path, Path]) -> None:
    folder, site = mine
    code = "from chopmark._plugins import installed; print([p.name for p in installed()])"
    assert "'mine'" in run(sys.executable, "-c", code, cwd=folder, site=site)


def test_its_own_tests_pass(mine: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, site = mine
    # An author has pytest and Hypothesis, not the plugins of pytest that frameworks bring here.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder, site=site)
