"""The changes of word lists that were proposed, in a file of the desk: each waits for another one.

A SQLite file for its owner alone, beside that of the users: it has terms and reasons, which the log
has not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chopmark.private_base import Form, PrivateBase
from chopmark_keyword import Amendment

from ._errors import DeskError
from ._users import User

State = Literal["waiting", "confirmed", "rejected", "withdrawn"]
_FORM = Form(
    what="the file of proposals",
    of="proposals",
    error=DeskError,
    number=1,
    pragmas=("journal_mode = WAL", "secure_delete = ON"),
    make="make the folder above it",
    other="name another `folder` under [settings.desk]",
    tables="""
CREATE TABLE proposals (
    id TEXT PRIMARY KEY, list TEXT NOT NULL, cells TEXT NOT NULL, old TEXT NOT NULL,
    reason TEXT NOT NULL, proposer TEXT NOT NULL, proposer_id TEXT NOT NULL, made INTEGER NOT NULL,
    state TEXT NOT NULL, reviewer TEXT NOT NULL, decided INTEGER NOT NULL, note TEXT NOT NULL
) STRICT;
""",
)
_COLUMNS = (
    "id, list, cells, old, reason, proposer, proposer_id, made, state, reviewer, decided, note"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change that somebody proposes; times are milliseconds since 1970.

    `id` is that of the event in the log. `list` is the path of the file, `cells` and `old` are as
    an `Amendment` has them. `reviewer` is who decided, "" while it waits, and `note` why.
    """

    id: str
    list: str
    cells: Mapping[str, str]
    old: Mapping[str, str] | None
    reason: str
    proposer: str
    proposer_id: str
    made: int
    state: State = "waiting"
    reviewer: str = ""
    decided: int = 0
    note: str = ""

    @property
    def term(self) -> str:
        """The term that it is about."""
        return (self.old or self.cells)["term"]

    def is_of(self, user: User) -> bool:
        """Return whether `user` proposed it, and so may not review it."""
        return self.proposer_id == user.id

    @property
    def amendment(self) -> Amendment:
        """The change, for which a reviewer is still to answer."""
        return Amendment(cells=self.cells, old=self.old)


class Proposals:
    """The proposals of a desk. Shared by threads and processes.

    Args:
        folder: of the desk's own files.
        clock: milliseconds since 1970.

    Raises:
        DeskError: the file cannot be used, or what is asked for cannot be done.
    """

    def __init__(self, folder: Path, clock: Callable[[], int]) -> None:
        self._base, self._clock = PrivateBase(folder / "proposals.db", _FORM), clock

    def add(self, one: Proposal, noted: Callable[[], object]) -> None:
        """Keep a proposal, once `noted` took it down; where that raises, nothing is kept."""
        with self._base.transaction():
            self._base.rows(
                f"INSERT INTO proposals ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                one.id, one.list, _packed(one.cells), _packed(one.old), one.reason, one.proposer,
                one.proposer_id, one.made, one.state, one.reviewer, one.decided, one.note,
            )  # fmt: skip
            noted()

    def get(self, id: str) -> Proposal | None:
        """Return the proposal of that id, None where there is none."""
        rows = self._base.rows(f"SELECT {_COLUMNS} FROM proposals WHERE id = ?", id)
        return _proposal(rows[0]) if rows else None

    def waiting(self) -> list[Proposal]:
        """Return what waits, the oldest first."""
        rows = self._base.rows(
            f"SELECT {_COLUMNS} FROM proposals WHERE state = 'waiting' ORDER BY made, id"
        )
        return [_proposal(row) for row in rows]

    def decided(self, most: int) -> list[Proposal]:
        """Return so many of those that were decided, the latest first."""
        rows = self._base.rows(
            f"SELECT {_COLUMNS} FROM proposals WHERE state != 'waiting' "
            "ORDER BY decided DESC, id DESC LIMIT ?", most,
        )  # fmt: skip
        return [_proposal(row) for row in rows]

    def decide(self, id: str, state: State, who: str, note: str, act: Callable[[], object]) -> None:
        """Decide what waits, once `act` did what follows; where that raises, it goes on waiting."""
        with self._base.transaction():
            changed = self._base.changed(
                "UPDATE proposals SET state = ?, reviewer = ?, decided = ?, note = ? "
                "WHERE id = ? AND state = 'waiting'",
                state, who, self._clock(), note, id,
            )  # fmt: skip
            if not changed:
                raise _decided()
            act()

    def close(self) -> None:
        """Close the file."""
        self._base.close()


def check_waiting(one: Proposal) -> None:
    """Raise `DeskError` where a proposal was decided."""
    if one.state != "waiting":
        raise _decided()


def _decided() -> DeskError:
    return DeskError("this proposal was decided already; look at it again", "proposal_decided")


def _packed(cells: Mapping[str, str] | None) -> str:
    return json.dumps(None if cells is None else dict(cells), ensure_ascii=False)


def _proposal(row: tuple[Any, ...]) -> Proposal:
    found = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return Proposal(**{**found, "cells": json.loads(row[2]), "old": json.loads(row[3])})
