"""What happens when the log, the file, or the process breaks: no step is lost, none is invented."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chopmark import Event, LogError, Policy, Receipt, load_policy
from chopmark.testing import plugin
from chopmark_complaints import ComplaintError, Office, UnloggedError
from chopmark_jsonl import JsonlLog


class FullDisk(JsonlLog):
    """A log that takes events only after there is space again."""

    space = 0

    def append_event(self, event: Event) -> Receipt:
        if self.space == 0:
            raise LogError("log 'jsonl' cannot write: no space left; free some space")
        self.space -= 1
        return super().append_event(event)


@pytest.fixture
def log(tmp_path: Path) -> FullDisk:
    return FullDisk({"path": str(tmp_path / "records.jsonl")})


@pytest.fixture
def office(tmp_path: Path, log: FullDisk) -> Iterator[Office]:
    policy = Policy(name="p", plugins=("complaints",), folder=str(tmp_path))
    policy = policy.with_options("complaints", path="complaints.db")
    with Office(policy, [plugin(log=log)]) as found:
        yield found


def logged(log: FullDisk) -> list[str]:
    return [entry["id"] for entry in log.read()]


def test_a_step_that_the_log_cannot_take_is_kept_and_goes_in_later_in_order(
    office: Office, log: FullDisk
) -> None:
    with pytest.raises(UnloggedError, match=r"do not repeat it.*free some space") as raised:
        office.complaints.receive("it is wrong")
    [one] = office.complaints.all()
    assert raised.value.event.id == one.id
    assert "is not in the log" in office.verify().faults[0]
    log.space = 1
    with pytest.raises(UnloggedError, match=r"complaint\.decided is kept"):
        office.complaints.decide(one.id, "upheld", "it is", actor="Wang")
    assert logged(log) == [one.id]
    log.space = 9
    office.complaints.told(one.id, "a text", actor="Wang")
    assert logged(log) == [step.id for step in office.complaints.history(one.id)]
    assert office.verify().faults == ()


def test_a_step_that_is_refused_changes_neither_the_file_nor_the_log(
    office: Office, log: FullDisk
) -> None:
    log.space = 9
    one = office.complaints.receive("it is wrong")
    with pytest.raises(ComplaintError):
        office.complaints.decide(one.id, "upheld", "it is", actor="Wang", again=True)
    assert len(office.complaints.history(one.id)) == len(logged(log)) == 1


def test_a_text_or_a_step_that_somebody_changed_is_told(office: Office, log: FullDisk) -> None:
    log.space = 9
    one = office.complaints.receive("it is wrong")
    office.complaints.decide(one.id, "rejected", "it is right", actor="Wang")
    base = sqlite3.connect(office.complaints.options.path)
    with base:
        base.execute("UPDATE texts SET value = '\"it is fine\"' WHERE name = 'complaint'")
        base.execute("UPDATE steps SET actor = 'Zhao' WHERE kind = 'complaint.decided'")
        base.execute("DELETE FROM texts WHERE name = 'reason'")
    base.close()
    [step] = office.complaints.history(one.id)[1:]
    assert office.verify().faults == (
        f"complaint.decided {step.id} is another one in the log",
        f"the complaint of {one.id} is not what the log commits to",
        f"the reason of {step.id} is missing",
    )


def test_a_log_that_takes_no_events_is_refused(tmp_path: Path) -> None:
    class Deaf:
        name, blocking = "deaf", False

        def append(self, record: object) -> Receipt:
            raise AssertionError

        def close(self) -> None: ...

    policy = Policy(name="p", plugins=("complaints",), folder=str(tmp_path))
    policy = policy.with_options("complaints", path="complaints.db")
    with pytest.raises(LogError, match="takes no events"):
        Office(policy, [plugin(log=Deaf())])  # type: ignore[arg-type]
    with pytest.raises(LogError, match="keeps no log"):
        Office(policy)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such mode")
def test_the_file_is_for_its_owner_alone(office: Office, policy_file: Path) -> None:
    path = office.complaints.options.path
    assert path.stat().st_mode & 0o777 == 0o600
    office.close()
    path.chmod(0o640)
    with pytest.raises(ComplaintError, match=r"mode 640\); run `chmod 600`"):
        Office(load_policy(policy_file))


@pytest.mark.parametrize("content", [b"no database " * 1000, b"\x00" * 4096])
def test_a_file_that_is_no_store_is_refused_and_left_as_it_is(
    policy_file: Path, content: bytes
) -> None:
    path = policy_file.parent / "complaints.db"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ComplaintError, match="the file of complaints"):
        Office(load_policy(policy_file))
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_refused(policy_file: Path) -> None:
    path = policy_file.parent / "complaints.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE kept (key TEXT)")
    base.close()
    path.chmod(0o600)
    with pytest.raises(ComplaintError, match="no file of complaints of form 1"):
        Office(load_policy(policy_file))


def test_a_folder_that_is_not_there_is_named(policy_file: Path) -> None:
    policy = load_policy(policy_file).with_options("complaints", path="none/complaints.db")
    with pytest.raises(ComplaintError, match="make its folder"):
        Office(policy)


PROCESS = """
import sys
from chopmark import load_policy
from chopmark_complaints import ComplaintError, Office

with Office(load_policy(sys.argv[1])) as office:
    for n in range(5):
        office.complaints.receive(f"complaint {n}")
    try:
        office.complaints.decide(sys.argv[2], "upheld", "it is", actor="a process")
    except ComplaintError as error:
        print("refused")
"""


def test_processes_and_threads_lose_nothing_and_decide_once(policy_file: Path) -> None:
    with Office(load_policy(policy_file)) as office:
        one = office.complaints.receive("it is wrong")
        command = [sys.executable, "-c", PROCESS, str(policy_file), one.id]
        running = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)
        ]  # fmt: skip
        threads = [
            threading.Thread(
                target=lambda: [office.complaints.receive(f"complaint {n}") for n in range(5)]
            )
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        said = [process.communicate()[0].strip() for process in running]
        assert sorted(said) == ["", "refused"]
        assert len(office.complaints.all()) == 21
        found = office.verify()
        assert (found.steps, found.faults, found.only_in_log) == (22, (), 0)
