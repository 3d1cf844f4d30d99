"""`doctor` warns of an old SQLite, and of texts that are not those of the log it says so."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.log.logs import content_of, invoke, log_of, settle

from chopmark.testing import sample_record
from chopmark_log import _doctor
from chopmark_log._folder import LogFolder


def keep(folder: LogFolder) -> None:
    log = log_of(folder, contents=True)
    log.append_with(sample_record(), content_of())
    log.close()
    settle(folder)


def looked(folder: LogFolder, name: str) -> tuple[int, dict[str, Any]]:
    done = invoke("log", "doctor", "--path", str(folder.path), "--json")
    found = {one["name"]: one for one in json.loads(done.stdout)["found"]}
    return done.exit_code, found[name]


@pytest.mark.parametrize(("sound", "mark"), [((3, 99, 0), "warn"), ((3, 0, 0), "ok")])
def test_an_old_sqlite_is_a_warning(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch, sound: tuple[int, ...], mark: str
) -> None:
    monkeypatch.setattr(_doctor, "SOUND_SQLITE", sound)
    _, found = looked(folder, "SQLite")
    assert (found["well"], found["warns"]) == (True, mark == "warn")
    lines = invoke("log", "doctor", "--path", str(folder.path)).stdout.splitlines()
    assert next(one for one in lines if " SQLite " in one).split()[0] == mark


def empty(side: Path) -> None:
    side.write_bytes(b"")


def foreign(side: Path) -> None:
    side.unlink()
    with sqlite3.connect(side) as base:
        base.execute("CREATE TABLE meta (name TEXT, value BLOB)")
        base.execute("INSERT INTO meta VALUES ('format', X'31')")
    base.close()


def another_form(side: Path) -> None:
    with sqlite3.connect(side) as base:
        base.execute("UPDATE meta SET value = X'32'")
    base.close()


def of_another_log(side: Path) -> None:
    other = LogFolder(side.parent.with_name("other"))
    other.create("example.com/other")
    keep(other)
    shutil.copyfile(other.path / "side.db", side)


HARMS: tuple[Callable[[Path], object], ...] = (
    empty, foreign, another_form, of_another_log, Path.unlink,
    lambda side: side.write_bytes(b"no database " * 1000),
)  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
def test_texts_that_are_not_those_of_the_log_are_a_fault(
    folder: LogFolder, harm: Callable[[Path], object]
) -> None:
    assert looked(folder, "texts")[1]["told"] == "none were ever kept"
    keep(folder)
    assert looked(folder, "texts")[1]["told"] == "those of this log"
    for left in folder.path.glob("side.db-*"):
        left.unlink()
    harm(folder.path / "side.db")
    code, found = looked(folder, "texts")
    assert (code, found["well"]) == (1, False), found
    assert "back from a copy" in found["told"]
