"""A log is counted the same in one process and in several, whatever becomes of these."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.report.test_counts import calls

from chopmark import LogError, Verdict, load_policy
from chopmark.hookspecs import ReadableLog
from chopmark.reading import new_event, open_log, readable
from chopmark.testing import sample_record
from chopmark_report import Tally, count, packed
from chopmark_report._added import add
from chopmark_report._reading import count_log

ENTRIES = 1100  # in five bundles
ids = st.sampled_from(["1", "2", "3"])
events = st.fixed_dictionaries(
    {
        "k": st.just("event"),
        "id": ids,
        "kind": st.sampled_from(["complaint.received", "complaint.decided", "key.rotated"]),
        "time": st.integers(0, 9),
        "about": st.lists(ids, max_size=2),
        "data": st.sampled_from([{}, {"deadline": 7}, {"decision": "upheld"}, {"decision": "no"}]),
    }
)
entries = st.lists(calls | events, max_size=8)


def said(tally: Tally) -> str:
    """Return all that was counted, in its order: a report shows some of it as it stands."""
    return json.dumps(packed(tally))


@given(st.lists(entries, min_size=1, max_size=4))
def test_counts_of_slices_are_added_to_those_of_all(slices: list[list[dict[str, Any]]]) -> None:
    tally = Tally()
    for one in slices:
        add(tally, count(one))
    assert said(tally) == said(count([entry for one in slices for entry in one]))


@given(entries, entries)
def test_what_is_added_stays_as_it_is(first: list[Any], then: list[Any]) -> None:
    tally, behind = count(first), count(then)
    add(tally, behind)
    count([*then, *first], tally)
    assert said(behind) == said(count(then))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy with a log of calls, and of complaints, some decided long after they came in."""
    folder = tmp_path_factory.mktemp("counted")
    policy = folder / "service.toml"
    policy.write_text('plugins = ["log"]\n[settings.log]\npath = "log"\n')
    log: Any = open_log(load_policy(policy))
    first = sample_record()
    for n in range(ENTRIES):
        if n % 100 == 50:
            event = new_event("complaint.received", data={"deadline": 5})
            log.append_event(replace(event, id=f"{n:08}-0000-4000-8000-000000000000"))
        elif n % 100 == 55:
            about = f"{max(n - 405, 50):08}-0000-4000-8000-000000000000"
            log.append_event(new_event("complaint.decided", about=[about], data={"decision": "x"}))
        else:
            found = Verdict(category=f"c{n % 7}", start=0, end=3, detector="d", version="1")
            log.append(replace(
                first, id=sample_record().id, time=first.time + n * 10**6, duration=n,
                model=f"m{n % 3}", verdicts=(found,) * (n % 5 == 0),
            ))  # fmt: skip
    log.close()
    return policy


def log_of(policy: Path) -> ReadableLog:
    return readable(open_log(load_policy(policy)))


def counted(policy: Path, processes: int, since: int = 0) -> tuple[str, str]:
    """Return what was counted, and why not all was."""
    tally, why = Tally(), ""
    try:
        count_log(log_of(policy), since, None, tally, processes=processes)
    except LogError as error:
        why = str(error)
    return said(tally), why


def test_a_log_is_counted_the_same_in_however_many_processes(path: Path) -> None:
    alone = counted(path, 1)
    tally = json.loads(alone[0])
    assert tally["calls"][2] + sum(span[2] for _, span in tally["events"]) == ENTRIES
    assert any(decided for _, (_, _, decided, _) in tally["complaints"])
    assert counted(path, 2) == counted(path, 3) == alone
    later = tally["calls"][0] + 400 * 10**6
    assert counted(path, 2, later) == counted(path, 1, later) != alone


@pytest.mark.parametrize("bundle", [0, 1, 3])
def test_a_log_that_is_damaged_is_counted_up_to_there(path: Path, bundle: int) -> None:
    base = path.parent / "log" / "log.db"
    with sqlite3.connect(base) as file:
        ((whole,),) = file.execute("SELECT leaves FROM bundles WHERE number = ?", (bundle,))
        file.execute("UPDATE bundles SET leaves = 'x' WHERE number = ?", (bundle,))
    file.close()
    try:
        alone = counted(path, 1)
        assert f"from entry {bundle * 256} on" in alone[1]
        assert counted(path, 2) == counted(path, 4) == alone
    finally:
        with sqlite3.connect(base) as file:
            file.execute("UPDATE bundles SET leaves = ? WHERE number = ?", (whole, bundle))
        file.close()


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false", "/bin/cat"])
def test_where_no_other_process_counts_this_one_does(
    path: Path, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = counted(path, 1)
    monkeypatch.setattr(sys, "executable", python)
    assert counted(path, 2) == alone


_SLOW = """
import os, time
from pathlib import Path

class Slow:
    def __init__(self, file): self.file = file
    def __len__(self): return 1
    def outlines(self, since, until):
        beside = Path(self.file + ".part")
        beside.write_text(str(os.getpid()))
        beside.rename(self.file)
        time.sleep(60)
        yield
"""


class Stopped:
    """A slice in which somebody presses Ctrl-C, as soon as the other process works."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __len__(self) -> int:
        return 1

    def outlines(self, since: int, until: int | None) -> Iterator[Any]:
        deadline = time.monotonic() + 60
        while not self.file.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        raise KeyboardInterrupt
        yield


def test_who_stops_it_leaves_no_process_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_slice.py").write_text(_SLOW)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    from slow_slice import Slow  # type: ignore[import-not-found]

    class Log:
        name = "cut"

        def slices(self, number: int) -> list[Any]:
            return [Stopped(tmp_path / "pid"), Slow(str(tmp_path / "pid"))]

    log: Any = Log()
    with pytest.raises(KeyboardInterrupt):
        count_log(log, 0, None, Tally(), processes=2)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
