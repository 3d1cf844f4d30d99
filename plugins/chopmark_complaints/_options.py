"""The options of plugin `complaints`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chopmark import Policy
from chopmark.options import Table

from ._notices import NOTICES, Notices, check

NAME = "complaints"
_KNOWN = ("days", "path", "texts", "utc_offset_hours", "words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where complaints are kept, and how they are answered.

    `path` is the file of their texts, `words` the list that keyword corrections go to, None where
    there is none. `deadline` is for how long after its receipt a complaint may stay undecided, in
    milliseconds. Days in notices are those `utc_offset` milliseconds ahead of UTC.
    """

    path: Path
    words: Path | None
    deadline: int
    utc_offset: int
    notices: Mapping[str, Notices]


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = Table.of(policy, NAME, _KNOWN)
    days = given.number("days", 15, over=0, most=3653)
    return Options(
        path=given.path("path", cure='write the file that keeps them, path = "complaints.db"'),
        words=given.path("words") if "words" in given.data else None,
        deadline=round(days * 86_400_000),
        utc_offset=round(given.number("utc_offset_hours", 8, least=-12, most=14) * 3_600_000),
        notices=_notices(given),
    )


def _notices(given: Table) -> Mapping[str, Notices]:
    found = dict(NOTICES)
    table = given.table("texts", cure='write texts by language, { en = { received = "..." } }')
    for language in table.data:
        known = found.get(language, NOTICES["en"])
        texts = table.table(language, cure='write { received = "...", decided = "..." }')
        texts.only(("received", "decided"))
        own = Notices(
            received=texts.text("received", known.received),
            decided=texts.text("decided", known.decided),
            decisions=known.decisions,
            corrected=known.corrected,
        )
        for key, template in (("received", own.received), ("decided", own.decided)):
            if wrong := check(template):
                raise texts.wrong(key, wrong)
        found[str(language)] = own
    return found
