"""Runs one peer in its own environment: takes orders on stdin, answers in JSON lines on stdout.

Needs the standard library alone. `calls` and `streams` return nanoseconds of the guarded and of
the bare call, taken in turn: of CPU time of the process, which other load on the machine hardly
moves, and of wall time. Nothing here waits for anything, so the one is the cost of the other.
`probe` returns what does not depend on the machine: how much had to be produced before anything
was delivered, and what was delivered.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from importlib.metadata import version
from typing import Any

from texts import HARMLESS, cut, reach, tail, violations

SIZES = (1, 4, 10)
TURNS = 5
"""Turns of the event loop that the model waits after each chunk of a timed stream, guarded or
bare: without any, a consumer in another task would be served only after the last chunk."""
SETTLE = 25
"""Turns of the event loop that a probe's model waits after each chunk, so that whatever the
guard has let go is delivered before the next chunk: a real model is slower than that."""


class Peer:
    """One peer with its three rules; the methods are all sync or all async.

    `bare_call` and `bare_stream` go the same way to the same stub model without the guard.
    Streams take the model's chunks, an iterator or an async one, and yield delivered text.
    """

    packages: tuple[str, ...] = ()

    def fresh(self) -> None:
        """Forget what an earlier stream left behind; only before a probe's streams."""

    def call(self, text: str) -> Any:
        raise NotImplementedError

    def bare_call(self, text: str) -> Any:
        raise NotImplementedError

    def stream(self, chunks: Any) -> Any:
        raise NotImplementedError

    def bare_stream(self, chunks: Any) -> Any:
        raise NotImplementedError


class Asked(Peer):
    """A peer in a framework: two objects with `ask` and `ask_stream`, guarded and bare."""

    def __init__(self, guarded: Any, bare: Any, *packages: str) -> None:
        self.guarded, self.bare, self.packages = guarded, bare, packages

    async def call(self, text: str) -> Any:
        return await self.guarded.ask(text)

    async def bare_call(self, text: str) -> Any:
        return await self.bare.ask(text)

    def stream(self, chunks: Any) -> Any:
        return self.guarded.ask_stream(chunks)

    def bare_stream(self, chunks: Any) -> Any:
        return self.bare.ask_stream(chunks)


def clocks() -> tuple[int, int]:
    """Return nanoseconds of CPU time, of all threads, and of wall time."""
    return time.process_time_ns(), time.perf_counter_ns()


def since(start: tuple[int, int]) -> tuple[int, int]:
    """Return what both clocks have counted since `start`."""
    cpu, wall = clocks()
    return cpu - start[0], wall - start[1]


class Run:
    """One stream: what was produced, what was delivered, and when the first of it came."""

    def __init__(self, chunks: list[str], settle: int = 0) -> None:
        self.chunks, self.settle = chunks, settle
        self.produced = self.first_after = self.held = 0
        self.start = self.total = self.first = (0, 0)
        self.delivered: list[str] = []
        self.out = 0
        self.error = ""

    def source(self) -> Iterator[str]:
        for chunk in self.chunks:
            self.held = max(self.held, self.produced - self.out)
            self.produced += len(chunk)
            yield chunk

    async def asource(self) -> AsyncIterator[str]:
        for chunk in self.source():
            yield chunk
            for _ in range(self.settle):
                await asyncio.sleep(0)

    def take(self, text: str) -> None:
        if text and not self.out:
            self.first = since(self.start)
            self.first_after = self.produced
        self.out += len(text)
        self.delivered.append(text)

    async def go(self, stream: Callable[[Any], Any], sync: bool) -> Run:
        self.start = clocks()
        try:
            if sync:
                for text in stream(self.source()):
                    self.take(text)
            else:
                async for text in stream(self.asource()):
                    self.take(text)
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
        self.total = since(self.start)
        return self


class Bench:
    """Times and probes one peer."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.sync = not inspect.iscoroutinefunction(peer.call)

    async def hello(self) -> dict[str, Any]:
        return {"versions": {name: version(name) for name in self.peer.packages}}

    async def calls(self, count: int = 3) -> dict[str, Any]:
        text, taken = HARMLESS["en"], {"guarded": [], "bare": []}
        for _ in range(count):
            for way, call in (("guarded", self.peer.call), ("bare", self.peer.bare_call)):
                start = clocks()
                answer = call(text) if self.sync else await call(text)
                taken[way].append(since(start))
                if answer.split() != text.split():
                    raise RuntimeError(f"the {way} call answered {str(answer)[:80]!r}")
        return taken

    async def streams(self, count: int = 1) -> dict[str, Any]:
        taken = {"guarded": [], "bare": []}
        for _ in range(count):
            for way, stream in (("guarded", self.peer.stream), ("bare", self.peer.bare_stream)):
                run = await Run(cut(HARMLESS["en"], 10), TURNS).go(stream, self.sync)
                if run.error:
                    raise RuntimeError(run.error)
                taken[way].append((*run.total, *run.first))
        return taken

    async def probe(self) -> dict[str, Any]:
        harmless = {}
        for language, text in HARMLESS.items():
            for size in SIZES:
                run = await self._probe(text, size)
                got = "".join(run.delivered)
                harmless[f"{language}.{size}"] = {
                    "unchanged": got == text,
                    "first_after": run.first_after,
                    "held": run.held,
                    "error": run.error,
                    "missing": len(text) - len(got),
                }
        leaks = []
        for wrong in violations():
            for size in SIZES:
                run = await self._probe(wrong.text, size)
                got = "".join(run.delivered)
                leaks.append(
                    {
                        "rule": wrong.name,
                        "size": size,
                        "start": wrong.start,
                        "past": max(0, reach(wrong.text, got) - wrong.start),
                        "caught": bool(run.error)
                        or "".join(got.split()) != "".join(wrong.text.split()),
                        "tail": tail(wrong, got),
                        "error": run.error[:120],
                        "end": got[-60:],
                    }
                )
        return {"harmless": harmless, "leaks": leaks}

    async def _probe(self, text: str, size: int) -> Run:
        self.peer.fresh()
        return await Run(cut(text, size), SETTLE).go(self.peer.stream, self.sync)


def serve(make: Callable[[], Peer]) -> None:
    """Build the peer and answer orders until stdin ends; a failure is an answer too."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a peer prints is no answer
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    bench: Bench | None = None
    for line in sys.stdin:
        order = json.loads(line)
        try:
            bench = bench or Bench(make())
            work: Coroutine[Any, Any, Any] = getattr(bench, order.pop("do"))(**order)
            answer = _alone(work) if bench.sync else loop.run_until_complete(work)
        except Exception as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, ensure_ascii=False), file=answers, flush=True)
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def _alone(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never waits, without an event loop: a sync peer must not see one."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("a sync peer waited")
