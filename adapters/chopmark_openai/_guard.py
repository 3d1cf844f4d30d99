"""Guards a client of OpenAI's SDK: everything it sends, whatever helper sends it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlsplit

import openai

from chopmark import Chopmark, OnBlock, RequestError, Response

from ._call import Call, Changes, HttpResponse, Setting, unmarked
from ._endpoint import embeds
from ._http import made_response
from ._sockets import Sockets
from ._tree import dump, put

C = TypeVar("C", bound="openai.OpenAI | openai.AsyncOpenAI")


class _Captured:
    """What the client would make its result of; also the type that asks for it."""

    def __init__(self, response: HttpResponse, rest: dict[str, Any]) -> None:
        self.response = response
        self.rest = rest


def _call(setting: Setting, options: Any) -> Call | None:
    """Return the call that `options` ask for, None where they pass through."""
    url = urlsplit(str(options.url))
    endpoint = setting.endpoint(options.method, url.path)
    if endpoint is None:
        return None
    params = options.params if isinstance(options.params, Mapping) else {}
    stream = "stream=true" in url.query or str(params.get("stream")).lower() == "true"
    return Call(setting, endpoint, _body(options), stream=endpoint.stored and stream)


def _bare(setting: Setting, options: Any) -> Any:
    """Return the options of a request that passes through, without our marks in what it embeds."""
    if not embeds(options.method, urlsplit(str(options.url)).path):
        return options
    return _changed(options, unmarked(setting.chop, _body(options)))


def _sync_layer(setting: Setting) -> type[Any]:
    """Return a class to put before the sync client's own.

    The client sends, and tries again, in `request`, and makes its result in `_process_response`;
    what is between the two is screened. Two policies are two layers.
    """

    class Guarded(Sockets):
        _chopmark = setting

        def request(
            self, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
        ) -> Any:
            bare: Any = super()
            call = _call(setting, options)
            if call is None:
                options = _bare(setting, options)
                return bare.request(cast_to, options, stream=stream, stream_cls=stream_cls)
            options = copy.copy(options)
            cast_to = bare._maybe_override_cast_to(cast_to, options)
            rest: dict[str, Any] = {"options": options}

            def ask(changes: Changes) -> HttpResponse:
                captured = bare.request(
                    _Captured, _changed(options, changes), stream=stream, stream_cls=stream_cls
                )
                rest.update(_checked(captured).rest)
                return captured.response

            def make() -> HttpResponse:
                return made_response(bare._build_request(options), stream=call.request.stream)

            response = call.send(ask, make, lazy=stream or _streams(options))
            if cast_to is _Captured:
                return _Captured(response, rest)
            return bare._process_response(
                cast_to=cast_to, response=response, stream=stream, stream_cls=stream_cls, **rest
            )

        def _process_response(self, *, cast_to: Any, response: HttpResponse, **rest: Any) -> Any:
            if cast_to is _Captured:
                return _Captured(response, _without_stream(rest))
            bare: Any = super()
            return bare._process_response(cast_to=cast_to, response=response, **rest)

    return Guarded


def _async_layer(setting: Setting) -> type[Any]:
    """Return a class to put before the async client's own: the sync one, awaited."""

    class Guarded(Sockets):
        _chopmark = setting

        async def request(
            self, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None
        ) -> Any:
            bare: Any = super()
            call = _call(setting, options)
            if call is None:
                options = _bare(setting, options)
                return await bare.request(cast_to, options, stream=stream, stream_cls=stream_cls)
            options = copy.copy(options)
            cast_to = bare._maybe_override_cast_to(cast_to, options)
            rest: dict[str, Any] = {"options": options}

            async def ask(changes: Changes) -> HttpResponse:
                captured = await bare.request(
                    _Captured, _changed(options, changes), stream=stream, stream_cls=stream_cls
                )
                rest.update(_checked(captured).rest)
                return captured.response

            def make() -> HttpResponse:
                return made_response(bare._build_request(options), stream=call.request.stream)

            response = await call.asend(ask, make, lazy=stream or _streams(options))
            if cast_to is _Captured:
                return _Captured(response, rest)
            return await bare._process_response(
                cast_to=cast_to, response=response, stream=stream, stream_cls=stream_cls, **rest
            )

        async def _process_response(
            self, *, cast_to: Any, response: HttpResponse, **rest: Any
        ) -> Any:
            if cast_to is _Captured:
                return _Captured(response, _without_stream(rest))
            bare: Any = super()
            return await bare._process_response(cast_to=cast_to, response=response, **rest)

    return Guarded


