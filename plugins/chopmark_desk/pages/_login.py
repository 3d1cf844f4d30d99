"""Logging in and out."""

from __future__ import annotations

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.responses import Response

from .._cookies import end_session, session_of, set_session
from .._limits import LOGIN_ADDRESS, LOGIN_NAME, LOGIN_PAIR, address_of
from .._page import Page, Visit
from .._users import User


async def ask(visit: Visit) -> Response:
    """Ask for the name and the password."""
    if visit.user is not None:
        return visit.to(visit.asked("next", "/"))
    return visit.render("login.html", next=visit.asked("next", "/"), name="", wrong=False)


async def log_in(visit: Visit) -> Response:
    """Begin a session, under an id that nobody had before, or say that it is wrong."""
    name, password = visit.sent("name"), visit.sent("password")
    if visit.user is not None:
        await visit.work(visit.desk.users.end, session_of(visit.desk, visit.request))
    user = await tried(visit, name, password)
    next = visit.sent("next", "/")
    if user is None:
        return visit.render("login.html", 401, next=next, name=name[:64], wrong=True)
    response = visit.to(next)
    set_session(visit.desk, response, await visit.work(visit.desk.users.begin, user))
    return response


async def log_out(visit: Visit) -> Response:
    """End the session, here and in the desk's file."""
    await visit.work(visit.desk.users.end, session_of(visit.desk, visit.request))
    response = visit.to("/login", "logged_out")
    end_session(visit.desk, response)
    return response


async def tried(visit: Visit, name: str, password: str) -> User | None:
    """Return whose name and password these are, if anybody's.

    Raises:
        HTTPException: there were too many tries lately.
    """
    limits, address = visit.desk.limits, address_of(visit.request)
    room = (
        limits.take(LOGIN_ADDRESS, address),
        limits.take(LOGIN_PAIR, _key(name), address),
        limits.take(LOGIN_NAME, _key(name)),
    )
    if not all(room):
        raise HTTPException(429, "often")
    check = visit.desk.users.check
    user = await to_thread.run_sync(check, name, password, limiter=limits.passwords)
    if user is not None:
        limits.forget(LOGIN_PAIR, _key(name), address)
    return user


def _key(name: str) -> str:
    return name[:64].strip().casefold()


ROUTES = (
    Page(path="/login", endpoint=ask, area=""),
    Page(path="/login", endpoint=log_in, area="", methods=("POST",), most=2**14),
    Page(path="/logout", endpoint=log_out, area="account", methods=("POST",), most=2**14),
)
