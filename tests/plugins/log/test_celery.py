"""Celery's workers fork, recycle their children and stop amid tasks; nothing is lost or doubled."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.plugins.log.logs import holds
from tests.sdk.redis_server import serving

from chopmark_log._folder import LogFolder

pytest.importorskip("celery", reason="no Celery here: pip install celery")
if sys.platform == "win32":
    pytest.skip("prefork wants a fork", allow_module_level=True)

PATIENCE = 300.0
OWN_LIFE = 3  # tasks that a child does before another one takes its place
WORDS = (
    "worker", "--pool", "prefork", "--concurrency", "2", "--max-tasks-per-child", str(OWN_LIFE),
    "--loglevel", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat",
)  # fmt: skip


class Taken:
    """What calls came back, in any process of any worker."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> list[list[str]]:
        return [line.split() for line in self.path.read_text().splitlines()]

    def __len__(self) -> int:
        return len(self.lines()) if self.path.exists() else 0


@contextlib.contextmanager
def working(env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a worker until the block ends, then tell it to finish what it does, and stop."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "queued", *WORDS],
        env=env, cwd=Path(__file__).parent,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield worker
    finally:
        worker.send_signal(signal.SIGTERM)
        try:
            _, told = worker.communicate(timeout=PATIENCE)
        finally:
            worker.kill()
        assert "Traceback" not in told, told
        assert worker.returncode == 0, told


@pytest.mark.parametrize(
    ("tasks", "workers"),
    [(18, 1), pytest.param(120, 4, marks=pytest.mark.deep)],
    ids=["short", "long"],
)
def test_workers_that_are_recycled_and_stopped_amid_their_tasks(
    tmp_path: Path, folder: LogFolder, tasks: int, workers: int
) -> None:
    from celery import Celery

    taken = Taken(tmp_path / "taken")
    with serving() as server:
        broker = f"redis+socket://{server.path}"
        with Celery("sends", broker=broker) as sends:
            for n in range(tasks):
                sends.send_task("ask", [f"{n}"])
        env = {**os.environ, "BROKER": broker, "CHOPMARK_LOG": str(folder.path),
               "TAKEN": str(taken.path)}  # fmt: skip
        for turn in range(1, workers + 1):
            whole = turn == workers > 1  # the last of several does what is left
            enough = turn + (tasks if whole else tasks * turn // (workers + 1))
            with working(env) as worker:
                deadline = time.monotonic() + PATIENCE
                while len(taken) < enough and worker.poll() is None:
                    assert time.monotonic() < deadline, f"{len(taken)} of {enough} came back"
                    time.sleep(0.01)
    who, ids, asked = zip(*taken.lines(), strict=True)
    holds(folder, ids)
    answered = [prompt for prompt in asked if prompt != "first"]
    assert len(asked) == len(answered) + workers
    assert len(answered) == len(set(answered))
    assert len(answered) == tasks if workers > 1 else len(answered) >= tasks // 2
    assert max(Counter(who).values()) <= OWN_LIFE < len(answered) / 2  # children were recycled
