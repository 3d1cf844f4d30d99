"""Changes of word lists: proposed, tried, and confirmed or rejected by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from chopmark import PolicyError
from chopmark.policy import ACTIONS
from chopmark_keyword import (
    FOLDINGS,
    Amendment,
    ChangedListError,
    Entry,
    Finding,
    ListError,
    UnwrittenListError,
    WordList,
    twin,
    written,
)

from .._amending import (
    amended,
    answered,
    confirm,
    lists_of,
    proposals_of,
    propose,
    reject,
    today_of,
    withdraw,
)
from .._errors import DeskError
from .._lists import Listed
from .._page import Endpoint, Page, Visit
from .._proposals import Proposal
from .._trying import try_out
from ._words import MOST, NEEDS, PAGE, listed_of, sample_of

DECIDED = 100
"""Proposals that were decided and are listed, the latest ones."""
COLUMNS = ("term", "category", "level", "expires", "folding", "risks")
"""What is proposed of an entry."""
_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A change that somebody is writing: of an entry of a list, or of a new one."""

    number: int
    listed: Listed
    entry: Entry | None
    values: Mapping[str, str]

    @property
    def amendment(self) -> Amendment | None:
        """The change, None where there is none yet; a reviewer is still to answer for it."""
        if self.entry is None:
            return Amendment(cells=dict(self.values))
        old = written(self.entry)
        cells = {key: value for key, value in self.values.items() if value != old.get(key, "")}
        return Amendment(cells=cells, old=old) if cells else None


async def write(visit: Visit) -> Response:
    """Show the form of a change: of a new entry, or the one that the address names."""
    number, listed = await _open_list(visit)
    assert listed.words is not None
    asked, entry = visit.asked("entry"), None
    if asked:
        at = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
        if not 1 <= at <= len(listed.words.entries):
            raise HTTPException(404, "missing")
        entry = listed.words.entries[at - 1]
    values = _values(written(entry)) if entry else _values({"level": "warn"})
    today = today_of(visit.desk)
    if visit.asked("expire"):
        values["expires"] = (today - timedelta(days=1)).isoformat()
    elif entry is None:
        values["expires"] = (today + _YEAR).isoformat()
    draft = Draft(number=number, listed=listed, entry=entry, values=values)
    return _written(visit, draft)


async def send(visit: Visit) -> Response:
    """Try a change, or propose it."""
    assert visit.user is not None
    draft = _draft(visit, *await _open_list(visit))
    amendment, reason = draft.amendment, visit.sent("reason").strip()
    shown, proposing = visit.sent("shown"), visit.sent("do") == "propose"
    if shown != draft.listed.digest:
        return _written(visit, draft, 409, wrong=visit.say("words.changed"))
    if amendment is None:
        return _written(visit, draft, 400, wrong=visit.say("words.no_change"))
    if proposing and not reason:
        return _written(visit, draft, 400, wrong=visit.say("words.no_reason"))
    try:
        if not proposing:
            tried = await _tried(visit, draft.listed, answered(amendment, visit.user.name))
            return _written(visit, draft, 200 if tried["tried"] else 400, **tried)
        one = await visit.work(
            propose, visit.desk, visit.user, draft.listed, amendment, reason, shown
        )
    except ChangedListError:
        return _written(visit, draft, 409, wrong=visit.say("words.changed"))
    except (ListError, PolicyError) as error:
        return _written(visit, draft, 400, refused=str(error))
    return visit.to(f"/words/proposals/{one.id}", "words.proposed")


async def show(visit: Visit) -> Response:
    """List what waits, and what was decided."""
    assert visit.user is not None
    proposals = proposals_of(visit.desk)
    waiting, decided = (
        await visit.work(proposals.waiting), await visit.work(proposals.decided, DECIDED),
    )  # fmt: skip
    return visit.render("word_proposals.html", waiting=waiting, decided=decided)


async def show_one(visit: Visit) -> Response:
    """Show a proposal, and what may be done with it."""
    return await _shown(visit)


async def try_one(visit: Visit) -> Response:
    """Try a text, and a sample, against the list as a proposal would have it."""
    assert visit.user is not None
    one = await _proposal(visit)
    found = await visit.work(lists_of(visit.desk).named, one.list, today_of(visit.desk))
    if found is None:
        return await _shown(visit, 409)
    try:
        tried = await _tried(visit, found[1], answered(one.amendment, visit.user.name))
    except (ListError, PolicyError) as error:
        return await _shown(visit, 400, refused=str(error))
    return await _shown(visit, 200 if tried["tried"] else 400, **tried)


async def decide(visit: Visit) -> Response:
    """Confirm a proposal, which writes the file, or reject it."""
    assert visit.user is not None
    one = await _proposal(visit)
    accepts, note = visit.sent("accepts"), visit.sent("note").strip()
    if accepts not in ("yes", "no"):
        raise HTTPException(400, "form")
    if accepts == "no" and not note:
        return await _shown(visit, 400, wrong=visit.say("words.no_note"))
    try:
        if accepts == "no":
            await visit.work(reject, visit.desk, visit.user, one, note)
            return visit.to(f"/words/proposals/{one.id}", "words.rejected")
        await visit.work(confirm, visit.desk, visit.user, one, visit.sent("shown"), note)
    except ChangedListError:
        return await _shown(visit, 409, wrong=visit.say("words.changed_review"))
    except UnwrittenListError as error:
        said = visit.say("words.unwritten", file=one.list, why=error.why)
        return await _shown(visit, 409, wrong=said)
    except (ListError, PolicyError) as error:
        return await _shown(visit, 409, refused=str(error))
    except DeskError as error:
        return await _shown(visit, 409, wrong=visit.told(error))
    return visit.to(f"/words/proposals/{one.id}", "words.confirmed")


