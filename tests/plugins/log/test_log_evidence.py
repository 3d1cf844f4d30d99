"""The log in a pack: a stranger verifies it without chopmark, and finds no text in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.plugins.evidence import rows, written
from tests.plugins.log.logs import content_of, fill, log_of, settle

from chopmark import Policy
from chopmark.reading import gather_evidence
from chopmark.testing import sample_record
from chopmark_log import _evidence
from chopmark_log._folder import LogFolder


def policy(path: Path, **options: object) -> Policy:
    return Policy(name="t", plugins=("log",)).with_options("log", path=str(path), **options)


def shown(made: Policy) -> dict[str, tuple[str, ...]]:
    return {one.path: one.shows for _, one in gather_evidence(made)}


def test_a_stranger_verifies_the_bundle_with_the_key_on_the_page(
    folder: LogFolder, tmp_path: Path
) -> None:
    fill(folder, 3)
    settle(folder)
    for _, one in gather_evidence(policy(folder.path)):
        one.write(tmp_path / one.path)
    page = (tmp_path / "log.md").read_text("utf-8")
    key = folder.public.read_text("utf-8").strip()
    assert f"--key '{key}'" in page
    run = [sys.executable, "-I", str(tmp_path / "bundle/verify.py"), str(tmp_path / "bundle")]
    assert subprocess.run([*run, "--key", key], capture_output=True, check=False).returncode == 0
    assert rows(page)["hashed again for this pack"] == ["it holds"]
    records = tmp_path / "bundle/records.jsonl"
    records.write_text(records.read_text("utf-8").replace("allow", "block", 1), "utf-8")
    assert subprocess.run([*run, "--key", key], capture_output=True, check=False).returncode == 1


def test_no_text_and_no_secret_key_is_in_it(folder: LogFolder) -> None:
    log = log_of(folder)
    log.append_with(sample_record("1"), content_of("anna", "an answer to her"))
    log.close()
    settle(folder)
    everything = "".join(written(policy(folder.path), "log").values())
    for secret in ("an answer to her", "a question of anna", "PRIVATE"):
        assert secret not in everything.replace(
            (Path(_evidence.__file__).parent / "verify.py").read_text("utf-8"), ""
        )


@pytest.mark.parametrize(("days", "half_a_year"), [(0, False), (182, False), (183, True)])
def test_six_months_of_log_are_shown_only_where_they_are_kept(
    folder: LogFolder, days: int, half_a_year: bool
) -> None:
    made = shown(policy(folder.path, retention_days=days))
    assert {"labelling.9" in shows for shows in made.values()} == {half_a_year}
    assert all("measures.14" in shows for shows in made.values())


def test_a_log_that_is_not_there_yet_shows_nothing_and_is_not_made(tmp_path: Path) -> None:
    made = policy(tmp_path / "none", retention_days=183)
    assert shown(made) == {"log.md": ()}
    assert "no call was recorded" in written(made, "log")["log.md"]
    assert not (tmp_path / "none").exists()


def test_a_long_log_is_cut_to_its_last_records_and_says_so(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_evidence, "MOST", 2)
    fill(folder, 5)
    settle(folder)
    found = written(policy(folder.path), "log")
    assert len(found["bundle/records.jsonl"].splitlines()) == 2
    assert "the last 2 of 5 records" in found["log.md"]
    assert rows(found["log.md"])["records"] == ["5"]
