"""Brings the detector, and the wrapper that counts a call and says what the user is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import asdict, replace
from pathlib import Path

from chopmark import Policy, Request, Response, hookimpl
from chopmark.hookspecs import Detector, Evidence, Wrapper
from chopmark.options import Table
from chopmark.policy import language_asked
from chopmark.stores import Keeper, Store

from ._detector import REMINDER, SUSPENDED, UsageDetector
from ._options import OPTIONS, Options, read_options, read_store
from ._rules import State
from ._texts import Texts
from ._usage import Usage

KEEPER = Keeper("usage", read_options, read_store, Usage)


class Counting:
    """The wrapper that counts every call of a user, and tells in the `metadata` what it knows.

    `metadata["usage"]` has the strikes `in_a_row` and `today`, and `suspended_until`, in seconds
    since 1970; `metadata["usage_reminder"]` is the text of a reminder that is due, for the
    application to show. A suspended user's refusal names the end of the suspension.
    """

    def __init__(self, usage: Usage) -> None:
        self.blocking = usage.keeping.blocking
        self._usage = usage

    def __call__(self, request: Request) -> Generator[Request, Response, Response]:
        """Count one call."""
        usage = self._usage
        key = usage.key(request)
        response = yield request
        if key is None:
            return response
        found = {verdict.category for verdict in response.verdicts}
        state = usage.take(key, request, response, reminded=REMINDER in found)
        if state is None:
            return response
        told = {**response.metadata, "usage": _told(state)}
        texts = _texts(usage.options, request)
        if REMINDER in found:
            used = usage.options.limits.used(state, usage.now())
            told["usage_reminder"] = texts.reminding(int(used // 60))
        if SUSPENDED in found and response.action in ("block", "escalate"):
            offset = usage.options.limits.utc_offset_seconds
            response = replace(response, refusal=texts.refusal(state.suspended_until, offset))
        return replace(response, metadata=told)


class UsageLimits:
    """The plugin as an object, for a store of one's own: `Chopmark(plugins=[UsageLimits(...)])`.

    Args:
        store: what keeps the counts, or as the option of that name.
        options: as under `[settings.usage]`; relative paths start from this folder.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        store: Store | str = "memory",
        *,
        clock: Callable[[], float] = time.time,
        **options: object,
    ) -> None:
        self._of = KEEPER.given(store, options, clock)

    @hookimpl
    def chopmark_detectors(self, policy: Policy) -> Iterable[Detector]:
        """Return the detector."""
        return [UsageDetector(self._of(policy), policy.roles)]

    @hookimpl
    def chopmark_wrappers(self, policy: Policy) -> Iterable[Wrapper]:
        """Return the wrapper."""
        return [Counting(self._of(policy))]


@hookimpl
def chopmark_detectors(policy: Policy) -> Iterable[Detector]:
    """Return the detector; raise `PolicyError` for a wrong option.

    Options: `in_a_row` (3), `a_day` (5), `suspend_hours` (24; 0 until it is lifted), `ignore`,
    `utc_offset_hours` (8), `remind_minutes` (120), `minor_remind_minutes` (60), `audiences`
    (["minor"]), `pause_minutes` (15), `required` (false), `texts`, and those that name a store
    (`chopmark.stores.open_store`).
    """
    return [UsageDetector(KEEPER.of(policy), policy.roles)]


@hookimpl
def chopmark_wrappers(policy: Policy) -> Iterable[Wrapper]:
    """Return the wrapper that counts."""
    return [Counting(KEEPER.of(policy))]


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return the limits that `policy` sets to its users."""
    limits = asdict(read_options(Table.of(policy, "usage", OPTIONS)))

    def write(path: Path) -> None:
        path.write_text(json.dumps(limits, indent=2, ensure_ascii=False) + "\n", "utf-8")

    title = "When users are suspended, and when reminded"
    return [Evidence(path="limits.json", title=title, write=write, shows=_SHOWS)]


_SHOWS = ("measures.10", "measures.14", "gbt45654.service")


def _told(state: State) -> dict[str, float]:
    return {
        "in_a_row": state.in_a_row,
        "today": state.today,
        "suspended_until": state.suspended_until,
    }


def _texts(options: Options, request: Request) -> Texts:
    return options.texts.get(language_asked(request), options.texts["en"])
