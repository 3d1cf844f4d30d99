"""Who may log in: added, given another role or password, removed; each taken down in the log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.responses import Response

from chopmark.reading import new_event, takes_events

from .._errors import DeskError
from .._page import Endpoint, Page, Visit
from .._roles import ROLES
from .._users import User


async def show(visit: Visit) -> Response:
    """List the users."""
    return await _shown(visit)


async def add(visit: Visit) -> Response:
    """Add a user."""
    name, role, password = visit.sent("name"), visit.sent("role"), visit.sent("password")
    return await _done(visit, "added", partial(visit.desk.users.add, name, role, password))


async def set_role(visit: Visit) -> Response:
    """Give a user another role."""
    name, role = visit.sent("name"), visit.sent("role")
    return await _done(visit, "role", partial(visit.desk.users.set_role, name, role))


async def set_password(visit: Visit) -> Response:
    """Give a user another password."""
    name, password = visit.sent("name"), visit.sent("password")
    return await _done(visit, "password", partial(visit.desk.users.set_password, name, password))


async def remove(visit: Visit) -> Response:
    """Remove a user."""
    return await _done(visit, "removed", partial(visit.desk.users.remove, visit.sent("name")))


async def _done(visit: Visit, what: str, change: Callable[..., User]) -> Response:
    """Make a change that the log has taken down; where it does not, nothing is changed."""

    def noted(user: User) -> None:
        assert visit.user is not None
        data = {"user": user.id, "role": user.role}
        event = new_event(f"desk.user.{what}", actor=visit.user.actor, data=data)
        takes_events(visit.desk.log).append_event(event)

    try:
        await visit.work(change, noted=noted)
    except DeskError as error:
        return await _shown(visit, 400, visit.told(error))
    return visit.to("/users", f"user_{what}")


async def _shown(visit: Visit, status: int = 200, wrong: str = "") -> Response:
    users = await visit.work(visit.desk.users.all)
    return visit.render("users.html", status, users=users, roles=ROLES, wrong=wrong)


def _post(path: str, endpoint: Endpoint) -> Page:
    return Page(path=path, endpoint=endpoint, area="users", methods=("POST",), most=2**14)


ROUTES = (
    Page(path="/users", endpoint=show, area="users", in_navigation=True),
    _post("/users/add", add),
    _post("/users/role", set_role),
    _post("/users/password", set_password),
    _post("/users/remove", remove),
)
