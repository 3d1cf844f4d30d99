"""A target that is a Python object: a function, or something with `invoke`, guarded or bare."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

from chopmark import PolicyBlocked, Usage

from ._answer import Reply
from ._bank import Case
from ._errors import AssessError


class PythonTarget:
    """Calls `module:attribute` with the text of a case.

    It may be a function, async too, that returns text or yields pieces of it, or an object with
    `invoke` or `ainvoke`, as LangChain's have. An answer is a text, or has `content` or `text`. A
    `PolicyBlocked` is a refusal.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._call = _callable(name)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def ask(self, case: Case, timeout: float) -> Reply:
        """Return the answer; what is async runs in one loop of its own thread."""
        try:
            said = self._call(case.text)
            if inspect.isawaitable(said) or hasattr(said, "__aiter__"):
                waiting = asyncio.run_coroutine_threadsafe(_awaited(said), self._running())
                try:
                    return waiting.result(timeout)
                except FutureTimeout:
                    waiting.cancel()
                    raise TimeoutError from None
            return _reply(said)
        except PolicyBlocked as blocked:
            return Reply(text=blocked.response.refusal, blocked=True, usage=blocked.response.usage)

    def close(self) -> None:
        """Stop the loop."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_forever, args=(self._loop,), daemon=True).start()
            return self._loop


def _forever(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()


def _callable(name: str) -> Any:
    module, _, attribute = name.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # as `python -m` does
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise AssessError(
            f"target {name!r}: there is no module {error.name!r}; run the command where it can be "
            "imported, or install it"
        ) from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            known = ", ".join(n for n in vars(found) if not n.startswith("_"))[:200]
            raise AssessError(f"target {name!r}: {module} has no {part!r}; it has {known}")
        found = getattr(found, part)
    if inspect.isclass(found):
        raise AssessError(f"target {name!r} is a class; name an object that was made of it")
    for method in ("invoke", "ainvoke"):
        if callable(getattr(found, method, None)):
            return getattr(found, method)
    if not callable(found):
        kind = type(found).__name__
        raise AssessError(
            f"target {name!r} is of type {kind}; name a function, or what has `invoke`"
        )
    return found


async def _awaited(said: Any) -> Reply:
    if inspect.isawaitable(said):
        return _reply(await said)
    pieces: AsyncIterator[Any] = said
    return _joined([_reply(piece) async for piece in pieces])


def _reply(said: Any) -> Reply:
    if isinstance(said, str):
        return Reply(text=said)
    if isinstance(said, Iterator):
        return _joined([_reply(piece) for piece in said])
    text = _text(said)
    if text is None:
        raise AssessError(
            f"it answered with {type(said).__name__}; a target returns text, yields text, or "
            "returns an object with `content` or `text`"
        )
    return Reply(text=text, usage=_usage(said))


def _joined(replies: list[Reply]) -> Reply:
    usage = next((reply.usage for reply in reversed(replies) if reply.usage), None)
    return Reply(text="".join(reply.text for reply in replies), usage=usage)


def _text(said: Any) -> str | None:
    """Return the text of a message of LangChain, LlamaIndex or the like."""
    for name in ("content", "text"):
        value = said.get(name) if isinstance(said, dict) else getattr(said, name, None)
        if isinstance(value, str):
            return value
        if isinstance(value, list):  # blocks of content; those that are no text say nothing
            parts = [part if isinstance(part, str) else _text(part) for part in value]
            return "".join(filter(None, parts))
    return None


def _usage(said: Any) -> Usage | None:
    counted = getattr(said, "usage_metadata", None)
    if not isinstance(counted, dict):
        return None
    return Usage(
        input_tokens=int(counted.get("input_tokens") or 0),
        output_tokens=int(counted.get("output_tokens") or 0),
    )
