"""No child of a fork waits for a lock that a thread of its parent held at that moment."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from tests.sdk.forks import held, in_child

from chopmark import Context, Policy, Request
from chopmark.forking import once
from chopmark_guardmodel._client import Client
from chopmark_guardmodel._detector import _Remembered
from chopmark_keyword import KeywordDetector
from chopmark_keyword._lane import Lane
from chopmark_minors._detector import MinorsDetector
from chopmark_minors._machine import EMPTY, Machine
from chopmark_minors._phrases import read_bundled
from chopmark_onnx._cache import Cache
from chopmark_onnx._calls import Calls
from chopmark_openai._passed import Passed
from chopmark_pii._options import Options
from chopmark_pii._sharing import Sharing
from chopmark_pii._vault import Vault

if sys.platform == "win32":
    pytest.skip("no fork", allow_module_level=True)

INPUT = Context(direction="input", audience="minor", request=Request(messages=(), id="a call"))
LIST = """
name = "mine"
version = "1"
language = "en"
defaults = {{ reviewer = "Li", level = "block", category = "mine", expires = 2029-12-31 }}
entries = [{{ term = "{}" }}]
"""
NOTHING = Options(actions={})
USES: list[tuple[Any, Callable[[Any], object]]] = [
    (Cache(), lambda one: one.get(b"window")),
    (Calls(100.0), lambda one: one.begin(INPUT)),
    (Client("http://127.0.0.1:9", "", 1.0, 1), lambda one: one._connections()),
    (Machine(read_bundled()), lambda one: one.step(EMPTY, "a")),
    (MinorsDetector(read_bundled(), ["minor"]), lambda one: one.judge("a", INPUT)),
    (Passed(), lambda one: one.note("POST", "/v1/images/generations")),
    (Sharing(), lambda one: one.vault(Policy(name="p"), NOTHING)),
    (Vault(), lambda one: one.hide("EMAIL", "me@example.com")),
    (_Remembered(1), lambda one: one.get(b"question")),
]


@pytest.mark.parametrize(("one", "use"), USES, ids=lambda value: type(value).__name__)
def test_a_child_does_not_wait_for_a_thread_that_it_has_not(
    one: Any, use: Callable[[Any], object]
) -> None:
    with held(one._lock, 0.02):
        assert in_child(lambda: use(one)) == 0


def test_a_child_reads_lists_again_also_where_a_thread_was_at_that(tmp_path: Path) -> None:
    path, now = tmp_path / "words.toml", [0.0]
    path.write_text(LIST.format("one"))
    policy = Policy(name="p", folder=str(tmp_path)).with_options(
        "keyword", lists=[path.name], bundled=False, reload_seconds=1
    )
    detector = KeywordDetector.from_policy(policy, clock=lambda: now[0])
    child: list[int | None] = []

    def looking() -> float:
        """Fork amid a look of this thread at the clock, as another thread might."""
        if now[0] == 5.0:
            now[0] = 6.0
            thread = threading.Thread(target=lambda: child.append(in_child(read_again)))
            thread.start()
            thread.join()
        return now[0]

    def read_again() -> None:
        now[0] = 9.0
        path.write_text(LIST.format("two"))
        assert detector.judge("two", INPUT)

    detector._clock = looking
    now[0] = 5.0
    detector.refresh()
    assert child == [0]


def test_a_child_asks_anew_what_a_thread_was_working_out() -> None:
    class Slow:
        """Has a property that another thread works out for a while."""

        working = threading.Event()

        @once
        def value(self) -> int:
            self.working.set()
            time.sleep(0.1)
            return 1

    one = Slow()
    thread = threading.Thread(target=lambda: one.value)
    thread.start()
    one.working.wait(20)
    assert in_child(lambda: one.value) == 0
    thread.join()
    assert one.value == 1
    assert not any(isinstance(found, cached_property) for found in vars(Lane).values())
