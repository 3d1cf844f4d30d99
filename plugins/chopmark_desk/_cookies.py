"""The cookies: who is logged in, a visitor's own random id, and the language."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response

from ._desk import Desk
from ._language import COOKIE as LANGUAGE

_YEAR = 31_536_000


def session_of(desk: Desk, request: Request) -> str:
    """Return the id of the session that the browser names, or "" ."""
    return request.cookies.get(_name(desk, "session"), "")


def visitor_of(desk: Desk, request: Request) -> str:
    """Return the random id that the browser was given, or a new one."""
    given = request.cookies.get(_name(desk, "visitor"), "")
    return given if len(given) == 43 else secrets.token_urlsafe(32)


def set_session(desk: Desk, response: Response, id: str) -> None:
    """Let the browser name this session from now on, as long as it stays open."""
    _set(desk, response, "session", id)


def end_session(desk: Desk, response: Response) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(
        _name(desk, "session"), path="/", secure=desk.secure, httponly=True, samesite="strict"
    )


def set_visitor(desk: Desk, response: Response, id: str) -> None:
    """Let the browser name its own id from now on, as long as it stays open."""
    _set(desk, response, "visitor", id)


def set_language(desk: Desk, response: Response, language: str) -> None:
    """Let the browser name its language for a year."""
    response.set_cookie(
        LANGUAGE, language, max_age=_YEAR, path="/", secure=desk.secure, httponly=True,
        samesite="strict",
    )  # fmt: skip


def _set(desk: Desk, response: Response, what: str, value: str) -> None:
    response.set_cookie(
        _name(desk, what), value, path="/", secure=desk.secure, httponly=True, samesite="strict"
    )


def _name(desk: Desk, what: str) -> str:
    # Behind TLS, no other host of the domain can set one of that prefix (RFC 6265bis, 4.1.3.2).
    return f"{'__Host-' if desk.secure else ''}chopmark-desk-{what}"
