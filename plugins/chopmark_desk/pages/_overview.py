"""The first page: what the service did, how its log stands, and what waits for somebody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from chopmark import ChopmarkError
from chopmark.hookspecs import Log

from .._desk import Desk
from .._known import running_of
from .._page import Page, Visit
from .._pictures import NAMES, Pictures
from .._running import Extent
from .._summary import drawn, summary_at
from ._verify import last_result

_PICTURE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A picture has its style within itself, and nothing else of it is let do anything."""


async def overview(visit: Visit) -> Response:
    """Show figures, plots, coverage, and the state of the log."""
    return visit.render("overview.html", **await visit.work(_shown, visit.desk))


async def picture(visit: Visit) -> Response:
    """Show a plot."""
    svg = await visit.work(_picture, visit.desk, visit.language, visit.request.path_params["name"])
    return Response(svg, media_type="image/svg+xml", headers={"content-security-policy": _PICTURE})


def _shown(desk: Desk) -> dict[str, Any]:
    running = running_of(desk)
    extent = running.follow()
    behind, trouble = _behind(desk.log)
    return {
        "extent": extent,
        "summary": running.ask(summary_at(desk.clock())),
        "gaps": running.other("gap"),
        "faults": running.other("fault"),
        "behind": behind,
        "trouble": trouble,
        "result": last_result(desk),
        "pictures": NAMES,
    }


def _behind(log: Log) -> tuple[float | None, str]:
    """Return for how many seconds a record waits, None for a log without a tree, and why not."""
    behind: Callable[[], float] | None = getattr(log, "behind", None)
    if behind is None:
        return None, ""
    try:
        return behind(), ""
    except (ChopmarkError, OSError) as error:
        return None, str(error)


def _picture(desk: Desk, language: str, name: str) -> str:
    running = running_of(desk)
    extent: Extent = running.follow()
    pictures = desk.kept.get("pictures", lambda: Pictures(desk.clock))
    found = pictures.get(language, lambda: running.ask(drawn), early=not extent.is_whole)
    if name not in found:
        raise HTTPException(404)
    return found[name]


ROUTES = (
    Page(path="/", endpoint=overview, area="overview", in_navigation=True),
    Page(path="/pictures/{name}", endpoint=picture, area="overview"),
)
