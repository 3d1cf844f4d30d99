"""Threads and processes: one model for all threads, and what a fork may share of it."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import chopmark_models
from chopmark import Context, Policy
from chopmark.hookspecs import Detector
from chopmark_onnx import chopmark_detectors

OUTPUT = Context(direction="output")
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

MADE = """
import multiprocessing, os, sys, threading
from chopmark import Context, Policy
from chopmark_onnx import chopmark_detectors

def made(**options):
    policy = Policy(name="test").with_options("onnx", model=sys.argv[1], **options)
    [detector] = chopmark_detectors(policy)
    return detector

def found(detector):
    return [v.category for v in detector.judge("毒", Context(direction="output"))]
"""


def run(script: str, folder: Path | str, **environment: str) -> str:
    """Run `script` in a fresh interpreter; a child that hangs is an error."""
    clean = {n: v for n, v in os.environ.items() if n not in ("CI", "ORT_DISABLE_TELEMETRY")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MADE + script, str(folder)],
        capture_output=True,
        timeout=120,
        text=True,
        encoding="utf-8",
        env={**clean, "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def made(folder: Path | str, **options: Any) -> Detector:
    policy = Policy(name="test").with_options("onnx", model=str(folder), **options)
    [detector] = chopmark_detectors(policy)
    return detector


@forks
@pytest.mark.parametrize("threads", [pytest.param(1, marks=pytest.mark.deep), 2])
def test_a_forked_child_judges_and_ends(plain: Path, threads: int) -> None:
    script = f"""
detector = made(threads={threads})
assert found(detector) == ["toxic"]
child = os.fork()
if child == 0:
    sys.exit(0 if found(detector) == ["toxic"] else 9)
print(os.waitpid(child, 0)[1], found(detector))
"""
    assert run(script, plain) == "0 ['toxic']"


@forks
def test_a_forked_child_that_judges_nothing_ends_too(plain: Path) -> None:
    script = """
detector = made(threads=2)
found(detector)
child = os.fork()
if child == 0:
    sys.exit(0)
print(os.waitpid(child, 0)[1])
"""
    assert run(script, plain) == "0"


@forks
def test_a_child_of_a_child_judges_too(plain: Path) -> None:
    script = """
detector = made(threads=2)
found(detector)
def fork(depth):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(fork(depth - 1) if depth else 0 if found(detector) == ["toxic"] else 9)
print(fork(2))
"""
    assert run(script, plain) == "0"


@forks
def test_a_child_that_is_forked_while_a_thread_loads_the_model_does_not_wait_for_it(
    plain: Path,
) -> None:
    script = """
import chopmark_onnx._shared as shared
detector = made()
held, go = threading.Event(), threading.Event()
opened = shared.open_scorer
def slow(*given):
    if os.getpid() == parent:
        held.set()
        go.wait()
    return opened(*given)
parent, shared.open_scorer = os.getpid(), slow
thread = threading.Thread(target=found, args=(detector,))
thread.start()
held.wait()
child = os.fork()
if child == 0:
    os._exit(0 if found(detector) == ["toxic"] else 9)
print(os.waitpid(child, 0)[1])
go.set()
thread.join()
"""
    assert run(script, plain) == "0"


LOADING = """
import chopmark_onnx._shared as shared
opened, loaded = shared.open_scorer, []
def counting(*given):
    loaded.append(os.getpid())
    return opened(*given)
shared.open_scorer = counting
"""


@forks
@pytest.mark.parametrize(("threads", "loads"), [(1, 0), (2, 1)])
def test_a_child_shares_the_model_of_its_parent_where_that_has_no_threads(
    plain: Path, threads: int, loads: int
) -> None:
    script = f"""
detector = made(threads={threads})
found(detector)
def fork(depth):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    loaded.clear()
    right = [found(detector), found(made(threads={threads}))] == [["toxic"]] * 2
    if not right or len(loaded) != {loads}:
        sys.exit(9)
    sys.exit(fork(depth - 1) if depth else 0)
print(fork(1))
"""
    assert run(LOADING + script, plain) == "0"


@forks
def test_a_child_that_is_forked_while_a_model_is_at_work_loads_its_own(plain: Path) -> None:
    # Another model than the one that the child asks: sessions share locks of onnxruntime.
    script = """
detector, busy = made(), made(report_from=0.9, threads=2, cache=0)
found(detector)
network = busy.stages[0].shared.load().network
held, go, run = threading.Event(), threading.Event(), network.run
def slow(ids):
    held.set()
    go.wait()
    return run(ids)
network.run = slow
thread = threading.Thread(target=found, args=(busy,))
thread.start()
held.wait()
child = os.fork()
if child == 0:
    loaded.clear()
    os._exit(0 if found(detector) == ["toxic"] and len(loaded) == 1 else 9)
print(os.waitpid(child, 0)[1])
go.set()
thread.join()
"""
    assert run(LOADING + script, plain) == "0"


@forks
def test_children_that_are_forked_in_the_middle_of_work_all_judge(plain: Path) -> None:
    script = """
detector, stop = made(cache=0), threading.Event()
found(detector)
def work():
    while not stop.is_set():
        found(detector)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
ended = []
for _ in range(6):
    child = os.fork()
    if child == 0:
        os._exit(0 if found(detector) == ["toxic"] else 9)
    ended.append(os.waitpid(child, 0)[1])
stop.set()
for thread in threads:
    thread.join()
