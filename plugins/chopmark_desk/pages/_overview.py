"""The first page."""

from __future__ import annotations

from starlette.responses import Response

from .._page import Page, Visit


async def overview(visit: Visit) -> Response:
    """Say which policy this is the desk of."""
    return visit.render("overview.html")


ROUTES = (Page(path="/", endpoint=overview, area="overview", in_navigation=True),)
