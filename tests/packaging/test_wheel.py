"""What a wheel, built from a clean copy of the tree, holds."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOTS = ("sdk", "plugins", "adapters", "models", "examples")


def build(folder: Path, into: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", into, folder],
        check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = into.glob("*.whl")
    return wheel


def copy_tree(into: Path) -> Path:
    """Copy what git would: what is tracked, and what is new and not ignored."""
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, files):
        source = ROOT / name
        if source.is_file():
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return into


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return build(copy_tree(folder / "tree"), folder / "dist")


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


def packages() -> set[str]:
    return {
        folder.name
        for root in ROOTS
        for folder in (ROOT / root).glob("chopmark*")
        if (folder / "__init__.py").is_file()
    }


def test_every_package_of_the_tree_is_in_the_wheel_and_nothing_else(names: list[str]) -> None:
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == packages()


def test_every_file_of_the_packages_is_in_the_wheel(names: list[str]) -> None:
    """A line of .gitignore, such as `*.onnx`, would leave files out without a word."""
    for root in ROOTS:
        for package in (ROOT / root).glob("chopmark*"):
            for file in package.rglob("*"):
                if file.is_file() and "__pycache__" not in file.parts:
                    assert f"{package.name}/{file.relative_to(package).as_posix()}" in names


def test_every_package_says_that_it_is_typed(names: list[str]) -> None:
    for package in packages() - {"chopmark_demo"}:
        assert f"{package}/py.typed" in names


def test_every_page_that_evidence_brings_along_is_in_the_wheel(names: list[str]) -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "plugins").rglob("*.py"))
    pages = set(re.findall(r'figures\("([a-z]+\.md)"', text))
    assert pages
    assert {name for name in names if name.startswith("chopmark/docs/")} == {
        f"chopmark/docs/{page}" for page in pages
    }


def test_the_licence_travels_with_the_wheel(names: list[str]) -> None:
    assert [n for n in names if n.endswith("licenses/LICENSE")]
    assert [n for n in names if n.endswith("licenses/NOTICE")]


def test_no_folder_shadows_a_framework() -> None:
    """An adapters/langchain/ on the editable path would make `import langchain` succeed, empty."""
    for root in ROOTS:
        for folder in (ROOT / root).iterdir():
            if folder.is_dir() and (folder / "__init__.py").exists():
                assert folder.name.startswith("chopmark"), folder


def test_the_base_install_is_small() -> None:
    from importlib.metadata import requires

    from packaging.requirements import Requirement

    found: set[str] = set()
    todo = ["chopmark"]
    while todo:
        for text in requires(todo.pop()) or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is not None and not marker.evaluate({"extra": ""}):
                continue
            if requirement.name not in found:
                found.add(requirement.name)
                todo.append(requirement.name)
    assert len(found) <= 8, sorted(found)
