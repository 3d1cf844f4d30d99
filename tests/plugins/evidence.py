"""Writes what a plugin shows of a policy, for tests to read."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from chopmark import Policy
from chopmark.reading import gather_evidence


def written(policy: Policy, plugin: str) -> dict[str, str]:
    """Return the files of the evidence of `plugin`, as texts by their path in the pack."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for owner, one in gather_evidence(policy):
            if owner == plugin:
                one.write(folder / one.path)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {
            path.relative_to(folder).as_posix(): path.read_text("utf-8", "replace")
            for path in files
        }


def rows(page: str) -> dict[str, list[str]]:
    """Return the rows of the tables of a page by their first cell, without code's ticks."""
    lines = [line for line in page.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}
