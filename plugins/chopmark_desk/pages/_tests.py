"""The runs of tests that the policy names: what was measured, and what waits for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from chopmark_assess import told

from .._desk import Desk
from .._page import Page, Visit
from .._reviewing import listed, shelf_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A run as the report has it; `queue` is its name in the review queue, "" where it is not."""

    told: Mapping[str, Any]
    queue: str


async def show(visit: Visit) -> Response:
    """List the runs, the latest first."""
    runs = await visit.work(_shown, visit.desk, visit.language)
    return visit.render("tests.html", runs=runs)


def _shown(desk: Desk, language: str) -> list[Shown]:
    found = told(desk.policy, language, shelf_of(desk))
    found.sort(key=lambda run: str(run.get("begun", "")), reverse=True)
    folder = desk.options.runs
    queues = {run.name: run.figures.get("begun") for run in listed(folder)} if folder else {}
    return [Shown(told=run, queue=run["run"] if _is_queued(run, queues) else "") for run in found]


def _is_queued(run: Mapping[str, Any], queues: Mapping[str, object]) -> bool:
    """Return whether the queue has this run: another one may have its name."""
    return "begun" in run and queues.get(run["run"]) == run["begun"]


ROUTES = (Page(path="/tests", endpoint=show, area="tests", needs="assess", in_navigation=True),)
