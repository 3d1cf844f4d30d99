"""The word lists: what is in them, what is wrong with them, what they find, and an own one."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chopmark import PolicyError
from chopmark_keyword import STANDINGS, Entry, ListError, own_list, search

from .._amending import lists_of, proposals_of, today_of
from .._lists import Listed
from .._page import Page, Visit
from .._trying import Tried, texts_in, try_out

PAGE = 100
"""Entries, findings and changes of a page."""
MOST = 4 * 2**20
"""Bytes of a form with a list, or with a sample of texts."""
NEEDS = "keyword"


async def show(visit: Visit) -> Response:
    """Show the lists."""
    lists = lists_of(visit.desk)
    today = today_of(visit.desk)
    found = await visit.work(lists.all, today)
    waiting = await visit.work(proposals_of(visit.desk).waiting)
    return visit.render(
        "words.html", lists=found, today=today, seconds=lists.options.reload_seconds,
        waiting=[one.list for one in waiting],
    )  # fmt: skip


async def show_one(visit: Visit) -> Response:
    """Show the entries of a list that are sought, from a number on, and the findings about it."""
    number, listed = await listed_of(visit)
    return _rendered(visit, number, listed)


async def compare(visit: Visit) -> Response:
    """Show what is wrong with another version of a list, and what it would change."""
    number, listed = await listed_of(visit)
    sent = visit.form.get("file")
    if listed.words is None or not isinstance(sent, UploadFile) or not sent.filename:
        raise HTTPException(400, "form")
    proposed, changes = await visit.work(
        lists_of(visit.desk).proposed, listed.words, sent.filename, await sent.read(),
        today_of(visit.desk),
    )  # fmt: skip
    return _rendered(visit, number, listed, proposed=proposed, changes=changes)


async def ask_text(visit: Visit) -> Response:
    """Ask for a text, to be tried against the lists as they are."""
    return visit.render("word_try.html", tried=None, text="", wrong="", refused="", most=MOST)


async def try_text(visit: Visit) -> Response:
    """Show what the lists find in a text, and in a sample."""
    text, wrong, refused = visit.sent("text"), "", ""
    tried: Tried | None = None
    sample = await sample_of(visit)
    if sample is None:
        wrong = visit.say("words.sample_broken")
    elif not text and not sample:
        wrong = visit.say("words.nothing_sent")
    else:
        lists, today = lists_of(visit.desk), today_of(visit.desk)
        try:
            tried = await visit.work(try_out, lists, today, text, sample)
        except PolicyError as error:
            refused = str(error)
    return visit.render(
        "word_try.html", 200 if tried else 400, tried=tried, text=text, wrong=wrong,
        refused=refused, most=MOST,
    )  # fmt: skip


async def own(visit: Visit) -> Response:
    """Send the file of a list of one's own: empty, or with the entries of another."""
    name, language = visit.asked("name").strip(), visit.asked("language").strip()
    like = visit.asked("like")
    if not name:
        return visit.to("/words")
    found = await visit.work(lists_of(visit.desk).named, like, today_of(visit.desk))
    if like and (found is None or found[1].words is None):
        raise HTTPException(404, "missing")
    try:
        data = own_list(name, language, today_of(visit.desk), found[1].words if found else None)
    except ListError as error:
        return visit.render("error.html", 400, key="error.form", detail=str(error))
    headers = {"content-disposition": f'attachment; filename="{name}.toml"'}
    return Response(data, headers=headers, media_type="application/toml")


async def listed_of(visit: Visit) -> tuple[int, Listed]:
    """Return the list that the address names by its number; raise HTTPException for none."""
    number = int(visit.request.path_params["number"])
    found = await visit.work(lists_of(visit.desk).all, today_of(visit.desk))
    if not 1 <= number <= len(found):
        raise HTTPException(404)
    return number, found[number - 1]


async def sample_of(visit: Visit) -> list[str] | None:
    """Return the harmless texts that were sent, none where none were; None where not in UTF-8."""
    sent = visit.form.get("sample")
    return texts_in(await sent.read()) if isinstance(sent, UploadFile) else []


def _rendered(visit: Visit, number: int, listed: Listed, **more: Any) -> Response:
    today = today_of(visit.desk)
    asked = {name: visit.asked(name).strip() for name in ("q", "standing")}
    found = _sought(listed, today, **asked)
    at = visit.asked("from", "1")
    start = max(1, int(at)) if at.isascii() and at.isdigit() and len(at) < 10 else 1
    return visit.render(
        "word_list.html",
        number=number,
        listed=listed,
        asked=asked,
        standings=STANDINGS,
        link=f"/words/{number}?{urlencode({k: v for k, v in asked.items() if v} | {'from': ''})}",
        found=len(found),
        entries=found[start - 1 : start - 1 + PAGE],
        start=start,
        rest=start + PAGE if start + PAGE <= len(found) else 0,
        today=today,
        page=PAGE,
        most=MOST,
        may_propose=visit.may("words.propose"),
        **{"proposed": None, "changes": [], **more},
    )


def _sought(listed: Listed, today: date, q: str, standing: str) -> list[Entry]:
    if listed.words is None:
        return []
    return search(listed.words, q, today, standing if standing in STANDINGS else "")


ROUTES = (
    Page(path="/words", endpoint=show, area="words", needs=NEEDS, in_navigation=True),
    Page(path="/words/try", endpoint=ask_text, area="words", needs=NEEDS),
    Page(
        path="/words/try", endpoint=try_text, area="words", needs=NEEDS, methods=("POST",),
        most=MOST,
    ),
    Page(path="/words/own", endpoint=own, area="words.propose", needs=NEEDS),
    Page(path="/words/{number:int}", endpoint=show_one, area="words", needs=NEEDS),
    Page(
        path="/words/{number:int}", endpoint=compare, area="words.propose", needs=NEEDS,
        methods=("POST",), most=MOST,
    ),
)  # fmt: skip
