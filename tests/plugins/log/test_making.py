"""Where a log cannot be made it is told in a line, and nothing is changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from chopmark._cli import cli


@pytest.mark.parametrize("words", [("log", "init"), ("log", "parent", "init")])
@pytest.mark.parametrize("place", [".", "", "{here}", "../here"])
def test_the_folder_that_this_runs_in_is_no_place(
    words: tuple[str, ...], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    told = CliRunner().invoke(
        cli, [*words, "--path", place.format(here=here), "--origin", "example.com/log"]
    )
    assert isinstance(told.exception, SystemExit), told.exception
    assert told.exit_code == 2
    assert "is the folder that this runs in; name one in it" in told.stderr
    assert [*here.iterdir()] == []


def test_a_folder_with_other_files_is_no_place(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    told = CliRunner().invoke(
        cli, ["log", "init", "--path", str(tmp_path), "--origin", "example.com/log"]
    )
    assert told.exit_code == 2
    assert "cannot be made: Directory not empty; name a new folder" in told.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["notes.txt"]
