"""Guards frameworks that make their own client, below it: as a transport of httpx or httpx2."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import openai

from chopmark import Chopmark, OnBlock, RequestError, Response
from chopmark.forking import once

from ._call import Call, Changes, HttpResponse, Setting, unmarked
from ._endpoint import embeds
from ._http import made_response, module_of
from ._tree import dump, put


def transport(
    chop: Chopmark,
    inner: Any = None,
    module: ModuleType | None = None,
    *,
    on_block: OnBlock = "raise",
    on_response: Callable[[Response], None] | None = None,
) -> Any:
    """Return a transport that guards what is sent through it, for sync and async clients.

    Give it to what owns a client: `ChatOpenAI(http_client=httpx.Client(transport=...))`. Any
    server that speaks OpenAI's protocol may be behind it. A request that the client sends again
    is a call of its own here, with its own record; `guard()` knows better.

    Args:
        chop: the policy.
        inner: the transport that sends; by default a new `HTTPTransport` (or its async form).
            Give one with your proxy: a client with a transport does not look for proxies.
        module: `httpx` or `httpx2`; by default that of `inner`, else the one that the
            installed openai uses.
        on_block: `raise` raises `OpenAIBlocked`, which OpenAI's client passes on at once;
            `refuse` answers as a content filter does.
        on_response: told how each call ended.

    Raises:
        RequestError: `inner` is no transport of `module`.
        TypeError: `chop` is no `Chopmark`.
    """
    if module is None:
        try:
            module = module_of(openai.DefaultHttpxClient if inner is None else inner)
        except TypeError as error:
            raise RequestError(
                f"{error}, so it cannot be told which of the two to use; give module=httpx2"
            ) from None
    kinds = (module.BaseTransport, module.AsyncBaseTransport)
    if inner is not None and not isinstance(inner, kinds):
        raise RequestError(
            f"{type(inner).__qualname__} is no transport of {module.__name__}; give one of "
            f"{module.__name__}, or the module that it belongs to"
        )
    return _guarded_transport(module)(Setting(chop, on_block, on_response), inner)


@cache
def _guarded_transport(module: Any) -> type[Any]:
    class GuardedTransport(module.BaseTransport, module.AsyncBaseTransport):  # type: ignore[misc]
        """A transport that guards `/chat/completions`, `/completions` and `/responses`."""

        def __init__(self, setting: Setting, inner: Any) -> None:
            self._setting = setting
            self._inner = inner

        @once
        def _sync(self) -> Any:
            return self._inner or module.HTTPTransport()

        @once
        def _async(self) -> Any:
            return self._inner or module.AsyncHTTPTransport()

        def handle_request(self, request: Any) -> HttpResponse:
            endpoint = self._setting.endpoint(request.method, request.url.path)
            if endpoint is None:
                if embeds(request.method, request.url.path):
                    request = _bare(self._setting.chop, request, request.read())
                return self._sync.handle_request(request)
            body = _parsed(request.read())
            call = Call(self._setting, endpoint, body, stream=endpoint.stored and _streams(request))
            return call.send(
                lambda changes: self._sync.handle_request(_changed(request, body, changes)),
                lambda: made_response(request, stream=call.request.stream),
                lazy=True,
            )

        async def handle_async_request(self, request: Any) -> HttpResponse:
            endpoint = self._setting.endpoint(request.method, request.url.path)
            if endpoint is None:
                if embeds(request.method, request.url.path):
                    request = _bare(self._setting.chop, request, await request.aread())
                return await self._async.handle_async_request(request)
            body = _parsed(await request.aread())
            call = Call(self._setting, endpoint, body, stream=endpoint.stored and _streams(request))
            return await call.asend(
                lambda changes: self._async.handle_async_request(_changed(request, body, changes)),
                lambda: made_response(request, stream=call.request.stream),
                lazy=True,
            )

        def close(self) -> None:
            if self._inner is not None or "_sync" in vars(self):
                self._sync.close()

        async def aclose(self) -> None:
            if self._inner is not None or "_async" in vars(self):
                await self._async.aclose()

    return GuardedTransport


def _bare(chop: Chopmark, request: Any, content: bytes) -> Any:
    body = _parsed(content)
    return _changed(request, body, unmarked(chop, body))


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _streams(request: Any) -> bool:
    return str(request.url.params.get("stream")).lower() == "true"


def _changed(request: Any, body: Any, changes: Changes) -> Any:
    """Return `request` with texts of its body changed."""
    if not changes:
        return request
    for path, text in changes:
        body = put(body, path, text)
    framing = ("content-length", "transfer-encoding")
    return type(request)(
        request.method,
        request.url,
        headers=[(k, v) for k, v in request.headers.multi_items() if k.lower() not in framing],
        content=dump(body),
        extensions=request.extensions,
    )
