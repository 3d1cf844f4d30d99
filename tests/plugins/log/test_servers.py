"""Servers that fork, spawn and recycle their workers lose and double nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.plugins.log.logs import holds, settled_ids

from chopmark_log._folder import LogFolder

if sys.platform == "win32":
    pytest.skip("sockets and signals of POSIX", allow_module_level=True)

REQUESTS = 40
PATIENCE = 300.0


@contextlib.contextmanager
def serving(words: Sequence[str], at: Path, folder: LogFolder, **more: str) -> Iterator[None]:
    """Run a server until the block ends, then let it end by itself."""
    env = {**os.environ, "CHOPMARK_LOG": str(folder.path), **more}
    server = subprocess.Popen(
        [sys.executable, "-m", *words], env=env, cwd=Path(__file__).parent,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + PATIENCE
        while not at.exists() and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        _, told = server.communicate(timeout=PATIENCE)
        assert "Traceback" not in told, told


def ask(at: Path) -> list[str]:
    """Return who took the record of a request, its id, and the one that was made before a fork."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:  # a worker may not be ready yet, or not any more
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PATIENCE)
            line.connect(str(at))
            line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            data = b""
            while piece := line.recv(4096):
                data += piece
            head, _, body = data.partition(b"\r\n\r\n")
            if b" 200 " in head.split(b"\r\n")[0]:
                return body.decode().split()
        time.sleep(0.02)
    raise AssertionError("no answer")


def ask_many(at: Path) -> list[list[str]]:
    with ThreadPoolExecutor(6) as pool:
        return list(pool.map(ask, [at] * REQUESTS))


def test_gunicorn_with_preload_and_workers_that_are_recycled(
    tmp_path: Path, folder: LogFolder
) -> None:
    pytest.importorskip("gunicorn")
    at = tmp_path / "s"
    # A worker that was just forked can lose the signal to end, whatever it serves: the master waits
    # for it as long as it is told to.
    words = ["gunicorn", "--preload", "--workers", "3", "--max-requests", "10",
             "--graceful-timeout", "3", "--timeout", "300", "--bind", f"unix:{at}",
             "--no-control-socket", "served:wsgi"]  # fmt: skip
    with serving(words, at, folder, WARM="yes"):
        answers = ask_many(at)
    assert len({who for who, *_ in answers}) > 3  # some were recycled
    [first] = {first for *_, first in answers}  # all share what was recorded before the fork
    holds(folder, [first, *(id for _, id, _ in answers)], settled_ids(folder))


def test_uvicorn_with_workers(tmp_path: Path, folder: LogFolder) -> None:
    pytest.importorskip("uvicorn")
    at = tmp_path / "s"
    with serving(["uvicorn", "--workers", "2", "--uds", str(at), "served:asgi"], at, folder):
        answers = ask_many(at)
    holds(folder, [id for _, id in answers], settled_ids(folder))
