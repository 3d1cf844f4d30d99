"""Logging in and out."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from .._cookies import end_session, session_of, set_session
from .._limits import LOGIN_ADDRESS, LOGIN_NAME, LOGIN_PAIR, address_of
from .._page import Page, Visit


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
    room_for(visit, name)
    user = await visit.work(visit.desk.users.check, name, password)
    next = visit.sent("next", "/")
    if user is None:
        return visit.render("login.html", 401, next=next, name=name[:64], wrong=True)
    went_well(visit, name)
    response = visit.to(next)
    set_session(visit.desk, response, await visit.work(visit.desk.users.begin, user))
    return response


async def log_out(visit: Visit) -> Response:
    """End the session, here and in the desk's file."""
    await visit.work(visit.desk.users.end, session_of(visit.desk, visit.request))
    response = visit.to("/login", "logged_out")
    end_session(visit.desk, response)
    return response


def room_for(visit: Visit, name: str) -> None:
    """Count a try of a password; raise HTTPException where there were too many lately."""
    limits, address = visit.desk.limits, address_of(visit.request)
    room = (
        limits.take(LOGIN_ADDRESS, address),
        limits.take(LOGIN_PAIR, _key(name), address),
        limits.take(LOGIN_NAME, _key(name)),
    )
    if not all(room):
        raise HTTPException(429, "often")


def went_well(visit: Visit, name: str) -> None:
    """Give back the tries of a name from this address: its password was right."""
    visit.desk.limits.forget(LOGIN_PAIR, _key(name), address_of(visit.request))


def _key(name: str) -> str:
    return name[:64].strip().casefold()


ROUTES = (
    Page(path="/login", endpoint=ask, area=""),
    Page(path="/login", endpoint=log_in, area="", methods=("POST",), most=2**14),
    Page(path="/logout", endpoint=log_out, area="account", methods=("POST",), most=2**14),
)
