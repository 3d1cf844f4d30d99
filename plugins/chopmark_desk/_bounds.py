"""Takes a form in, and refuses one that is too large while it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import move_on_after
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

_FIELDS = 500
"""Fields that a form may have."""
_BESIDE_A_FILE = 8
"""Fields beside a file, so that what is not on the disk is not much either."""
_SHORT = 2**16
"""Bytes that a server takes in before anybody asks for them."""
_PATIENCE = 20.0
"""Seconds in which the rest of what is too large is let run out."""


@asynccontextmanager
async def arriving(request: Request) -> AsyncIterator[Body]:
    """Yield what `request` brings, and let it run out where it is refused inside.

    Browsers show no answer while they are sending.
    """
    body = Body(request)
    try:
        yield body
    except HTTPException:
        if _is_long(request):
            await body.run_out()
        raise


class Body:
    """The body of a request, of which nothing was read yet."""

    def __init__(self, request: Request) -> None:
        self._request, self._left, self._ended = request, 0, False

    @asynccontextmanager
    async def form(self, fields: int, upload: int) -> AsyncIterator[FormData]:
        """Yield the form that it is, and remove its file at the end.

        Args:
            fields: bytes that each field may have.
            upload: bytes that a file may have beside them, 0 where there may be none.

        Raises:
            HTTPException: it is too large, or no form.
        """
        self._left = fields + upload
        if _length(self._request) > self._left:
            raise HTTPException(413, "large")
        bounded = Request(self._request.scope, self._bounded)
        async with bounded.form(
            max_fields=_BESIDE_A_FILE if upload else _FIELDS, max_files=1, max_part_size=fields
        ) as form:
            yield form

    async def run_out(self) -> None:
        """Let the rest come, and keep nothing of it."""
        with move_on_after(_PATIENCE):
            while not self._ended:
                await self._next()

    async def _bounded(self) -> Message:
        """Return the next piece; raise HTTPException where it is one too many."""
        message = await self._next()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, "large")
        return message

    async def _next(self) -> Message:
        message = await self._request.receive()
        self._ended = not message.get("more_body", False)
        return message


def _is_long(request: Request) -> bool:
    """Return whether somebody may still be sending."""
    if "expect" in request.headers:  # to be told whether to begin (RFC 9110, 10.1.1)
        return False
    return "transfer-encoding" in request.headers or _length(request) > _SHORT


def _length(request: Request) -> int:
    """Return how long the body says that it is, 0 where it says nothing."""
    said = request.headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else 0
