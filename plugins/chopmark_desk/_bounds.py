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
    body = _Body(request.receive, fields + upload)
    try:
        _check_length(request, fields + upload)
        bounded = Request(request.scope, body.receive)
        async with bounded.form(
            max_fields=_BESIDE_A_FILE if upload else _FIELDS, max_files=1, max_part_size=fields
        ) as form:
            yield form
    except HTTPException as error:
        # Browsers show no answer while they are sending; who asks first whether to send (Expect:
        # 100-continue, RFC 9110, 10.1.1) has not begun.
        if error.status_code == 413 and "expect" not in request.headers:
            await body.run_out()
        raise


class _Body:
    """What comes, up to `most` bytes."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._left, self._ended = receive, most, False

    async def receive(self) -> Message:
        """Return the next piece; raise HTTPException where it is one too many."""
        message = await self._next()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, "large")
        return message

    async def run_out(self) -> None:
        """Let the rest come, and keep nothing of it."""
        with move_on_after(_PATIENCE):
            while not self._ended:
                await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._ended = not message.get("more_body", False)
        return message


def _check_length(request: Request, most: int) -> None:
    try:
        length = int(request.headers.get("content-length", "0"))
    except ValueError:
        raise HTTPException(400, "form") from None
    if length > most:
        raise HTTPException(413, "large")
