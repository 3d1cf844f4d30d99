"""The options of plugin `usage`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chopmark.options import Table
from chopmark.stores import STORE_OPTIONS, Store, open_store

from ._rules import DAY, Limits
from ._texts import TEXTS, Texts

OPTIONS = (
    "a_day", "audiences", "ignore", "in_a_row", "minor_remind_minutes", "pause_minutes",
    "remind_minutes", "required", "suspend_hours", "texts", "utc_offset_hours", *STORE_OPTIONS,
)  # fmt: skip
IGNORED = ("pii", "error", "unjudged", "wrapper", "conversation", "usage")
"""Personal data is nothing that a user may not ask with; the others are not about the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Whom the limits hold for, and what is said.

    `ignore` are categories that are no strike. `audiences` are those that hold minors, who are
    reminded after `minor_remind_seconds`. With `required` a call without a user is an error.
    """

    limits: Limits = field(default_factory=Limits)
    ignore: tuple[str, ...] = IGNORED
    audiences: tuple[str, ...] = ("minor",)
    remind_seconds: float = 7200.0
    minor_remind_seconds: float = 3600.0
    required: bool = False
    texts: Mapping[str, Texts] = field(default_factory=lambda: TEXTS)

    def every(self, audience: str) -> float:
        """Return after how many seconds of use `audience` is reminded; 0 is never."""
        minor = audience in self.audiences
        return self.minor_remind_seconds if minor else self.remind_seconds


def read_options(given: Table) -> Options:
    """Return the options in `given`; raise `PolicyError` naming the key and the cure."""
    given.only(OPTIONS)
    return Options(
        limits=Limits(
            in_a_row=given.whole("in_a_row", 3, least=0),
            a_day=given.whole("a_day", 5, least=0),
            suspend_seconds=3600 * given.number("suspend_hours", 24, least=0, most=366 * 24),
            utc_offset_seconds=3600 * given.number("utc_offset_hours", 8, least=-12, most=14),
            pause_seconds=60 * given.number("pause_minutes", 15, over=0, most=24 * 60),
        ),
        ignore=(*IGNORED, *given.names("ignore")),
        audiences=given.names("audiences", ("minor",)),
        remind_seconds=60 * given.number("remind_minutes", 120, least=0, most=24 * 60),
        minor_remind_seconds=60 * given.number("minor_remind_minutes", 60, least=0, most=24 * 60),
        required=given.switch("required", False),
        texts=_texts(given),
    )


def read_store(given: Table, options: Options) -> Store:
    """Return the store that `given` names; raise `PolicyError`.

    A suspension without an end is kept for ten years.
    """
    kept = options.limits.suspend_seconds or 3653 * DAY
    return open_store(given, keep_seconds=2 * DAY + kept)


def _texts(given: Table) -> Mapping[str, Texts]:
    found = dict(TEXTS)
    table = given.table("texts", cure='write texts by language, { en = { suspended = "..." } }')
    for language in table.data:
        known = found.get(language, TEXTS["en"])
        texts = table.table(language, cure='write { suspended = "...", reminder = "..." }')
        texts.only(("suspended", "for_good", "reminder"))
        found[str(language)] = Texts(
            suspended=texts.text("suspended", known.suspended),
            for_good=texts.text("for_good", known.for_good),
            reminder=texts.text("reminder", known.reminder),
        )
    return found
