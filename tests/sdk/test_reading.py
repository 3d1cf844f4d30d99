"""The log of a policy, opened without its calls: to be read, and to take what happened beside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chopmark import Chopmark, LogError, Policy, load_policy
from chopmark.reading import builtin_policies, new_event, open_log, paged, readable, takes_events
from chopmark.testing import MemoryLog, plugin


def test_events_stand_among_the_calls_of_their_log(tmp_path: Path) -> None:
    policy = Policy(name="p", plugins=("jsonl",)).with_options("jsonl", path=str(tmp_path / "r"))
    chop = Chopmark(policy)
    answer = chop.guard(lambda prompt: "fine")
    answer("hello")
    log = open_log(policy)
    [call] = readable(log).read()
    event = new_event("complaint.received", about=[str(call["id"])], actor="desk")
    takes_events(log).append_event(event)
    answer("hello")
    found = list(readable(log).read())
    assert [one["k"] for one in found] == ["call", "event", "call"]
    assert found[1]["about"] == [call["id"]]
    assert abs(found[1]["time"] - call["time"]) < 60_000


def test_no_detector_is_loaded_for_it(tmp_path: Path) -> None:
    code = (
        "import sys; from chopmark import load_policy; from chopmark.reading import open_log;"
        "open_log(load_policy('cn')); print('onnxruntime' in sys.modules)"
    )
    run = [sys.executable, "-c", code]
    out = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def test_a_policy_without_a_log_is_an_error_that_says_what_to_add() -> None:
    with pytest.raises(LogError, match="add one to `plugins`"):
        open_log(Policy(name="p"))


class Bare:
    """A log that can do no more than it must."""

    name, blocking = "bare", False
    append = MemoryLog.append
    close = MemoryLog.close


def test_a_log_that_cannot_do_it_is_named() -> None:
    log = open_log(Policy(name="p"), [plugin(log=Bare())])
    with pytest.raises(LogError, match="'bare' cannot be read again"):
        readable(log)
    with pytest.raises(LogError, match="'bare' cannot be read page by page"):
        paged(log)
    with pytest.raises(LogError, match="'bare' takes no events"):
        takes_events(log)


def test_policies_that_come_with_chopmark_are_named_and_can_be_loaded() -> None:
    assert {"cn", "eu", "off", "record-only"} <= set(builtin_policies())
    assert all(load_policy(name).name == name for name in builtin_policies())
