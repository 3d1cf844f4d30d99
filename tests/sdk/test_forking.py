"""A fork waits for what threads do within `WHOLE`, not for itself, and not for ever."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import ClassVar

import pytest
from tests.sdk.forks import held, in_child

from chopmark import forking
from chopmark.forking import WHOLE
from chopmark.interrupted import uninterrupted

if sys.platform == "win32":
    pytest.skip("no fork", allow_module_level=True)


def forked() -> int:
    """Return the exit status of a child that goes in there itself."""
    child = os.fork()
    if not child:
        with WHOLE.lock:
            os._exit(0)
    return os.waitpid(child, 0)[1]


def test_a_fork_waits_for_the_threads_within_and_lets_nobody_in_meanwhile() -> None:
    seen: list[str] = []
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with WHOLE.lock, WHOLE.lock:
            inside.set()
            leave.wait(20)
            seen.append("the first left")

    def second() -> None:
        with WHOLE.lock:
            seen.append("the second was let in")

    def fork() -> None:
        assert forked() == 0
        seen.append("a child came and went")

    threads = [threading.Thread(target=task) for task in (first, fork, second)]
    threads[0].start()
    inside.wait(20)
    threads[1].start()
    time.sleep(0.1)  # it waits, by now
    threads[2].start()
    time.sleep(0.1)
    assert seen == []
    leave.set()
    for thread in threads:
        thread.join(20)
    assert seen[0] == "the first left"
    assert sorted(seen[1:]) == ["a child came and went", "the second was let in"]


def test_who_is_within_may_fork_and_is_within_in_the_child() -> None:
    with WHOLE.lock:
        child = os.fork()
        if not child:
            entered = threading.Event()

            def other() -> None:
                with WHOLE.lock:
                    entered.set()

            thread = threading.Thread(target=other, daemon=True)
            thread.start()
            os._exit(not (entered.wait(20)))
        assert os.waitpid(child, 0)[1] == 0


def test_a_fork_does_not_wait_for_ever_for_who_may_wait_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forking, "PATIENCE", 0.05)
    inside, leave = threading.Event(), threading.Event()

    def stuck() -> None:
        with WHOLE.lock:
            inside.set()
            leave.wait(20)

    thread = threading.Thread(target=stuck)
    thread.start()
    inside.wait(20)
    try:
        assert forked() == 0
    finally:
        leave.set()
        thread.join()


def test_two_threads_that_fork_amid_their_own_leave_nothing_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forking, "PATIENCE", 0.05)
    both, ends = threading.Barrier(2), []

    def fork() -> None:
        with WHOLE.lock:
            both.wait(20)
            ends.append(forked())

    for _ in range(8):
        threads = [threading.Thread(target=fork) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert ends == [0] * 16
    assert in_child(lambda: in_child(lambda: None)) == 0  # by whom no lock is waited for
    entered = threading.Event()

    def enter() -> None:
        with WHOLE.lock:
            entered.set()

    threading.Thread(target=enter, daemon=True).start()
    assert entered.wait(20)


def test_a_mutex_is_held_by_one_thread_and_free_in_a_child() -> None:
    mutex, order = threading.Lock(), []
    with held(mutex):

        def take() -> None:
            with WHOLE.lock, mutex:
                order.append("child")

        assert in_child(take) == 0
        with WHOLE.lock, mutex:
            order.append("parent")
    assert order == ["parent"]


def test_what_rests_before_a_fork_goes_when_nobody_has_it_any_more() -> None:
    class One:
        told: ClassVar[list[str]] = []

        def rest(self) -> None:
            self.told.append("rested")

        def forked(self) -> None:
            os._exit(7)

    one = One()
    WHOLE.rests(one)
    assert in_child(lambda: None) == 7 << 8
    assert One.told == ["rested"]
    del one
    assert in_child(lambda: None) == 0
    assert One.told == ["rested"]


def test_an_exception_of_a_signal_leaves_no_lock_held() -> None:
    class Stop(Exception):
        pass

    def stop(number: int, frame: object) -> None:
        raise Stop

    mutex, stopped = threading.RLock(), 0
    before = signal.signal(signal.SIGALRM, stop)
    try:
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0004)
                while True:
                    with WHOLE.lock, uninterrupted(mutex):
                        pass
            except Stop:
                stopped += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert stopped > 10
    assert not WHOLE.lock._is_owned()  # type: ignore[attr-defined]
    assert not mutex._is_owned()  # type: ignore[attr-defined]
