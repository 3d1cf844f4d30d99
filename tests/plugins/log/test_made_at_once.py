"""Processes that begin at the same moment make one log, and none of them is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from chopmark.testing import sample_record
from chopmark_log._folder import LogFolder
from chopmark_log._log import TransparencyLog


def test_who_finds_that_another_was_first_goes_on_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = LogFolder.create

    def second(self: LogFolder, origin: str, **more: bool) -> None:
        whole(self, "example.com/other")  # between the look and the making
        whole(self, origin, **more)

    monkeypatch.setattr(LogFolder, "create", second)
    log = TransparencyLog({"path": str(tmp_path / "log")})
    id = log.append(sample_record()).record
    log.close()
    assert log.get(id) is not None
