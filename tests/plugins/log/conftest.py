from __future__ import annotations

from pathlib import Path

import pytest

from chopmark_log._folder import LogFolder


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    """An empty log."""
    made = LogFolder(tmp_path / "log")
    made.create("example.com/log")
    return made
