"""The parts of `httpx` and of `httpx2`, its successor, that are built here: they are alike."""

from __future__ import annotations

import sys
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Any

_DROPPED = ("content-length", "content-encoding")
"""Headers that are not true any more of a body that was decoded and may be changed."""


def module_of(value: Any) -> ModuleType:
    """Return the module, `httpx` or `httpx2`, that `value` or its class comes from."""
    for kind in (value if isinstance(value, type) else type(value)).__mro__:
        name = kind.__module__.partition(".")[0]
        if name in ("httpx", "httpx2"):
            return sys.modules[name]
    raise TypeError(f"{type(value).__qualname__} is of neither httpx nor httpx2")


@cache
def _bodies(module: ModuleType) -> tuple[type[Any], type[Any]]:
    """Return classes for bodies that are made while they are read."""

    class Body(module.SyncByteStream):  # type: ignore[misc, name-defined]
        def __init__(self, parts: Any, source: Any) -> None:
            self._parts, self._source = parts, source
            self.closed_by: Any = None

        def __iter__(self) -> Iterator[bytes]:
            yield from self._parts

        def close(self) -> None:
            self._parts.close()
            self._source.close()
            if self.closed_by is not None:
                self.closed_by()

    class AsyncBody(module.AsyncByteStream):  # type: ignore[misc, name-defined]
        def __init__(self, parts: Any, source: Any) -> None:
            self._parts, self._source = parts, source
            self.closed_by: Any = None

        def __aiter__(self) -> AsyncIterator[bytes]:
            return self._parts  # type: ignore[no-any-return]

        async def aclose(self) -> None:
            await self._parts.aclose()
            if not self._source.ag_running:  # else it is being closed already
                await self._source.aclose()
            if self.closed_by is not None:
                self.closed_by()

    return Body, AsyncBody


def made_response(request: Any, *, stream: bool) -> Any:
    """Return an empty response to `request`, for an answer that no server gave."""
    kind = "text/event-stream; charset=utf-8" if stream else "application/json"
    module = module_of(request)
    return module.Response(200, headers={"content-type": kind}, request=request)


def whole_response(inner: Any, body: bytes) -> Any:
    """Return a response like `inner` that says `body`."""
    return _like(inner, content=body)


def streamed_response(inner: Any, parts: Any, source: Any, *, is_async: bool) -> Any:
    """Return a response like `inner` whose body is `parts`, made as it is read.

    Args:
        inner: the response that it stands for.
        parts: a generator of bytes, async where `is_async`.
        source: the generator that `parts` reads from; it is closed with the body.
        is_async: whether the body is read by an async client.
    """
    body = _bodies(module_of(inner))[is_async](parts, source)
    response = _like(inner, stream=body)
    # The client's streams refer to themselves. When a dropped one is collected, so is all that
    # only it refers to, in any order, and a call in progress would be torn down unrecorded.
    dropped: weakref.finalize[..., Any]
    if is_async:
        dropped = weakref.finalize(body, _close_later, sys.get_asyncgen_hooks().finalizer, source)
    else:
        dropped = weakref.finalize(body, source.close)
    dropped.atexit = False

    def closed() -> None:
        dropped.detach()
        with suppress(RuntimeError):  # it has no time where a transport made it
            response.elapsed = inner.elapsed

    body.closed_by = closed
    return response


def _close_later(finalizer: Any, source: Any) -> None:
    """Let the event loop close a generator, as it does with those that are dropped."""
    if finalizer is not None and source.ag_frame is not None:
        with suppress(Exception):  # the loop is gone
            finalizer(source)


def _like(inner: Any, **body: Any) -> Any:
    headers = [(k, v) for k, v in inner.headers.multi_items() if k.lower() not in _DROPPED]
    response = type(inner)(
        inner.status_code,
        headers=headers,
        request=getattr(inner, "_request", None),
        extensions=inner.extensions,
        history=inner.history,
        default_encoding=inner.default_encoding,
        **body,
    )
    with suppress(RuntimeError):
        response.elapsed = inner.elapsed
    return response
