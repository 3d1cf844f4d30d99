"""A system call that fails, and a kill at any moment, lose nothing and double nothing."""

from __future__ import annotations

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("forks and kills", allow_module_level=True)

from tests.plugins.log.injections import can_inject, inject, sampled
from tests.plugins.log.kills import storm


def test_calls_of_each_kind_may_fail_in_any_way() -> None:
    if not can_inject():
        pytest.skip("there is no strace that may look into a process")
    told: list[object] = []
    found = inject(sampled(20, 1), tell=lambda *what: told.append(what))
    assert found.cases == 20
    assert told == []


def test_processes_of_every_kind_may_be_killed_at_any_moment() -> None:
    found = storm(3, 1)
    assert found.kills > 9
    assert found.taken >= 3
    assert found.faults == 0, found
