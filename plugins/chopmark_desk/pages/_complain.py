"""To complain, and to ask what became of it: for everybody who is told of an answer of ours."""

from __future__ import annotations

from limits import parse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chopmark import LogError
from chopmark_complaints import GROUNDS, ComplaintError, UnloggedError

from .._desk import Desk
from .._language import LANGUAGES
from .._limits import address_of
from .._office import NEEDS, number_of, office_of, receipt_of
from .._page import Page, Visit

MOST = {"complaint": 20_000, "answer": 100_000, "about": 4_000, "contact": 500}
"""Characters of what may be written."""
_OFTEN, _OFTEN_ALL = parse("6 per hour"), parse("300 per hour")
"""Complaints of one address, and of all, by people who are not logged in."""
_GUESSES = parse("30 per hour")
"""Receipts that one address may try."""


async def show(visit: Visit) -> Response:
    """Ask what is wrong."""
    return _form(visit)


async def receive(visit: Visit) -> Response:
    """Take a complaint, and give its receipt, once."""
    said = {name: visit.sent(name) for name in MOST}
    ground, language = visit.sent("ground"), visit.sent("language")
    if not said["complaint"].strip():
        return _form(visit, 400, wrong=visit.say("complain.empty"))
    if ground not in GROUNDS or language not in LANGUAGES:
        raise HTTPException(400, "form")
    for name, most in MOST.items():
        if len(said[name]) > most:
            what = visit.say(f"complain.{name}")
            return _form(visit, 413, wrong=visit.say("complain.long", what=what, most=most))
    limits, address = visit.desk.limits, address_of(visit.request)
    if visit.user is None and not (
        limits.take(_OFTEN, "complain", address) and limits.take(_OFTEN_ALL, "complain")
    ):
        raise HTTPException(429, "often")
    actor = visit.user.actor if visit.user else ""
    try:
        number = await visit.work(_received, visit.desk, said, ground, language, actor)
    except LogError:
        return _form(visit, 503, wrong=visit.say("complain.not_now"))
    except ComplaintError:  # its own words name commands: what is left to be wrong is the id
        return _form(visit, 400, wrong=visit.say("complain.unknown"))
    notice = await visit.work(office_of(visit.desk).complaints.notice, number)
    return visit.render(
        "complain_received.html", 201, receipt=receipt_of(visit.desk, number), notice=notice,
        has_contact=bool(said["contact"].strip()), language=language,
    )  # fmt: skip


async def ask_state(visit: Visit) -> Response:
    """Ask for the receipt."""
    return visit.render("complain_state.html", wrong="", receipt="")


async def show_state(visit: Visit) -> Response:
    """Say what became of the complaint that the receipt is of."""
    address, receipt = address_of(visit.request), visit.sent("receipt")
    if visit.user is None and not visit.desk.limits.take(_GUESSES, "receipt", address):
        raise HTTPException(429, "often")
    number = number_of(visit.desk, receipt)
    work = office_of(visit.desk).complaints
    try:
        one = await visit.work(work.get, number or "")
    except ComplaintError:
        return visit.render(
            "complain_state.html", 404, wrong=visit.say("complain.no_receipt"), receipt=receipt
        )
    notice = "" if one.erased else await visit.work(work.notice, one.id)
    return visit.render(
        "complain_told.html", one=one, state=one.state(visit.desk.clock()), notice=notice
    )


def _received(desk: Desk, said: dict[str, str], ground: str, language: str, actor: str) -> str:
    """Take the complaint, and return its number; what the log lacks of it, it gets with the next.

    Raises:
        ComplaintError: `about` has no id of a call of ours.
        LogError: the log cannot be read.
    """
    try:
        return office_of(desk).complaints.receive(
            said["complaint"], about=said["about"], answer=said["answer"],
            contact=said["contact"].strip(), ground=ground, language=language, actor=actor,
        ).id  # fmt: skip
    except UnloggedError as error:
        return error.event.id


def _form(visit: Visit, status: int = 200, wrong: str = "") -> Response:
    given = {name: visit.sent(name) for name in (*MOST, "ground")}
    deadline = office_of(visit.desk).complaints.options.deadline
    return visit.render(
        "complain.html", status, wrong=wrong, given=given, grounds=GROUNDS, most=MOST,
        language=visit.sent("language", visit.language), days=round(deadline / 86_400_000),
    )  # fmt: skip


def _page(path: str, endpoint: object, *, posts: bool = False, leads: bool = False) -> Page:
    return Page(
        path=path, endpoint=endpoint, area="complain", public=True, needs=NEEDS,  # type: ignore[arg-type]
        methods=("POST",) if posts else ("GET",), in_navigation=leads,
    )  # fmt: skip


ROUTES = (
    _page("/complain", show, leads=True),
    _page("/complain", receive, posts=True),
    _page("/complain/state", ask_state),
    _page("/complain/state", show_state, posts=True),
)
