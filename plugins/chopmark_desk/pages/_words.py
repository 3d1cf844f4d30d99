"""The word lists: what is in them, what is wrong with them, what another version would change.

The desk changes none: a list is a governed file, which its reviewers change where they keep it.
"""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from .._desk import Desk
from .._page import Page, Visit

if TYPE_CHECKING:
    from .._lists import Listed, Lists

PAGE = 100
"""Entries, findings and changes of a page."""
_MOST = 4 * 2**20


async def show(visit: Visit) -> Response:
    """Show the lists."""
    lists = lists_of(visit.desk)
    today = _today(visit.desk)
    found = await visit.work(lists.all, today)
    return visit.render(
        "words.html", lists=found, today=today, seconds=lists.options.reload_seconds
    )


async def show_one(visit: Visit) -> Response:
    """Show the entries of a list, from a number on, and the findings about it."""
    number, listed = await _listed(visit)
    start = visit.asked("from", "1")
    at = int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 1
    return _rendered(visit, number, listed, start=max(1, at))


async def compare(visit: Visit) -> Response:
    """Show what is wrong with a file that somebody proposes, and what it would change."""
    number, listed = await _listed(visit)
    sent = visit.form.get("file")
    if listed.words is None or not isinstance(sent, UploadFile) or not sent.filename:
        raise HTTPException(400, "form")
    proposed, changes = await visit.work(
        lists_of(visit.desk).proposed, listed.words, sent.filename, await sent.read(),
        _today(visit.desk),
    )  # fmt: skip
    return _rendered(visit, number, listed, proposed=proposed, changes=changes)


def lists_of(desk: Desk) -> Lists:
    """Return the lists of the desk's policy.

    Raises:
        PolicyError: an option of plugin `keyword` is wrong.
    """
    from .._lists import Lists

    return desk.kept.get("lists", lambda: Lists(desk.policy))


async def _listed(visit: Visit) -> tuple[int, Listed]:
    number = int(visit.request.path_params["number"])
    found = await visit.work(lists_of(visit.desk).all, _today(visit.desk))
    if not 1 <= number <= len(found):
        raise HTTPException(404)
    return number, found[number - 1]


def _rendered(visit: Visit, number: int, listed: Listed, start: int = 1, **more: Any) -> Response:
    entries = listed.words.entries if listed.words else ()
    return visit.render(
        "word_list.html",
        number=number,
        listed=listed,
        entries=entries[start - 1 : start - 1 + PAGE],
        start=start,
        rest=start + PAGE if start + PAGE <= len(entries) else 0,
        today=_today(visit.desk),
        page=PAGE,
        most=_MOST,
        **{"proposed": None, "changes": [], **more},
    )


def _today(desk: Desk) -> date:
    return datetime.fromtimestamp(desk.clock() / 1000, timezone.utc).date()


ROUTES = (
    Page(path="/words", endpoint=show, area="words", needs="keyword", in_navigation=True),
    Page(path="/words/{number:int}", endpoint=show_one, area="words", needs="keyword"),
    Page(
        path="/words/{number:int}", endpoint=compare, area="words", needs="keyword",
        methods=("POST",), most=_MOST,
    ),
)  # fmt: skip
