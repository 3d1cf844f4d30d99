"""Takes a form in, and refuses one that is too large while it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import move_on_after
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

_FIELDS = 500
"""Fields that a form may have."""
_BESIDE_A_FILE = 8
"""Fields beside a file, so that what is not on the disk is not much either."""
_PATIENCE = 20.0
"""Seconds in which the rest of what is too large is let run out."""


@asynccontextmanager
async def form_of(request: Request, fields: int, upload: int) -> AsyncIterator[FormData]:
    """Yield the form that `request` brings, and remove its file at the end.

    Args:
        request: of which nothing was read yet.
        fields: bytes that each field may have.
        upload: bytes that a file may have beside them, 0 where there may be none.

    Raises:
        HTTPException: it is too large, or no form.
    """
    most = fields + upload
    try:
        _check_length(request, most)
        bounded = Request(request.scope, _bounded(request.receive, most))
        async with bounded.form(
            max_fields=_BESIDE_A_FILE if upload else _FIELDS, max_files=1, max_part_size=fields
        ) as form:
            yield form
    except HTTPException as error:
        if error.status_code == 413:
            await _run_out(request)
        raise


def _check_length(request: Request, most: int) -> None:
    try:
        length = int(request.headers.get("content-length", "0"))
    except ValueError:
        raise HTTPException(400, "form") from None
    if length > most:
        raise HTTPException(413, "large")


def _bounded(receive: Receive, most: int) -> Receive:
    """Return `receive`, which refuses a body of more than `most` bytes while it comes."""
    left = most

    async def receiving() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, "large")
        return message

    return receiving


async def _run_out(request: Request) -> None:
    """Let what is still coming run out: browsers show no answer while they are sending.

    Who asks first whether to send (Expect: 100-continue, RFC 9110, 10.1.1) is answered at once.
    """
    if "expect" in request.headers:
        return
    with move_on_after(_PATIENCE):
        while True:
            message = await request.receive()
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return
