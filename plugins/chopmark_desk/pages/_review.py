"""The review queue: people say whether answers are right, and others than who annotated them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response

from chopmark_assess import AssessError, Review

from .._page import Page, Visit
from .._reviewing import Queue, listed, review, run_of, shelf_of, waiting

NEXT = 20
"""Cases that are listed behind the one that is shown."""


async def show(visit: Visit) -> Response:
    """List the runs."""
    folder = visit.desk.options.runs
    runs = await visit.work(listed, folder) if folder else []
    return visit.render("reviews.html", runs=runs, folder=folder)


async def show_run(visit: Visit) -> Response:
    """Show the case that is to be reviewed first, or the one that is asked for."""
    return await _shown(visit, await _run(visit))


async def decide(visit: Visit) -> Response:
    """Keep a decision, and go on to the next case."""
    assert visit.user is not None
    path = await _run(visit)
    case, accepts, reason = visit.sent("case"), visit.sent("accepts"), visit.sent("reason").strip()
    if accepts not in ("yes", "no"):
        raise HTTPException(400, "form")
    if accepts == "no" and not reason:
        return await _shown(visit, path, 400, visit.say("review.no_reason"))
    one = Review(
        case=case, accepts=accepts == "yes", reason=reason, reviewer=visit.user.name,
        time=visit.desk.clock() / 1000,
    )  # fmt: skip
    try:
        await visit.work(review, shelf_of(visit.desk), path, one)
    except AssessError as error:
        return await _shown(visit, path, 400, refused=str(error))
    return visit.to(f"/review/{quote(path.name)}", "review.kept")


async def _run(visit: Visit) -> Path:
    folder = visit.desk.options.runs
    name = visit.request.path_params["run"]
    path = await visit.work(run_of, folder, name) if folder else None
    if path is None:
        raise HTTPException(404, "missing")
    return path


async def _shown(
    visit: Visit, path: Path, status: int = 200, wrong: str = "", refused: str = ""
) -> Response:
    assert visit.user is not None
    queue: Queue = await visit.work(waiting, shelf_of(visit.desk), path, visit.user.name)
    asked = visit.sent("case") or visit.asked("case")
    one = queue.case(asked)
    return visit.render(
        "review.html", status, name=path.name, queue=queue, one=one or queue.case(""),
        missing=bool(asked and one is None and not wrong and not refused),
        codes=queue.run.codes(visit.language), following=queue.mine[:NEXT], wrong=wrong,
        refused=refused, reason=visit.sent("reason"),
    )  # fmt: skip


ROUTES = (
    Page(path="/review", endpoint=show, area="review", in_navigation=True),
    Page(path="/review/{run}", endpoint=show_run, area="review"),
    Page(path="/review/{run}", endpoint=decide, area="review", methods=("POST",)),
)