print(ended == [0] * 6)
"""
    assert run(script, plain) == "True"


@forks
def test_a_child_remembers_nothing_of_its_parent(plain: Path) -> None:
    script = """
detector = made()
found(detector)
child = os.fork()
if child == 0:
    scorer = detector.stages[0].shared.load()
    empty = len(scorer._cache) == 0
    os._exit(0 if empty and found(detector) == ["toxic"] and len(scorer._cache) == 1 else 9)
print(os.waitpid(child, 0)[1])
"""
    assert run(script, plain) == "0"


@forks
def test_a_child_that_is_forked_while_the_cache_is_in_use_does_not_wait_for_it(
    plain: Path,
) -> None:
    script = """
detector = made()
found(detector)
with detector.stages[0].shared.load()._cache._lock:
    child = os.fork()
    if child == 0:
        os._exit(0 if found(detector) == ["toxic"] else 9)
    print(os.waitpid(child, 0)[1])
"""
    assert run(script, plain) == "0"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_may_start_processes_in_every_way(
    plain: Path, tmp_path: Path, method: str
) -> None:
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("this system does not fork")
    script = """
def work(n):
    return found(DETECTOR)

DETECTOR = made()
if __name__ == "__main__":
    found(DETECTOR)
    with multiprocessing.get_context(sys.argv[2]).Pool(1) as pool:
        print(pool.map(work, range(4)))
"""
    file = tmp_path / "program.py"
    file.write_text(MADE + script, "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(file), str(plain), method],
        capture_output=True,
        timeout=120,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str([["toxic"]] * 4), done.stderr


def test_a_guard_reports_to_nobody(plain: Path, tmp_path: Path) -> None:
    # onnxruntime's telemetry starts a thread at import and keeps its store in the cache folder.
    script = """
detector = made()
found(detector)
assert "ORT_DISABLE_TELEMETRY" not in os.environ
print(len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1)
"""
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"}
    assert run(script, plain, **home) == "1"
    assert list(tmp_path.iterdir()) == []


def test_a_setting_of_the_user_is_put_back(plain: Path) -> None:
    script = "found(made()); print(os.environ['ORT_DISABLE_TELEMETRY'])"
    assert run(script, plain, ORT_DISABLE_TELEMETRY="0") == "0"


def test_nothing_heavy_is_imported_before_the_first_text(plain: Path) -> None:
    script = """
detector = made()
heavy = {"onnxruntime", "tokenizers", "numpy", "torch", "transformers"}
print(sorted(heavy & set(sys.modules)))
found(detector)
print(sorted(heavy & set(sys.modules)))
"""
    assert run(script, plain) == "[]\n['numpy', 'onnxruntime', 'tokenizers']"


def test_warm_up_loads_it_with_the_policy(plain: Path) -> None:
    assert run("made(warm_up=True); print('onnxruntime' in sys.modules)", plain) == "True"


def test_a_missing_package_is_named_with_what_to_install(plain: Path) -> None:
    script = """
from chopmark import PluginError
for name in ("onnxruntime", "tokenizers", "numpy"):
    sys.modules[name] = None
    try:
        made()
    except PluginError as error:
        print(error)
    del sys.modules[name]
"""
    said = run(script, plain).splitlines()
    names = [line.removeprefix("plugin 'onnx' needs ").split(";")[0] for line in said]
    assert names == ["onnxruntime", "tokenizers", "numpy"]
    assert all("pip install 'chopmark[screen]'" in line for line in said)


def test_a_package_that_does_not_import_is_named_too(plain: Path) -> None:
    script = """
from chopmark import PluginError
detector = made()
sys.modules["tokenizers"] = None
for _ in range(2):
    try:
        found(detector)
    except PluginError as error:
        print(error)
"""
    first, second = run(script, plain).splitlines()
    assert first == second
    assert first.startswith("plugin 'onnx' needs tokenizers; ")


def test_detectors_of_one_model_share_it_while_one_of_them_lives(toy: Any) -> None:
    folder = toy()
    first, second, third = made(folder), made(folder, report_from=0.9), made(folder, threads=2)
    loaded = first.stages[0].shared.load()  # type: ignore[attr-defined]
    assert second.stages[0].shared.load() is loaded  # type: ignore[attr-defined]
    assert third.stages[0].shared.load() is not loaded  # type: ignore[attr-defined]
    key = (str(folder), first.folder.digest, 1, ("CPUExecutionProvider",))  # type: ignore[attr-defined]
    del first, second, loaded
    gc.collect()
    from chopmark_onnx._shared import _processes

    assert key not in _processes[os.getpid()].cells


def test_threads_that_come_first_together_load_one_model(toy: Any) -> None:
    folder = toy()
    barrier = threading.Barrier(8)
    everyone = [made(folder) for _ in range(8)]

    def load(detector: Any) -> object:
        barrier.wait()
        return detector.stages[0].shared.load()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(map(id, pool.map(load, everyone)))) == 1


@pytest.mark.skipif(not chopmark_models.names(), reason="no model is bundled in this checkout")
def test_a_score_does_not_depend_on_what_other_threads_ask() -> None:
    # With dynamic quantisation it would, if texts of several callers were run as one batch.
    detector = made("bundled:small", report_from=0.0, cache=0)
    texts = [f"{start}{end}" for start in ("你这个笨蛋", "I hate ", "好") for end in range(20)]
    alone = {text: list(detector.judge(text, OUTPUT)) for text in texts}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: list(detector.judge(text, OUTPUT)), texts))
    together = dict(zip(texts, found, strict=True))
    assert together == alone
