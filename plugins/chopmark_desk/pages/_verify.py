"""Verifying the log: begun by a click, done in the background, its last result kept."""

from __future__ import annotations

from starlette.responses import Response

from .._desk import Desk
from .._known import running_of
from .._page import Page, Visit
from .._verification import KIND, Result, Verification, verifiable

_AGAIN = "2"
"""Seconds after which the browser asks again, while one runs."""


async def show(visit: Visit) -> Response:
    """Show how far it is, or what came of it."""
    result = await visit.work(last_result, visit.desk)
    can = verifiable(visit.desk.log) is not None
    response = visit.render("verify.html", result=result, can=can)
    if result is not None and not result.ended:
        response.headers["refresh"] = _AGAIN
    return response


async def start(visit: Visit) -> Response:
    """Begin one, unless one runs."""
    assert visit.user is not None
    verification = verification_of(visit.desk)
    if verification is not None:
        await visit.work(verification.start, visit.user.actor)
    return visit.to("/verify")


def verification_of(desk: Desk) -> Verification | None:
    """Return what verifies the desk's log, None where that is none that can be verified."""
    log = verifiable(desk.log)
    if log is None:
        return None
    return desk.kept.get("verification", lambda: Verification(log, desk.clock))


def last_result(desk: Desk) -> Result | None:
    """Return what came of the last verification: of this desk, else of whoever logged one."""
    verification = verification_of(desk)
    if verification is not None and verification.last is not None:
        return verification.last
    running = running_of(desk)
    running.follow()
    event = running.last(KIND)
    return None if event is None else Result.of(event)


ROUTES = (
    Page(path="/verify", endpoint=show, area="verify", in_navigation=True),
    Page(path="/verify", endpoint=start, area="verify", methods=("POST",), most=2**14),
)
