"""The pages that say why there is no page: what is missing, not allowed, too large, or broken."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from chopmark import ChopmarkError
from chopmark.wording import Wording

from ._desk import Desk
from ._errors import UnseenError
from ._guard import visit_of
from ._language import PACKAGE
from ._render import Renderer

_ENGLISH = Wording.of(PACKAGE, "en")
_logger = logging.getLogger("chopmark")
_KEYS = {
    400: "form", 401: "ended", 403: "role", 404: "missing", 405: "method", 413: "large",
    421: "host", 429: "often",
}  # fmt: skip

Handler = Callable[[Request, Exception], Awaitable[Response]]


def refusals(desk: Desk, renderer: Renderer) -> dict[type[Exception], Handler]:
    """Return what answers each kind of error. No answer tells a stranger what broke."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        known = f"error.{error.detail}.title" in _ENGLISH.names()
        key = error.detail if known else _KEYS.get(error.status_code, "form")
        return await told(request, error.status_code, key)

    async def cannot(request: Request, error: Exception) -> Response:
        if isinstance(error, UnseenError):
            return await told(request, 503, "unseen", error)
        return await told(request, 409, "cannot", error)

    async def broken(request: Request, error: Exception) -> Response:
        return await told(request, 500, "broken")

    async def told(
        request: Request, status: int, key: str, error: Exception | None = None
    ) -> Response:
        try:
            visit = await visit_of(desk, renderer, request)
        except HTTPException as other:  # another host: it gets no page of ours
            return PlainTextResponse(_ENGLISH("error.host.text"), other.status_code)
        except ChopmarkError as unread:  # not even who asks can be read
            _logger.error("desk: %s", unread)
            return PlainTextResponse(_ENGLISH("error.broken.text"), 500)
        detail = visit.told(error) if isinstance(error, ChopmarkError) else ""
        if detail and visit.user is None:  # it may name files of the operator
            _logger.warning("desk: %s", error)
            detail = ""
        response = visit.render("error.html", status, key=f"error.{key}", detail=detail)
        if status == 429:
            response.headers["retry-after"] = "300"
        return response

    return {HTTPException: refused, ChopmarkError: cannot, Exception: broken}
