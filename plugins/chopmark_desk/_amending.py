"""How a change of a word list is proposed, reviewed by another one, and written; each on record.

The log has who, which list and entry, and the digests of the file before and after; term and
reason stay in the desk's own file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from pathlib import Path

from chopmark import ChopmarkError
from chopmark.reading import new_event, takes_events
from chopmark_keyword import (
    Amended,
    Amendment,
    ChangedListError,
    ListError,
    amend,
    digest_of,
    replace_list,
)

from ._desk import Desk
from ._errors import DeskError
from ._lists import Listed, Lists
from ._proposals import Proposal, Proposals, State, check_waiting
from ._users import User

Data = Mapping[str, str | int | bool]


def lists_of(desk: Desk) -> Lists:
    """Return the lists of the desk's policy.

    Raises:
        PolicyError: an option of plugin `keyword` is wrong.
    """
    return desk.kept.get("lists", lambda: Lists(desk.policy))


def proposals_of(desk: Desk) -> Proposals:
    """Return the proposals of the desk; raise `DeskError` where their file cannot be used."""
    return desk.kept.get("proposals", lambda: Proposals(desk.options.folder, desk.clock))


def today_of(desk: Desk) -> date:
    """Return the day that it is, in UTC."""
    return datetime.fromtimestamp(desk.clock() / 1000, timezone.utc).date()


def amended(listed: Listed, amendment: Amendment) -> Amended:
    """Return what a change would make of a list.

    Raises:
        ListError: it cannot be made, or the list may not be changed here.
    """
    if listed.data is None or not listed.is_open:
        raise ListError(f"list {listed.source} is not one that can be changed here")
    return amend(listed.source, listed.data, amendment)


def answered(amendment: Amendment, name: str) -> Amendment:
    """Return a change in which `name` answers for the entry."""
    return Amendment(cells={**amendment.cells, "reviewer": name}, old=amendment.old)


def propose(
    desk: Desk, user: User, listed: Listed, amendment: Amendment, reason: str, shown: str
) -> Proposal:
    """Keep a change of `listed`, whose digest was `shown`, until another one reviews it.

    Raises:
        ChangedListError: the list is not the one that was shown.
        ListError: the change cannot be made.
        PolicyError: the service would not take the list that came of it.
    """
    if listed.digest != shown:
        raise ChangedListError("the list was changed since it was shown")
    made = amended(listed, answered(amendment, user.name))
    lists_of(desk).trial(today_of(desk), made.words)
    event = new_event(
        "desk.words.proposed", actor=user.actor, data=_data(made, listed, amendment.old is None)
    )
    one = Proposal(
        id=event.id, list=listed.source, cells=amendment.cells, old=amendment.old, reason=reason,
        proposer=user.name, proposer_id=user.id, made=desk.clock(),
    )  # fmt: skip
    proposals_of(desk).add(one, lambda: takes_events(desk.log).append_event(event))
    return one


def confirm(desk: Desk, user: User, one: Proposal, shown: str, note: str) -> None:
    """Write a change into the list whose digest was `shown`; `user` answers for the entry then.

    Raises:
        ChangedListError: the list is not the one that was shown.
        ListError: the change cannot be made, or the file cannot be written.
        PolicyError: the service would not take the list that came of it.
        DeskError: `user` proposed it, it was decided already, or the list is none of the policy's.
    """
    _check_another(user, one)
    check_waiting(one)
    found = lists_of(desk).named(one.list, today_of(desk))
    if found is None:
        raise DeskError(
            f"the policy does not name {one.list} any more; withdraw this, or reject it",
            "list_gone", list=one.list,
        )  # fmt: skip
    listed = found[1]
    if listed.digest != shown:
        raise ChangedListError("the list was changed since it was shown")
    made = amended(listed, answered(one.amendment, user.name))
    lists_of(desk).trial(today_of(desk), made.words)
    data = {
        **_data(made, listed, one.old is None),
        "proposer": one.proposer_id,
        "after": digest_of(made.data),
    }
    proposals_of(desk).decide(
        one.id, "confirmed", user.name, note,
        lambda: _write(desk, user, one, Path(listed.source), made.data, shown, data),
    )  # fmt: skip


def reject(desk: Desk, user: User, one: Proposal, note: str) -> None:
    """Reject a proposal, with the reason; raise `DeskError` where that is not for `user`."""
    _check_another(user, one)
    _end(desk, user, one, "rejected", note)


def withdraw(desk: Desk, user: User, one: Proposal) -> None:
    """Take back one's own proposal; raise `DeskError` where it is another's."""
    if not one.is_of(user):
        raise DeskError("only who proposed it takes it back", "not_own_proposal")
    _end(desk, user, one, "withdrawn", "")


def _write(
    desk: Desk, user: User, one: Proposal, path: Path, data: bytes, shown: str, said: Data
) -> None:
    """Write the file once the log has it; where it fails then, the log has that, too."""
    log = takes_events(desk.log)
    noted = False

    def note() -> None:
        nonlocal noted
        about = (one.id,)
        log.append_event(
            new_event("desk.words.confirmed", about=about, actor=user.actor, data=said)
        )
        noted = True

    try:
        replace_list(path, data, shown, note)
    except ChopmarkError:
        if noted:
            log.append_event(
                new_event("desk.words.unwritten", about=(one.id,), actor=user.actor, data=said)
            )
        raise


def _end(desk: Desk, user: User, one: Proposal, state: State, note: str) -> None:
    event = new_event(f"desk.words.{state}", about=(one.id,), actor=user.actor)
    proposals_of(desk).decide(
        one.id, state, user.name, note, lambda: takes_events(desk.log).append_event(event)
    )


def _check_another(user: User, one: Proposal) -> None:
    if one.is_of(user):
        raise DeskError(
            "who proposes a change does not review it; let another one do so", "own_proposal"
        )


def _data(made: Amended, listed: Listed, is_new: bool) -> Data:
    entry = made.entry
    return {
        "list": made.words.name,
        "change": "added" if is_new else "changed",
        "entry": entry.number,
        "category": entry.category,
        "level": entry.level,
        "expires": entry.expires.isoformat() if entry.expires else "never",
        "before": listed.digest,
    }
