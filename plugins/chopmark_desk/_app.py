"""The web application of a desk."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ._desk import Desk
from ._guard import guarded
from ._headers import Headers
from ._page import Page
from ._refusals import refusals
from ._render import Renderer
from ._roles import AREAS
from .pages import PAGES


def pages_of(desk: Desk) -> list[Page]:
    """Return the pages that there are in `desk`, in the order in which they are tried."""
    return [
        page for page in PAGES
        if (page.public or not desk.public)
        and (not page.needs or page.needs in desk.policy.plugins)
    ]  # fmt: skip


def make_app(desk: Desk) -> ASGIApp:
    """Return the application that serves `desk`."""
    pages = pages_of(desk)
    order = list(AREAS)
    navigation = sorted(
        (page for page in pages if page.in_navigation), key=lambda page: order.index(page.area)
    )
    renderer = Renderer(navigation)
    routes: list[Route | Mount] = [
        Route(page.path, guarded(desk, renderer, page), methods=list(page.methods))
        for page in pages
    ]
    routes.append(Mount("/static", StaticFiles(packages=[(str(__package__), "static")])))
    app = Starlette(
        routes=routes,
        exception_handlers=refusals(desk, renderer),
    )
    return Headers(app, secure=desk.secure)
