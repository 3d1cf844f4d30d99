"""Asks a target many cases at once, so many a minute, and waits for none longer than it may."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import suppress

from ._address import hide
from ._answer import Answer, Target
from ._bank import Case
from ._errors import AssessError

_TICK = 0.5
"""Seconds after which deadlines are looked at again; also how long Ctrl-C may wait on Windows."""


class _Pace:
    """Lets calls begin at equal distances, `per_minute` at most."""

    def __init__(self, per_minute: float | None, ended: threading.Event) -> None:
        self._distance = 60 / per_minute if per_minute else 0.0
        self._next = time.monotonic()
        self._ended = ended
        self._lock = threading.Lock()

    def wait(self) -> None:
        if not self._distance:
            return
        with self._lock:
            now = time.monotonic()
            begin = max(now, self._next)
            self._next = begin + self._distance
        self._ended.wait(begin - now)


class _Call:
    """One case being asked. Whoever ends it first, the worker or the deadline, says how."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.began = time.monotonic()
        self._open = threading.Lock()

    def end(self) -> bool:
        """Return True to the first who asks."""
        return self._open.acquire(blocking=False)


def ask_all(
    target: Target,
    cases: Sequence[Case],
    *,
    workers: int,
    timeout: float,
    stop: threading.Event,
    per_minute: float | None = None,
) -> Generator[list[Answer]]:
    """Yield the answers of `target` to `cases` as they come, in lists of those that came together.

    A call that does not end within `timeout` seconds is an answer with an error. Its thread cannot
    be ended and is left behind, in its place another begins. Once `stop` is set no case begins any
    more, the calls in flight are dropped, and what came is yielded.
    """
    ended = threading.Event()
    pace = _Pace(per_minute, ended)
    todo: queue.SimpleQueue[Case] = queue.SimpleQueue()
    # Bounded, so that a target that fails at once is not far ahead of whoever looks at it.
    done: queue.Queue[Answer] = queue.Queue(workers)
    running: set[_Call] = set()  # changed by single operations, which the interpreter keeps whole
    for case in cases:
        todo.put(case)

    def work() -> None:
        while True:
            pace.wait()
            try:
                case = todo.get_nowait()
            except queue.Empty:
                return
            if ended.is_set():
                return
            call = _Call(case)
            running.add(call)
            answer = _asked(target, call, timeout)
            running.discard(call)
            if not call.end():
                return  # it was given up, and another works in this place
            done.put(answer)

    def begin() -> None:
        threading.Thread(target=work, daemon=True, name="chopmark-assess").start()

    try:
        for _ in range(min(workers, len(cases))):
            begin()
        missing = len(cases)
        while missing and not stop.is_set():
            answers = _came(done, timeout=_until(running, timeout))
            for call in [call for call in tuple(running) if _late(call, timeout)]:
                if call.end():
                    running.discard(call)
                    answers.append(_timed_out(call, timeout))
                    begin()
            missing -= len(answers)
            if answers:
                yield answers
    finally:
        ended.set()
    while answers := _came(done, timeout=0):
        yield answers


def _asked(target: Target, call: _Call, timeout: float) -> Answer:
    try:
        reply = target.ask(call.case, timeout)
    except TimeoutError:
        return _timed_out(call, timeout)
    except Exception as error:  # noqa: BLE001  whatever a target raises is no answer
        took = time.monotonic() - call.began
        kind = "" if isinstance(error, AssessError) else f"{type(error).__name__}: "
        what = hide(f"{kind}{error}")[:500]
        return Answer(case=call.case.id, error=what, seconds=took)
    usage = reply.usage
    return Answer(
        case=call.case.id,
        text=reply.text,
        blocked=reply.blocked,
        seconds=round(time.monotonic() - call.began, 4),
        input_tokens=usage.input_tokens if usage else 0,
        output_tokens=usage.output_tokens if usage else 0,
        counted_by="target" if usage else "",
    )


def _timed_out(call: _Call, timeout: float) -> Answer:
    what = f"no answer within {timeout:g} seconds"
    return Answer(case=call.case.id, error=what, seconds=round(time.monotonic() - call.began, 4))


def _late(call: _Call, timeout: float) -> bool:
    return time.monotonic() - call.began > timeout


def _until(running: set[_Call], timeout: float) -> float:
    """Return the seconds to wait for an answer before deadlines are looked at."""
    oldest = min((call.began for call in tuple(running)), default=time.monotonic())
    return min(_TICK, max(0.01, oldest + timeout - time.monotonic()))


def _came(done: queue.Queue[Answer], timeout: float) -> list[Answer]:
    """Return the answers that are there, after a wait for the first."""
    answers: list[Answer] = []
    with suppress(queue.Empty):
        answers.append(done.get(timeout=timeout))
        while len(answers) <= done.maxsize:
            answers += [done.get_nowait()]
    return answers
