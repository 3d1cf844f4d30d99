"""How many threads a process has for its models: as many as the policy says, in every worker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

needs_tasks = pytest.mark.skipif(
    not os.path.isdir("/proc/self/task"), reason="this system does not show threads in /proc"
)
ALONE = {"OPENBLAS_NUM_THREADS": "1"}  # the threads of numpy, which onnxruntime imports

MADE = """
import json, os, sys, threading, time
from chopmark import Chopmark, Policy

def made(**options):
    return Chopmark(Policy(name="test", plugins=("onnx",)).with_options("onnx", **options))

def extra():
    # The threads that Python does not know: those of onnxruntime and tokenizers. One that has
    # ended for Python may still be ending for the system.
    before, found = None, -1
    while found != before:
        before, found = found, len(os.listdir("/proc/self/task")) - threading.active_count()
        time.sleep(0.1)
    return found
"""


def environment() -> dict[str, str]:
    return {**os.environ, **ALONE, "PYTHONPATH": "", "PYTHONWARNINGS": "ignore"}


def run(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", MADE + script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@needs_tasks
@pytest.mark.parametrize(("threads", "extra"), [(1, 0), (3, 2)])
def test_a_model_has_the_threads_that_it_is_given(plain: Path, threads: int, extra: int) -> None:
    script = f"""
chop = made(model=sys.argv[1], threads={threads})
chop.screen("毒")
others = [made(model=sys.argv[1], threads={threads}) for _ in range(5)]
for other in others:
    other.screen("毒")
print(extra())
"""
    assert run(script, str(plain)) == str(extra)


@needs_tasks
def test_callers_at_the_same_time_make_no_threads(plain: Path) -> None:
    script = """
from concurrent.futures import ThreadPoolExecutor
chop = made(model=sys.argv[1], cache=0)
with ThreadPoolExecutor(16) as pool:
    list(pool.map(chop.screen, ["我毒。" * n for n in range(64)]))
print(extra())
"""
    assert run(script, str(plain)) == "0"


@needs_tasks
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("threads", [1, 2])
def test_workers_forked_from_a_loaded_program_have_them_too(plain: Path, threads: int) -> None:
    # As gunicorn does with preload_app: the application, and with warm_up the model, is loaded
    # once, and the workers are forked from it.
    script = f"""
chop = made(model=sys.argv[1], threads={threads}, warm_up=True)
chop.screen("毒")
pipes = []
for _ in range(3):
    out, into = os.pipe()
    if os.fork() == 0:
        found = chop.screen("毒")
        os.write(into, json.dumps([[v.category for v in found.verdicts], extra()]).encode())
        os._exit(0)
    pipes.append(out)
print(json.dumps([json.loads(os.read(pipe, 1000)) for pipe in pipes]))
"""
    assert json.loads(run(script, str(plain))) == [[["toxic"], threads - 1]] * 3


APPLICATION = (
    MADE
    + """
chop = made(model=os.environ["MODEL"], threads=2)

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    found = await chop.ascreen("毒")
    body = json.dumps([os.getpid(), [v.category for v in found.verdicts], extra()]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""
)


@needs_tasks
def test_the_workers_of_uvicorn_have_them_each(plain: Path, tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    (tmp_path / "application.py").write_text(APPLICATION, "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "application:app", "--workers", "2"),
            *("--port", str(port), "--lifespan", "off", "--log-level", "warning"),
        ],
        cwd=tmp_path,
        env={**environment(), "MODEL": str(plain)},
    )
    try:
        seen: dict[int, list[object]] = {}
        deadline = time.monotonic() + 60
        while len(seen) < 2 and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                    pid, *said = json.load(answer)
                    seen[pid] = said
            except OSError:
                time.sleep(0.1)
        assert list(seen.values()) == [[["toxic"], 1]] * 2
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=20)
