"""Is this ours? A text that is pasted, or a file, with all that speaks for it and how strongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from limits import parse
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from .._desk import Desk
from .._errors import UnseenError
from .._inspecting import LONGEST, BusyError, Inspector, Looked, Room
from .._limits import address_of
from .._log_search import Passage, Search, passages, search
from .._ours import Answer, Names, answer_of
from .._page import Page, Visit

DETAILS = "ours.details"
_OFTEN, _OFTEN_ALL = parse("20 per 10 minutes"), parse("300 per 10 minutes")
"""Questions of one address, and of all, by people who are not logged in: each is in the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the page shows: what was looked into, what is said of it, and by what in the log."""

    looked: Looked
    answer: Answer | None = None
    search: Search = Search()  # noqa: RUF009 - frozen
    passages: tuple[Passage, ...] = ()


async def home(visit: Visit) -> Response:
    """Lead a stranger, who has no overview, here."""
    return visit.to("/ours")


async def show(visit: Visit) -> Response:
    """Ask for a text or a file."""
    return _rendered(visit)


async def ask(visit: Visit) -> Response:
    """Look into what was sent, and say what it carries."""
    limits, address = visit.desk.limits, address_of(visit.request)
    if visit.user is None and not (
        limits.take(_OFTEN, "ours", address) and limits.take(_OFTEN_ALL, "ours")
    ):
        raise HTTPException(429, "often")
    file, text = visit.form.get("file"), visit.sent("text")
    try:
        if isinstance(file, UploadFile) and file.filename:
            result = await visit.work(_of_file, visit.desk, file.file, file.filename)
        elif not text.strip():
            return _rendered(visit, 400, wrong=visit.say("ours.nothing_sent"))
        elif len(text) > LONGEST:
            wrong = visit.say("ours.too_long", most=LONGEST)
            return _rendered(visit, 413, wrong=wrong)
        else:
            result = await visit.work(_of_text, visit.desk, text)
    except BusyError:
        return _rendered(visit, 503, text=text, wrong=visit.say("ours.busy"))
    return _rendered(visit, 200, text=text, result=await _on_record(visit, result))


async def _on_record(visit: Visit, result: Result) -> Result:
    """Take down that the log was asked, before what it said is shown; else it said nothing."""
    report, asked = result.looked.report, result.search
    if report is None or asked.found is None:
        return result
    found = {"characters": len(report.text), "worth": asked.worth or "none"}
    try:
        await visit.accessed("searched", [match.record for match in asked.matches], found)
    except UnseenError as error:
        asked = Search(unasked="unseen", detail=str(error))
    return _answered(visit.desk, result.looked, asked)


def _of_text(desk: Desk, text: str) -> Result:
    with _room(desk).taken():
        looked = Looked(report=_inspector(desk).text(text))
        return _searched(desk, looked)


def _of_file(desk: Desk, file: IO[bytes], name: str) -> Result:
    with _room(desk).taken():
        return _searched(desk, _inspector(desk).file(file, name))


def _searched(desk: Desk, looked: Looked) -> Result:
    if looked.report is None:
        return Result(looked=looked)
    return _answered(desk, looked, search(desk.log, looked.report.text))


def _answered(desk: Desk, looked: Looked, asked: Search) -> Result:
    assert looked.report is not None
    names = desk.kept.get("names of marks", lambda: Names.of(desk.policy))
    best = asked.matches[0] if asked.matches else None
    return Result(
        looked=looked,
        answer=answer_of(looked.report, asked, names),
        search=asked,
        passages=tuple(passages(looked.report.text, best)) if best else (),
    )


def _rendered(
    visit: Visit, status: int = 200, *, text: str = "", wrong: str = "",
    result: Result | None = None,
) -> Response:  # fmt: skip
    return visit.render(
        "ours.html", status, text=text, wrong=wrong, result=result, longest=LONGEST,
        upload=visit.desk.options.upload, details=visit.may(DETAILS),
        can_complain="complaints" in visit.desk.policy.plugins,
    )  # fmt: skip


def _room(desk: Desk) -> Room:
    return desk.kept.get("room to look", Room)


def _inspector(desk: Desk) -> Inspector:
    options = desk.options
    return desk.kept.get(
        "inspector",
        lambda: Inspector(policy=desk.policy, keys=options.keys, seconds=options.seconds),
    )


ROUTES = (
    Page(path="/ours", endpoint=show, area="ours", public=True, in_navigation=True),
    Page(path="/ours", endpoint=ask, area="ours", public=True, methods=("POST",), takes_file=True),
    Page(path="/", endpoint=home, area="ours", public=True),
)