async def take_back(visit: Visit) -> Response:
    """Take back one's own proposal."""
    assert visit.user is not None
    one = await _proposal(visit)
    try:
        await visit.work(withdraw, visit.desk, visit.user, one)
    except DeskError as error:
        return await _shown(visit, 409, wrong=visit.told(error))
    return visit.to(f"/words/proposals/{one.id}", "words.withdrawn")


async def _open_list(visit: Visit) -> tuple[int, Listed]:
    number, listed = await listed_of(visit)
    if not listed.is_open:
        raise DeskError(
            f"list {listed.source} cannot be changed here: it comes with chopmark, or is refused",
            "list_closed", list=listed.source,
        )  # fmt: skip
    return number, listed


def _draft(visit: Visit, number: int, listed: Listed) -> Draft:
    """Return what was sent; raise `DeskError` where the entry is not there any more."""
    assert listed.words is not None
    values = _values({column: visit.sent(column) for column in COLUMNS})
    asked, entry = visit.sent("entry"), None
    if asked:
        there = [one for one in listed.words.entries if str(one.number) == asked]
        if visit.sent("shown") != listed.digest:  # the numbers may be others by now
            there = [one for one in [twin(listed.words, values["term"])] if one is not None]
        if not there:
            raise DeskError("the entry is not in the list any more", "entry_gone")
        entry = there[0]
        values["term"] = entry.term
    return Draft(number=number, listed=listed, entry=entry, values=values)


def _values(cells: Mapping[str, str]) -> dict[str, str]:
    found = {column: cells.get(column, "").strip() for column in COLUMNS}
    found["risks"] = " ".join(found["risks"].split())
    return found


def _written(visit: Visit, draft: Draft, status: int = 200, **more: Any) -> Response:
    words = draft.listed.words
    assert words is not None
    return visit.render(
        "word_propose.html", status, draft=draft, words=words, levels=tuple(ACTIONS),
        foldings=FOLDINGS, categories=_categories(words), reason=visit.sent("reason"),
        text=visit.sent("text"), most=MOST, page=PAGE,
        **{"wrong": "", "refused": "", "tried": None, "findings": (), **more},
    )  # fmt: skip


def _categories(words: WordList) -> list[str]:
    return sorted({entry.category.removeprefix("keyword.") for entry in words.entries})


async def _tried(visit: Visit, listed: Listed, amendment: Amendment) -> dict[str, Any]:
    """Return what came of a trial of a change, for a template."""
    sample = await sample_of(visit)
    if sample is None:
        return {"tried": None, "wrong": visit.say("words.sample_broken")}
    lists, today = lists_of(visit.desk), today_of(visit.desk)
    made = await visit.work(amended, listed, amendment)
    return {
        "tried": await visit.work(try_out, lists, today, visit.sent("text"), sample, made.words),
        "findings": _new_findings(visit, listed, made.words),
    }


def _new_findings(visit: Visit, listed: Listed, words: WordList) -> list[Finding]:
    found = lists_of(visit.desk).findings(words, today_of(visit.desk))
    return [one for one in found if one not in listed.findings]


async def _proposal(visit: Visit) -> Proposal:
    found = await visit.work(proposals_of(visit.desk).get, visit.request.path_params["id"])
    if found is None:
        raise HTTPException(404, "missing")
    return found


async def _shown(visit: Visit, status: int = 200, **more: Any) -> Response:
    assert visit.user is not None
    one = await _proposal(visit)
    found = await visit.work(lists_of(visit.desk).named, one.list, today_of(visit.desk))
    names: dict[str, Any] = {"blocked": "", "findings": []}
    if one.state == "waiting" and found is not None:
        try:
            made = await visit.work(amended, found[1], answered(one.amendment, visit.user.name))
            names["findings"] = _new_findings(visit, found[1], made.words)
        except ListError as error:
            names["blocked"] = str(error)
    is_own = one.is_of(visit.user)
    return visit.render(
        "word_proposal.html", status, one=one, number=found[0] if found else 0,
        listed=found[1] if found else None, columns=COLUMNS, is_own=is_own,
        may_review=one.state == "waiting" and not is_own and visit.may("words.review"),
        text=visit.sent("text"), note=visit.sent("note"), most=MOST, page=PAGE,
        seconds=lists_of(visit.desk).options.reload_seconds,
        **{"wrong": "", "refused": "", "tried": None, **names, **more},
    )  # fmt: skip


def _post(path: str, endpoint: Endpoint, area: str, most: int = 2**16) -> Page:
    return Page(
        path=path, endpoint=endpoint, area=area, needs=NEEDS, methods=("POST",), most=most
    )  # fmt: skip


ROUTES = (
    Page(
        path="/words/{number:int}/propose", endpoint=write, area="words.propose", needs=NEEDS
    ),
    _post("/words/{number:int}/propose", send, "words.propose", MOST),
    Page(path="/words/proposals", endpoint=show, area="words", needs=NEEDS),
    Page(path="/words/proposals/{id}", endpoint=show_one, area="words", needs=NEEDS),
    _post("/words/proposals/{id}/try", try_one, "words.review", MOST),
    _post("/words/proposals/{id}/decide", decide, "words.review"),
    _post("/words/proposals/{id}/withdraw", take_back, "words.propose"),
)  # fmt: skip
