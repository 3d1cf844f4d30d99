"""A spool that somebody deletes before the log had all of it is told, and no other ever is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.log.logs import content_of, faults_of, fill, invoke, leaves, log_of, settle
from tests.plugins.log.renewals import renew

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_log import _gone, _integrate
from chopmark_log._anew import start_anew
from chopmark_log._canonical import LARGEST, encode
from chopmark_log._care import recover
from chopmark_log._doctor import examine
from chopmark_log._folder import LogFolder
from chopmark_log._gone import gone
from chopmark_log._integrate import integrate, integrating
from chopmark_log._leaf import After, decode, with_after
from chopmark_log._log import TransparencyLog
from chopmark_log._spool import Spool
from chopmark_log._sqlite_store import SqliteStore

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, kills and locks")


def append(log: TransparencyLog, count: int) -> list[str]:
    return [log.append(sample_record(str(n))).record for n in range(count)]


def spools(folder: LogFolder) -> list[Path]:
    return sorted(folder.spools.glob("*.spool"))


def said(folder: LogFolder) -> list[dict[str, Any]]:
    """Return what the log says of spools that are gone."""
    return [leaf for leaf in leaves(folder, "gap") if leaf["why"] == _gone.WHY]


def verified(folder: LogFolder) -> tuple[int, dict[str, Any]]:
    done = invoke("log", "verify", "--path", str(folder.path), "--json")
    return done.exit_code, json.loads(done.output.splitlines()[-1])


def status(folder: LogFolder) -> int:
    done = invoke("log", "status", "--path", str(folder.path), "--json")
    return int(json.loads(done.output)["missing_spools"])


def test_a_closed_spool_that_is_deleted_leaves_a_gap(folder: LogFolder) -> None:
    log = log_of(folder, integrate=False)
    append(log, 3)
    settle(folder)
    append(log, 4)
    (former,) = spools(folder)
    renew(log)
    append(log, 2)
    former.unlink()  # of its seven records the log has three
    log.close()
    settle(folder)
    (gap,) = said(folder)
    assert (gap["file"], gap["writer"], gap["from"] > 0) == (former.name, former.stem, True)
    assert len(leaves(folder, "call")) == 5
    code, found = verified(folder)
    assert code == 1
    assert f"writer {former.stem} made 7 records, and 3 of them are there: 4 are missing" in str(
        found["faults"]
    )
    assert "a spool is gone" in str(found["told"])
    assert status(folder) == 1
    (looked,) = (one for one in examine(folder) if one.name == "spools gone")
    assert (looked.well, looked.warns, looked.told.split(":")[0]) == (True, True, former.stem)
    settle(folder)
    assert (len(said(folder)), status(folder)) == (1, 1)  # it is told once


def test_the_last_spool_of_a_process_that_is_deleted_leaves_a_gap(folder: LogFolder) -> None:
    log = log_of(folder, integrate=False)
    append(log, 3)
    settle(folder)
    append(log, 4)
    (former,) = spools(folder)
    log.close()
    former.unlink()
    fill(folder, 1)
    assert [gap["file"] for gap in said(folder)] == [former.name]
    code, found = verified(folder)
    # Nobody said how many it had, so that the log holds, and says what it lacks.
    assert (code, found["faults"], len(found["told"])) == (0, [], 1)
    done = invoke("log", "verify", "--path", str(folder.path))
    assert "\n  entry 3 says that a spool is gone" in done.output


def test_one_that_nobody_had_looked_at_is_told_by_the_next_of_its_process(
    folder: LogFolder,
) -> None:
    log = log_of(folder, integrate=False)
    append(log, 5)
    (former,) = spools(folder)
    renew(log)
    former.unlink()
    append(log, 1)
    renew(log)  # the claim is of the first leaf alone
    append(log, 1)
    log.close()
    settle(folder)
    assert said(folder) == []
    code, found = verified(folder)
    assert (code, len(found["faults"])) == (1, 1)
    assert f"entry 0 says that writer {former.stem} made 5 records, and 0 of" in found["faults"][0]


def test_a_process_whose_spool_is_deleted_begins_another_one(folder: LogFolder) -> None:
    log = log_of(folder)
    append(log, 2)
    (former,) = spools(folder)
    former.unlink()
    deadline = time.monotonic() + 120
    while not spools(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    ids = append(log, 2)
    log.close()
    assert {leaf["id"] for leaf in leaves(folder, "call")} >= set(ids)


def test_a_leaf_that_says_what_was_before_is_read_as_any_other() -> None:
    leaf = {"v": 1, "k": "event", "id": "a", "w": {"h": "b", "n": 0}, "t": 1}
    found = decode(with_after(encode(leaf), After("a", 7)))
    assert found == {**leaf, "w": {"after": {"h": "a", "n": 7}, "h": "b", "n": 0}}
    full = encode({**leaf, "why": "x" * (LARGEST - len(encode({**leaf, "why": ""})))})
    assert with_after(full, After("a", 7)) == full


# --- and no other


def quiet(folder: LogFolder) -> None:
    """Fail if the log tells of a spool that is gone, or lacks a record."""
    settle(folder)
    store = folder.open()
    names = [name for name in store.read() if not (folder.spools / name).exists()]
    store.close()
    assert (said(folder), names, status(folder)) == ([], [], 0)
    assert faults_of(folder) == ()


def test_renewals_forks_and_ends_leave_none(folder: LogFolder) -> None:
    for _ in range(3):
        log = log_of(folder)
        for number in range(20):
            log.append_with(sample_record(), content_of())
            append(log, 1)
            if number % 3 == 0:
                renew(log)
        child = os.fork()
        if child == 0:
            append(log, 3)
            os._exit(0)
        os.waitpid(child, 0)
        log.close()
        quiet(folder)
    found = leaves(folder)
    assert len({leaf["w"]["h"] for leaf in found}) > 20
    assert len([leaf for leaf in found if "after" in leaf["w"]]) == 3 * 7


STEPS: list[tuple[Any, str]] = [
    (SqliteStore, "take"),
    (SqliteStore, "note_spool"),
    (SqliteStore, "forget_spool"),
    (_integrate, "sync_folder"),
    (_gone, "sync_folder"),
    (Path, "unlink"),
    (Path, "rename"),
]


@pytest.mark.parametrize(
    ("when", "torn"),
    [
        ("before", False),
        ("after", True),
        pytest.param("before", True, marks=pytest.mark.deep),
        pytest.param("after", False, marks=pytest.mark.deep),
    ],
)
def test_who_takes_in_may_be_killed_at_any_step(folder: LogFolder, when: str, torn: bool) -> None:
    for owner, name in STEPS:
        for nth in (1, 2):
            log = log_of(folder, integrate=False)
            append(log, 2)
            (path,) = spools(folder)
            log.close()
            if torn:
                with path.open("ab") as file:
                    file.write(b"\0\0\0\x05torn")
            killed(partial(taking, folder, owner, name, when, nth))
            settle(folder)
            assert (said(folder), spools(folder)) == ([], []), (name, nth)
    quiet(folder)


def taking(folder: LogFolder, owner: Any, name: str, when: str, nth: int) -> None:
    does, count = getattr(owner, name), [0]

    def die(*given: Any, **named: Any) -> Any:
        count[0] += 1
        if count[0] == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        found = does(*given, **named)
        if count[0] == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(owner, name, die)
    settle(folder)


def killed(work: Callable[[], object]) -> None:
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    os.waitpid(child, 0)


def test_a_damaged_spool_that_recover_puts_aside_leaves_none(folder: LogFolder) -> None:
    log = log_of(folder, integrate=False)
    append(log, 3)
    (path,) = spools(folder)
    log.close()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(LogError, match="is damaged"):
        settle(folder)
    with integrating(folder) as mine:
        assert mine
        recover(folder, "recover-1")
    assert (said(folder), status(folder)) == ([], 0)


def test_a_backup_of_the_spools_that_comes_back_leaves_none(
    folder: LogFolder, tmp_path: Path
) -> None:
    log = log_of(folder, integrate=False)
    append(log, 2)
    shutil.copytree(folder.spools, tmp_path / "backup")
    append(log, 1)
    log.close()
    settle(folder)
    for path in (tmp_path / "backup").iterdir():
        shutil.copy(path, folder.spools)
    quiet(folder)
    assert len(list(folder.spools.glob("*.twice"))) == 1


def test_a_spool_in_which_nothing_is_may_be_discarded_again(folder: LogFolder) -> None:
    spool = Spool(folder.spools, "1a-2-b")
    store = folder.open(writing=True)
    with integrating(folder) as mine:
        assert mine
        integrate(folder, store)
    spool.discard()
    store.close()
    quiet(folder)
    store = folder.open()
    assert gone(store) == []
    store.close()


def test_in_a_log_that_is_begun_anew_what_the_former_one_had_is_not_missing(
    folder: LogFolder,
) -> None:
    log = log_of(folder, integrate=False)
    append(log, 2)
    renew(log)
    settle(folder)
    append(log, 1)
    log.close()
    start_anew(folder, "example.com/anew", "w")
    assert [leaf["w"].get("after", {}).get("n") for leaf in leaves(folder, "call")] == [2]
    quiet(folder)
