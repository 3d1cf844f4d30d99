"""The complaints: which wait, and until when; one with its texts; what is decided and told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.responses import Response

from chopmark.policy import ACTIONS
from chopmark_complaints import DECISIONS, Complaint, Complaints

from .._desk import Desk
from .._office import NEEDS, office_of
from .._page import Page, Visit
from .._pager import Pager
from .._steps import found, history, taken

PAGE = 50
_DAY = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A complaint in the list. `days` are those left until its deadline, below 0 behind it."""

    one: Complaint
    state: str
    days: int


async def show(visit: Visit) -> Response:
    """List those that wait, the most urgent first; or all, the latest first."""
    before = visit.asked("before")
    if visit.asked("all") or before:
        lines = await visit.work(_latest, visit.desk, before)
        rest = lines[PAGE - 1].one.id if len(lines) > PAGE else None
        pages = Pager.of("/complaints", before or None, rest, {"all": "yes"})
        return visit.render("complaints.html", lines=lines[:PAGE], which="all", more=0, pages=pages)
    waiting = await visit.work(_waiting, visit.desk)
    return visit.render(
        "complaints.html", lines=waiting[:PAGE], which="waiting",
        more=max(0, len(waiting) - PAGE), pages=Pager(),
    )  # fmt: skip


async def show_one(visit: Visit) -> Response:
    """Show a complaint with its texts; that somebody looks is in the log first."""
    return await _shown(visit)


async def decide(visit: Visit) -> Response:
    """Decide, or decide anew."""
    decision, reason = visit.sent("decision"), visit.sent("reason")
    again = visit.sent("again") == "yes"
    if not reason.strip():
        return await _shown(visit, 400, wrong=visit.say("complaints.no_reason"))
    return await _taken(
        visit,
        lambda work, id, actor: work.decide(id, decision, reason, actor=actor, again=again),
        "step.decided",
    )


async def correct_word(visit: Visit) -> Response:
    """Put a term into the word list of the policy."""
    try:
        expires = date.fromisoformat(visit.sent("expires")) if visit.sent("expires") else None
    except ValueError:
        return await _shown(visit, 400, wrong=visit.say("complaints.no_date"))
    term, category, level = visit.sent("term"), visit.sent("category").strip(), visit.sent("level")
    return await _taken(
        visit,
        lambda work, id, actor: work.correct_words(
            id, term, category=category, level=level, expires=expires, actor=actor
        ),
        "step.corrected",
    )


async def correct_example(visit: Visit) -> Response:
    """Keep the answer, or another text, as an example for retraining."""
    wanted, text = visit.sent("wanted").strip(), visit.sent("text")
    return await _taken(
        visit,
        lambda work, id, actor: work.correct_example(id, wanted, text=text, actor=actor),
        "step.corrected",
    )


async def tell(visit: Visit) -> Response:
    """Take down that the complainant was sent a notice."""
    notice = visit.sent("notice")
    if not notice.strip():
        return await _shown(visit, 400, wrong=visit.say("complaints.no_notice"))
    return await _taken(
        visit, lambda work, id, actor: work.told(id, notice, actor=actor), "step.told"
    )


def _waiting(desk: Desk) -> list[Line]:
    waiting = _lines(desk, office_of(desk).complaints.waiting())
    return sorted(waiting, key=lambda line: (line.state == "to tell", line.one.deadline))


def _latest(desk: Desk, before: str) -> list[Line]:
    return _lines(desk, office_of(desk).complaints.latest(PAGE + 1, before))


def _lines(desk: Desk, complaints: Sequence[Complaint]) -> list[Line]:
    now = desk.clock()
    return [
        Line(one=one, state=one.state(now), days=(one.deadline - now) // _DAY)
        for one in complaints
    ]  # fmt: skip


def _complaints(visit: Visit) -> Complaints:
    return office_of(visit.desk).complaints


async def _taken(
    visit: Visit, act: Callable[[Complaints, str, str], object], said: str
) -> Response:
    return await taken(visit, _complaints, act, said, "/complaints", _shown)


async def _shown(visit: Visit, status: int = 200, wrong: str = "", refused: str = "") -> Response:
    one = await found(visit, lambda number: _complaints(visit).get(number))
    if not one.erased:
        await visit.accessed("complaint", [one.id])
    names = await visit.work(_named, visit.desk, one)
    return visit.render("complaint.html", status, wrong=wrong, refused=refused, **names)


def _named(desk: Desk, one: Complaint) -> dict[str, Any]:
    work = office_of(desk).complaints
    [line] = _lines(desk, [one])
    return {
        "line": line,
        "one": one,
        "steps": history(work.history(one.id), work.texts(one.id)),
        "notice": "" if one.erased else work.notice(one.id),
        "has_words": work.options.words is not None,
        "has_answer": bool(work.text(one.id, "answer")),
        "decisions": DECISIONS,
        "levels": tuple(ACTIONS),
    }


def _post(path: str, endpoint: Any) -> Page:
    return Page(
        path=f"/complaints/{{number}}/{path}", endpoint=endpoint, area="complaints",
        methods=("POST",), needs=NEEDS,
    )  # fmt: skip


ROUTES = (
    Page(path="/complaints", endpoint=show, area="complaints", needs=NEEDS, in_navigation=True),
    Page(path="/complaints/{number}", endpoint=show_one, area="complaints", needs=NEEDS),
    _post("decide", decide),
    _post("word", correct_word),
    _post("example", correct_example),
    _post("tell", tell),
)