def guard(
    client: C,
    chop: Chopmark,
    *,
    on_block: OnBlock = "raise",
    on_response: Callable[[Response], None] | None = None,
) -> C:
    """Return a client like `client` whose calls are guarded.

    It is of a subclass of the client's own class, keeps all of its options, and shares its
    connections; `with_options()` and `copy()` of it are guarded too. A call that is tried again
    is screened and recorded once.

    Args:
        client: an `OpenAI` or `AsyncOpenAI` client, or one of a subclass, such as Azure's.
        chop: the policy.
        on_block: `raise` raises `OpenAIBlocked`; `refuse` answers as a content filter does.
        on_response: told how each call ended.

    Raises:
        RequestError: this is no such client.
        TypeError: `chop` is no `Chopmark`.
    """
    if isinstance(client, openai.AsyncOpenAI):
        layer = _async_layer
    elif isinstance(client, openai.OpenAI):
        layer = _sync_layer
    else:
        raise RequestError(
            f"{type(client).__name__!r} is no client of openai; give guard() an OpenAI or an "
            "AsyncOpenAI, or give a framework that makes its own client "
            "http_client=httpx.Client(transport=transport(chop))"
        )
    setting = Setting(chop, on_block, on_response)
    if getattr(client, "_chopmark", None) == setting:
        return client
    kind = type(client)
    guarded_kind = type(
        kind.__name__,
        (layer(setting), kind),
        {"__module__": kind.__module__, "__doc__": kind.__doc__},
    )
    guarded: Any = object.__new__(guarded_kind)
    for name, value in vars(client).items():
        if not isinstance(getattr(kind, name, None), cached_property):  # they hold the client
            guarded.__dict__[name] = value
    return guarded  # type: ignore[no-any-return]


def _body(options: Any) -> Any:
    """Return the JSON that the client will send, None where it sends something else."""
    if options.files is not None:
        return None
    if options.content is not None:
        return _parsed(options.content)
    extra = options.extra_json
    if extra is None:
        return options.json_data
    return {**(options.json_data or {}), **extra}


def _parsed(content: Any) -> Any:
    try:
        return json.loads(content)
    except (TypeError, ValueError, RecursionError):
        return None


def _changed(options: Any, changes: Changes) -> Any:
    """Return `options` with texts of the body changed."""
    out = copy.copy(options) if changes else options
    for path, text in changes:
        if out.content is not None:
            out.content = dump(put(_parsed(out.content), path, text))
        elif out.extra_json is not None and path[0] in out.extra_json:
            out.extra_json = put(out.extra_json, path, text)
        else:
            out.json_data = put(out.json_data, path, text)
    return out


def _without_stream(rest: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rest.items() if not key.startswith("stream")}


def _streams(options: Any) -> bool:
    """Return whether the caller reads the body by itself (`with_streaming_response`)."""
    headers = options.headers
    return isinstance(headers, Mapping) and headers.get("X-Stainless-Raw-Response") == "stream"


def _checked(captured: Any) -> _Captured:
    if not isinstance(captured, _Captured):
        raise RequestError(
            f"openai {openai.__version__} does not hand over its responses as chopmark expects, "
            "so its answers cannot be screened; use a release of openai 2 or 3, from 2.50 on"
        )
    return captured
