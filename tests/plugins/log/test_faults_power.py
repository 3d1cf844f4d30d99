"""A loss of power at any moment loses nothing that was taken to the disk, and doubles nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("apsw", reason="records what SQLite writes")
if sys.platform == "win32":
    pytest.skip("locks of POSIX", allow_module_level=True)

from tests.plugins.log.crashes import recording
from tests.plugins.log.outages import storm

from chopmark.testing import sample_record
from chopmark_log._log import TransparencyLog


def test_after_a_loss_of_power_the_log_goes_on_with_all_that_it_promised() -> None:
    found = storm(50, 1, steps=40)
    assert found.images == 50
    assert found.faults == 0, found


def test_the_folder_of_a_new_log_is_on_the_disk_before_its_first_record(tmp_path: Path) -> None:
    with recording(tmp_path) as journal:
        log = TransparencyLog(
            {"path": str(tmp_path / "log"), "durability": "disk", "integrate": False}
        )
        log.append(sample_record())
        journal.told("taken")
        log.close()
    events = [event[:2] for event in journal.events if event[0] != "write"]
    renamed = max(n for n, (_, name) in enumerate(events) if name.startswith("log.new-"))
    assert events[renamed][0] == "rename"
    assert ("sync-folder", events[renamed][1]) in events[:renamed]
    taken = events.index(("told", "taken"))
    assert ("sync-folder", ".") in events[renamed:taken]
    assert ("sync-folder", "log/spool") in events[renamed:taken]
