"""What a stranger would try on an archive: to add, to drop, to lose, to put it in an odd place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.plugins.log.logs import invoke
from tests.plugins.log.test_archive import archive, bring, key_of, made, small_files

from chopmark import LogError
from chopmark_log import _commands_archive
from chopmark_log._archive_check import compare, verify
from chopmark_log._archive_file import digest_of
from chopmark_log._archive_manifest import MANIFEST, Manifest
from chopmark_log._archive_proof import prove
from chopmark_log._folder import LogFolder

__all__ = ["archive", "made", "small_files"]
pytestmark = pytest.mark.usefixtures("one_duckdb")
EDIT = "UPDATE t SET leaf = encode(replace(decode(leaf), '\"m\"', '\"n\"')), model = 'n'"


def noted(archive: Path, change: Callable[[Any], object]) -> None:
    """Change the manifest."""
    data = json.loads((archive / MANIFEST).read_text())
    change(data)
    (archive / MANIFEST).write_text(json.dumps(data))


def edited(archive: Path, period: int, change: str) -> None:
    """Change the first file of a period in SQL, and have the manifest say that it is so."""
    path = archive / Manifest.read(archive).periods[period].files[0].name
    with duckdb.connect() as base:
        base.execute(f"CREATE OR REPLACE TABLE t AS FROM read_parquet('{path}') ORDER BY entry")
        base.execute(change)
        base.execute(f"COPY (FROM t ORDER BY entry) TO '{path}' (FORMAT parquet)")
    size, digest = digest_of(path)
    said = {"bytes": size, "sha256": digest}
    noted(archive, lambda data: data["periods"][period]["files"][0].update(said))


def told(archive: Path, folder: LogFolder) -> str:
    return "; ".join(verify(archive, [key_of(folder)]))


def test_a_file_that_is_laid_beside_the_others_is_named(folder: LogFolder, archive: Path) -> None:
    shutil.copy(archive / Manifest.read(archive).files[0].name, archive / "more.parquet")
    assert "file 'more.parquet' is none of the archive's" in told(archive, folder)


def test_an_edited_row_of_a_month_that_is_not_whole_is_not_passed_over(
    folder: LogFolder, archive: Path
) -> None:
    edited(archive, 0, EDIT)

    def cut(data: Any) -> None:
        del data["periods"][1:], data["periods"][0]["files"][1:]

    noted(archive, cut)
    assert "the entries from 0 to 499 are in files, and those that" in told(archive, folder)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE t ADD COLUMN approved BOOLEAN DEFAULT true",
        "ALTER TABLE t ALTER number TYPE INT",
    ],
)
def test_a_column_that_no_leaf_makes_is_named(
    folder: LogFolder, archive: Path, change: str
) -> None:
    edited(archive, 1, change)
    assert "has columns that no leaf makes" in told(archive, folder)


def test_no_proof_is_written_that_does_not_hold(folder: LogFolder, archive: Path) -> None:
    edited(archive, 1, EDIT)
    with pytest.raises(LogError, match="are not those that were signed"):
        prove(archive, 3)


@pytest.mark.parametrize("first", [1200, 5000])
def test_a_month_without_entries_makes_an_archive_no_larger(
    folder: LogFolder, archive: Path, first: int
) -> None:
    def add(data: Any) -> None:
        data["periods"].append({**data["periods"][-1], "first": first, "end": first, "files": []})

    noted(archive, add)
    store = folder.open()
    with pytest.raises(LogError, match="period '2026-04' does not follow entry 1200"):
        compare(store, archive, 0, 1200)
    store.close()


@pytest.mark.parametrize("harm", ["lost", "older", "elsewhere"])
def test_files_that_cannot_be_written_again_are_never_taken_away(
    folder: LogFolder, archive: Path, harm: str
) -> None:
    store = folder.open(writing=True)
    store.prune(1024)
    store.close()
    files = sorted(archive.glob("*.parquet"))
    if harm == "lost":
        (archive / MANIFEST).unlink()
    elif harm == "older":
        noted(archive, lambda data: data.update(periods=data["periods"][:1]))
    else:
        archive.rename(archive.with_name("moved"))
    with pytest.raises(LogError, match=r"put (its newest one|that|its newest manifest\.json) back"):
        bring(folder)
    if harm != "elsewhere":
        assert sorted(archive.glob("*.parquet")) == files
    else:
        assert not (archive / MANIFEST).exists()


def test_an_archive_may_be_in_a_folder_of_any_name(
    folder: LogFolder, archive: Path, tmp_path: Path
) -> None:
    there = tmp_path / "kind=log" / "entry=5" / 'it\'s "an" archive; --'
    there.parent.mkdir(parents=True)
    archive.rename(there)
    assert told(there, folder) == ""
    command = ["log", "archive", "write", str(there), "--open-month", "--path", str(folder.path)]
    assert invoke(*command).exit_code == 0


def test_prove_says_what_it_wrote_and_refuses_what_is_no_index(
    archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "x.tlog-proof"
    command = ["log", "archive", "prove", str(archive)]
    done = invoke(*command, "7", "-o", str(out), "--json")
    assert json.loads(done.output) == {
        "entry": 7, "proof": str(out), "leaf": str(out.with_suffix(".leaf")),
    }  # fmt: skip
    for words, why in ((["²"], "has no record"), (["7", "-o", "x.leaf"], "another ending")):
        done = invoke(*command, *words)
        assert (done.exit_code, why in done.output) == (2, True), done.output


def test_ctrl_c_is_no_verdict(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_commands_archive, "bars", stop)
    for words in (["verify", "--key", "log.pub+00+x"], ["prove", "3"]):
        monkeypatch.setattr("chopmark_log._signing.read_verifier_key", lambda key: key)
        done = invoke("log", "archive", words[0], str(archive), *words[1:])
        assert (done.exit_code, done.output[:13]) == (130, "interrupted; ")


def test_who_gives_neither_log_nor_key_is_told_to(archive: Path, tmp_path: Path) -> None:
    done = invoke("log", "archive", "verify", str(archive), "--path", str(tmp_path / "no"))
    assert (done.exit_code, "give its key by --key" in done.output) == (2, True)
