"""A signal's handler that uses the log amid a record is told so, and hangs nobody."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("no such signals", allow_module_level=True)

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_jsonl import _file
from chopmark_jsonl._log import JsonlLog
from chopmark_log._log import TransparencyLog

LOGS: dict[str, tuple[Callable[[Path], Any], Any, str]] = {
    "write": (lambda path: TransparencyLog({"path": str(path / "log")}), os, "write"),
    "sync": (
        lambda path: TransparencyLog({"path": str(path / "log"), "durability": "disk"}),
        os,
        "fdatasync",
    ),
    "jsonl": (lambda path: JsonlLog({"path": str(path / "log.jsonl")}), _file, "lock"),
}


@pytest.mark.parametrize("uses", ["close", "append"])
@pytest.mark.parametrize("name", LOGS)
def test_a_handler_that_comes_amid_a_record_does_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, uses: str
) -> None:
    make, module, function = LOGS[name]
    log = make(tmp_path)
    log.append(sample_record())
    real, told = getattr(module, function), []

    def interrupted(*given: Any) -> Any:
        monkeypatch.setattr(module, function, real)
        signal.raise_signal(signal.SIGUSR1)
        return real(*given)

    def handler(number: int, frame: FrameType | None) -> None:
        try:
            log.close() if uses == "close" else log.append(sample_record())
        except LogError as error:
            told.append(str(error))

    before = signal.signal(signal.SIGUSR1, handler)
    monkeypatch.setattr(module, function, interrupted)
    try:
        log.append(sample_record())
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert len(told) == 1
    assert "SystemExit" in told[0]
    log.append(sample_record())
    log.close()
