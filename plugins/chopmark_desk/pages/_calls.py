"""The calls: filtered, opened one at a time, with texts that are seen on record, and proven."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol, cast

from starlette.exceptions import HTTPException
from starlette.responses import Response

from chopmark import ChopmarkError, Content, LogError
from chopmark.hookspecs import Entry
from chopmark_report import Tally

from .._desk import Desk
from .._known import log_of, running_of
from .._page import Page, Visit
from .._pager import Pager
from .._proof import check, proving
from .._search import NAMES, Sought, search
from .._spans import Opened, opened

_ASKED = (*NAMES, "from", "to", "all")
_OFFERED = 200
"""Values that a field of the form offers, the most frequent ones."""


async def show(visit: Visit) -> Response:
    """List calls, the last first, from before a place on."""
    asked = {name: visit.asked(name).strip() for name in _ASKED}
    before = visit.asked("before")
    place = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    return visit.render("calls.html", **await visit.work(_listed, visit.desk, asked, place))


async def show_one(visit: Visit) -> Response:
    """Show what the record of a call says, and the proof of it."""
    entry = await visit.work(_entry, visit)
    return await _rendered(visit, entry, None, "")


async def show_texts(visit: Visit) -> Response:
    """Show the texts of a call, too, once the log has taken down that somebody looks."""
    entry = await visit.work(_entry, visit)
    if not hasattr(visit.desk.log, "content"):
        return await _rendered(visit, entry, None, visit.say("calls.no_contents"))
    await visit.accessed("opened", about=[entry.said["id"]])
    try:
        found = await visit.work(_opened, visit.desk, entry)
    except LogError as error:
        return await _rendered(visit, entry, None, str(error))
    return await _rendered(visit, entry, found, "")


async def proof(visit: Visit) -> Response:
    """Send the proof as a file, as other tools read it."""
    entry, log = await visit.work(_entry, visit), proving(visit.desk.log)
    if log is None:
        raise HTTPException(404)
    proven = await visit.work(log.proof, entry.place)
    return _file(proven.proof.encode(), f"{_name(entry)}.tlog-proof", "text/plain")


async def leaf(visit: Visit) -> Response:
    """Send the bytes that the proof is of."""
    entry, log = await visit.work(_entry, visit), proving(visit.desk.log)
    if log is None:
        raise HTTPException(404)
    proven = await visit.work(log.proof, entry.place)
    return _file(proven.leaf, f"{_name(entry)}.leaf", "application/octet-stream")


async def verifier(visit: Visit) -> Response:
    """Send the program that checks a proof on a machine without chopmark."""
    if proving(visit.desk.log) is None:
        raise HTTPException(404)
    return _file(await visit.work(_verifier), "verify.py", "text/x-python")


def _listed(desk: Desk, asked: Mapping[str, str], before: int | None) -> dict[str, Any]:
    running = running_of(desk)
    running.follow()
    found = search(log_of(desk), running.stretches(), Sought.of(asked), before)
    given = {name: value for name, value in asked.items() if value}
    return {
        "asked": asked,
        "found": found,
        "pages": Pager.of("/calls", before, found.rest, given),
        "offered": running.ask(_offered),
    }


def _offered(tally: Tally) -> dict[str, list[str]]:
    """Return the values that calls had, by the name of the field."""
    categories = {category for category, *_ in tally.verdicts}
    whole = {".".join(name.split(".")[:n]) for name in categories for n in (1, 2, 3)}
    counted = {
        "action": tally.actions, "ending": tally.endings, "model": tally.models,
        "adapter": tally.adapters, "audience": tally.audiences,
    }  # fmt: skip
    return {
        "category": sorted(whole)[:_OFFERED],
        **{
            name: sorted(value for value, _ in counter.most_common(_OFFERED) if value)
            for name, counter in counted.items()
        },
    }


def _entry(visit: Visit) -> Entry:
    found = log_of(visit.desk).get(visit.request.path_params["id"])
    if found is None or found.said["k"] == "fault":
        raise HTTPException(404)
    return found


async def _rendered(visit: Visit, entry: Entry, found: Opened | None, closed: str) -> Response:
    log = proving(visit.desk.log)
    checked = None if log is None else await visit.work(check, log, entry.place)
    return visit.render(
        "call.html",
        entry=entry,
        record=entry.said,
        file=_name(entry),
        opened=found,
        closed=closed,
        keeps=hasattr(visit.desk.log, "content") and entry.said["k"] == "call",
        checked=checked,
    )


class _ContentsLog(Protocol):
    def content(self, id: str) -> Content: ...


def _opened(desk: Desk, entry: Entry) -> Opened:
    content = cast(_ContentsLog, desk.log).content(entry.said["id"])
    answer: str | None = None
    with suppress(ChopmarkError):  # the policy cannot be loaded here, or a marker is broken
        answer = desk.chop.strip(content.answer)
    return opened(content, answer, entry.said["verdicts"])


def _verifier() -> bytes:
    from importlib.resources import files

    return (files("chopmark_log") / "verify.py").read_bytes()


def _name(entry: Entry) -> str:
    """Return a name for files about an entry; its id may be whatever somebody wrote there."""
    return "".join(c for c in entry.said["id"] if c in "0123456789abcdef-")


def _file(data: bytes, name: str, kind: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=kind, headers=headers)


ROUTES = (
    Page(path="/calls", endpoint=show, area="calls", in_navigation=True),
    Page(path="/calls/verify.py", endpoint=verifier, area="calls"),
    Page(path="/calls/{id}", endpoint=show_one, area="calls"),
    Page(path="/calls/{id}/texts", endpoint=show_texts, area="calls", methods=("POST",)),
    Page(path="/calls/{id}/proof", endpoint=proof, area="calls"),
    Page(path="/calls/{id}/leaf", endpoint=leaf, area="calls"),
)
