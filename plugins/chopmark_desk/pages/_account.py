"""One's own password."""

from __future__ import annotations

from starlette.responses import Response

from .._cookies import set_session
from .._errors import DeskError
from .._page import Page, Visit
from ._login import tried


async def show(visit: Visit) -> Response:
    """Say who is logged in, and ask for another password."""
    return visit.render("account.html", wrong="")


async def change(visit: Visit) -> Response:
    """Set another password, and end all other sessions."""
    assert visit.user is not None
    users, name = visit.desk.users, visit.user.name
    if await tried(visit, name, visit.sent("password")) is None:
        return visit.render("account.html", 401, wrong=visit.say("account.wrong"))
    if visit.sent("new") != visit.sent("again"):
        return visit.render("account.html", 400, wrong=visit.say("account.differ"))
    try:
        await visit.work(users.set_password, name, visit.sent("new"))
    except DeskError as error:
        return visit.render("account.html", 400, wrong=visit.told(error))
    response = visit.to("/account", "password_set")
    set_session(visit.desk, response, await visit.work(users.begin, visit.user))
    return response


ROUTES = (
    Page(path="/account", endpoint=show, area="account"),
    Page(path="/account", endpoint=change, area="account", methods=("POST",), most=2**14),
)
