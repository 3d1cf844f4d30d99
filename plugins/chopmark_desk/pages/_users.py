"""Who may log in: added, given another role or password, removed; each taken down in the log."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from chopmark.reading import new_event, takes_events

from .._errors import DeskError
from .._page import Page, Visit
from .._roles import ROLES


async def show(visit: Visit) -> Response:
    """List the users."""
    return await _shown(visit)


async def add(visit: Visit) -> Response:
    """Add a user."""
    name, role = visit.sent("name"), visit.sent("role")
    users = visit.desk.users
    return await _done(visit, "added", lambda: users.add(name, role, visit.sent("password")).id)


async def set_role(visit: Visit) -> Response:
    """Give a user another role."""
    name, role = visit.sent("name"), visit.sent("role")
    return await _done(visit, "role", lambda: visit.desk.users.set_role(name, role).id)


async def set_password(visit: Visit) -> Response:
    """Give a user another password."""
    name, users = visit.sent("name"), visit.desk.users

    def change() -> str:
        users.set_password(name, visit.sent("password"))
        return users.get(name).id

    return await _done(visit, "password", change)


async def remove(visit: Visit) -> Response:
    """Remove a user."""
    name, users = visit.sent("name"), visit.desk.users

    def change() -> str:
        id = users.get(name).id
        users.remove(name)
        return id

    return await _done(visit, "removed", change)


async def _done(visit: Visit, what: str, change: Callable[[], str]) -> Response:
    try:
        await visit.work(_change, visit, what, change)
    except DeskError as error:
        return await _shown(visit, 400, visit.told(error))
    return visit.to("/users", f"user_{what}")


def _change(visit: Visit, what: str, change: Callable[[], str]) -> None:
    """Make a change, and take it down; what the log does not take is an error all the same."""
    assert visit.user is not None
    log, actor = takes_events(visit.desk.log), visit.user.actor
    data = {"user": change()}
    if role := visit.sent("role"):
        data["role"] = role
    log.append_event(new_event(f"desk.user.{what}", actor=actor, data=data))


async def _shown(visit: Visit, status: int = 200, wrong: str = "") -> Response:
    users = await visit.work(visit.desk.users.all)
    return visit.render("users.html", status, users=users, roles=ROLES, wrong=wrong)


def _post(path: str, endpoint: Callable[[Visit], object]) -> Page:
    return Page(path=path, endpoint=endpoint, area="users", methods=("POST",), most=2**14)  # type: ignore[arg-type]


ROUTES = (
    Page(path="/users", endpoint=show, area="users", in_navigation=True),
    _post("/users/add", add),
    _post("/users/role", set_role),
    _post("/users/password", set_password),
    _post("/users/remove", remove),
)
