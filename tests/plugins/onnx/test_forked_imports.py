"""A fork while a thread's first call imports what it wants leaves a child that can call, too."""

from __future__ import annotations

import subprocess
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no fork", allow_module_level=True)

SCRIPT = """
import asyncio, importlib.abc, os, signal, sys, threading, time
from chopmark import Chopmark, Policy

class Slow(importlib.abc.MetaPathFinder):
    met = threading.Event()

    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            self.met.set()
            time.sleep(0.2)

sys.meta_path.insert(0, Slow())
chop = Chopmark(Policy(name="p", plugins=("onnx",)))

@chop.guard
async def answer(prompt):
    return prompt

def call():
    assert asyncio.run(answer("Good morning.")) == "Good morning."

threading.Thread(target=call).start()
assert Slow.met.wait(20)
child = os.fork()
if not child:
    signal.alarm(int(sys.argv[2]))  # which ends it where it hangs
    call()
    os._exit(0)
print(os.waitpid(child, 0)[1])
"""
PATIENCE = 30


@pytest.mark.parametrize(
    "module", ["chopmark._drive_async", "anyio._backends._asyncio", "onnxruntime"]
)
def test_a_child_of_a_fork_amid_the_first_call_calls_too(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, module, f"{PATIENCE}"],
        capture_output=True, text=True, timeout=2 * PATIENCE, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr, done.returncode) == ("0\n", "", 0)
