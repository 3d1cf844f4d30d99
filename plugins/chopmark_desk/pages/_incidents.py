"""The incidents: what was found, and the four steps of Art. 14 that each of them takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from chopmark_complaints import GROUNDS, STEPS, ComplaintError, Incident, Incidents, UnloggedError

from .._office import NEEDS, office_of
from .._page import Page, Visit
from .._pager import Pager
from .._steps import found, history, taken

PAGE = 50


async def show(visit: Visit) -> Response:
    """List incidents, the latest first, and ask for another one."""
    return await _listed(visit)


async def begin(visit: Visit) -> Response:
    """Open an incident."""
    assert visit.user is not None
    text, about, actor = visit.sent("text"), visit.sent("about").split(), visit.user.actor
    if not text.strip():
        return await _listed(visit, 400, wrong=visit.say("incidents.empty"))
    try:
        one = await visit.work(
            lambda: _incidents(visit).open(
                text, about=about, ground=visit.sent("ground"), actor=actor
            )
        )
    except UnloggedError as error:
        return visit.to(f"/incidents/{error.event.id}", "step.unlogged")
    except ComplaintError as error:
        return await _listed(visit, 400, refused=str(error))
    return visit.to(f"/incidents/{one.id}", "step.opened")


async def show_one(visit: Visit) -> Response:
    """Show an incident with its texts; that somebody looks is in the log first."""
    return await _shown(visit)


async def take_step(visit: Visit) -> Response:
    """Take down that a step was taken."""
    step, note, to = visit.sent("step"), visit.sent("note"), visit.sent("to").strip()
    reference = visit.sent("reference").strip()
    if step == "report" and not to:
        return await _shown(visit, 400, wrong=visit.say("incidents.to_whom"))
    if step != "report" and not note.strip():
        return await _shown(visit, 400, wrong=visit.say("incidents.what_done"))
    if step != "report":
        to = reference = ""
    return await _taken(
        visit,
        lambda work, id, actor: work.step(id, step, note, to=to, reference=reference, actor=actor),
        "step.taken",
    )


async def take_back(visit: Visit) -> Response:
    """Take down that a step was not taken after all, and why."""
    step, why = visit.sent("step"), visit.sent("why")
    if not why.strip():
        return await _shown(visit, 400, wrong=visit.say("incidents.why_back"))
    return await _taken(
        visit, lambda work, id, actor: work.take_back(id, step, why, actor=actor), "step.taken_back"
    )


async def close(visit: Visit) -> Response:
    """Close an incident; a step that was not taken needs a reason."""
    note, without = visit.sent("note"), [step for step in STEPS if visit.sent(f"without-{step}")]
    if without and not note.strip():
        return await _shown(visit, 400, wrong=visit.say("incidents.why"))
    return await _taken(
        visit, lambda work, id, actor: work.close(id, note, without=without, actor=actor),
        "step.closed",
    )  # fmt: skip


def _incidents(visit: Visit) -> Incidents:
    return office_of(visit.desk).incidents


async def _listed(visit: Visit, status: int = 200, wrong: str = "", refused: str = "") -> Response:
    before = visit.asked("before")
    listed = await visit.work(lambda: _incidents(visit).latest(PAGE + 1, before))
    rest = listed[PAGE - 1].id if len(listed) > PAGE else None
    return visit.render(
        "incidents.html", status, listed=listed[:PAGE], grounds=GROUNDS, steps=tuple(STEPS),
        pages=Pager.of("/incidents", before or None, rest, {}),
        wrong=wrong, refused=refused,
        given={
            "text": visit.sent("text"), "ground": visit.sent("ground", "illegal"),
            "about": visit.sent("about", visit.asked("about")),
        },
    )  # fmt: skip


async def _taken(visit: Visit, act: Callable[[Incidents, str, str], object], said: str) -> Response:
    return await taken(visit, _incidents, act, said, "/incidents", _shown)


async def _shown(visit: Visit, status: int = 200, wrong: str = "", refused: str = "") -> Response:
    one = await found(visit, lambda number: _incidents(visit).get(number))
    if not one.erased:
        await visit.accessed("incident", [one.id])
    steps = await visit.work(_history, visit, one)
    return visit.render(
        "incident.html", status, one=one, history=steps, steps=tuple(STEPS), wrong=wrong,
        refused=refused,
    )  # fmt: skip


def _history(visit: Visit, one: Incident) -> list[Any]:
    work = _incidents(visit)
    return list(history(work.history(one.id), work.texts(one.id)))


def _post(path: str, endpoint: Any) -> Page:
    return Page(path=path, endpoint=endpoint, area="incidents", methods=("POST",), needs=NEEDS)


ROUTES = (
    Page(path="/incidents", endpoint=show, area="incidents", needs=NEEDS, in_navigation=True),
    _post("/incidents", begin),
    Page(path="/incidents/{number}", endpoint=show_one, area="incidents", needs=NEEDS),
    _post("/incidents/{number}/step", take_step),
    _post("/incidents/{number}/back", take_back),
    _post("/incidents/{number}/close", close),
)
