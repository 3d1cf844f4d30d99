"""A service that records a call for each request, and answers with who took it and its id.

`served:wsgi` is for gunicorn, `served:asgi` for uvicorn. With WARM it records one when it is
loaded, which a server that preloads does before it forks.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from chopmark.testing import sample_record
from chopmark_log._log import TransparencyLog

log = TransparencyLog({"path": os.environ["CHOPMARK_LOG"]})
first = log.append(sample_record()).record if os.environ.get("WARM") else ""


def answer() -> bytes:
    return f"{os.getpid()} {log.append(sample_record()).record} {first}".encode()


def wsgi(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
    body = answer()
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]


async def asgi(
    scope: dict[str, Any], receive: object, send: Callable[[Any], Awaitable[None]]
) -> None:
    if scope["type"] != "http":
        return
    body = answer()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
