"""A policy without its calls: its log, to read it again and to add what happened beside them, its
signer, its evidence and its plugins' parts of a report, and the names of those that come with
chopmark.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, TypeAlias, cast

from . import _plugins
from ._build import evidence_signer_of, log_of, signer_of
from ._errors import LogError
from ._kept import Event
from ._policy_file import builtin_names
from ._record import new_id
from .hookspecs import EventLog, Evidence, Log, PagedLog, ReadableLog, ReportSection, Signer
from .policy import Policy

Outline: TypeAlias = tuple[
    int, int, int, int, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]
]
"""What there is to count of a call, as a plain tuple: a million are made in seconds.

Its time (ms since 1970) and duration (ms); its tokens in and out, 0 where nobody counted; its
terms; and what tells its marks, verdicts and failures apart, a tuple for each:

    terms      action, ending, judged, stream, adapter, model, audience, policy, sdk
    mark       marker, kind, placed, reason
    verdict    category, outcome, direction, detector, version
    failure    role, name, error, handled
"""


def builtin_policies() -> tuple[str, ...]:
    """Return the names of the policies that come with chopmark; `load_policy` returns each."""
    return tuple(builtin_names())


def open_log(policy: Policy, plugins: Iterable[object] = ()) -> Log:
    """Return the log that `policy` names, without loading its detectors.

    Raises:
        LogError: the policy has none.
    """
    log = find_log(policy, plugins)
    if log is None:
        raise LogError(f'policy {policy.name!r} keeps no log; add one to `plugins`, such as "log"')
    return log


def find_log(policy: Policy, plugins: Iterable[object] = ()) -> Log | None:
    """Return the same, or None where the policy has no log."""
    return log_of(_plugins.load(policy.plugins, plugins), policy)


def open_signer(policy: Policy) -> Signer | None:
    """Return the signer that `policy` names, if it names one, without loading its detectors."""
    return signer_of(_plugins.load(policy.plugins, ()), policy)


def open_evidence_signer(policy: Policy, plugins: Iterable[object] = ()) -> Signer | None:
    """Return what signs packs of evidence: the operator's signer, else one for packs alone.

    Raises:
        ChopmarkError: there is one, and it cannot be used.
    """
    manager = _plugins.load(policy.plugins, plugins)
    signer = signer_of(manager, policy)
    return evidence_signer_of(manager, policy) if signer is None else signer


def gather_evidence(policy: Policy, also: Iterable[str] = ()) -> list[tuple[str, Evidence]]:
    """Return what each plugin that `policy` enables can show, and those named in `also`.

    Raises:
        PluginError: a plugin cannot say what it has.
    """
    names = dict.fromkeys([*policy.plugins, *also])
    manager = _plugins.load(list(names), ())
    brought = _plugins.brought(manager.hook.chopmark_evidence, policy=policy)
    return [(name, one) for name, evidence in brought for one in evidence]


def gather_sections(policy: Policy, language: str) -> list[tuple[str, ReportSection]]:
    """Return what each plugin that `policy` enables has to say in a report, in `language`.

    Raises:
        PluginError: a plugin cannot say what it has.
    """
    manager = _plugins.load(policy.plugins, ())
    brought = _plugins.brought(manager.hook.chopmark_sections, policy=policy, language=language)
    return [(name, one) for name, sections in brought for one in sections]


def readable(log: Log) -> ReadableLog:
    """Return `log`, which can be read again; raise `LogError` where it cannot."""
    if not hasattr(log, "read"):
        raise LogError(f'log {log.name!r} cannot be read again; use one that can, such as "log"')
    return cast(ReadableLog, log)


def paged(log: Log) -> PagedLog:
    """Return `log`, which can be read from any place on; raise `LogError` where it cannot."""
    if not hasattr(log, "backward"):
        raise LogError(
            f'log {log.name!r} cannot be read page by page; use one that can, such as "log"'
        )
    return cast(PagedLog, log)


def outlines(
    log: ReadableLog, since: int = 0, until: int | None = None
) -> Iterator[Outline | Mapping[str, Any]]:
    """Yield what `log.read` does, to be counted: calls may come as outlines, where that is faster.

    They do where the log has `outlines(since, until)`, which yields of each call what `outline`
    makes of it, and the events as they are.
    """
    own = getattr(log, "outlines", None)
    found: Iterator[Outline | Mapping[str, Any]]
    found = log.read(since, until) if own is None else own(since, until)
    return found


def outline(call: Mapping[str, Any]) -> Outline:
    """Return what there is to count of a call, as `ReadableLog.read` has it."""
    usage = call["usage"] or _NO_USAGE
    return (
        call["time"],
        call["duration"],
        usage["input"],
        usage["output"],
        _TERMS(call),
        tuple(map(_MARK, call["marks"])),
        tuple(map(_VERDICT, call["verdicts"])),
        tuple(map(_FAILURE, call["failures"])),
    )


_NO_USAGE: Mapping[str, int] = {"input": 0, "output": 0}
_TERMS = itemgetter(
    "action", "ending", "judged", "stream", "adapter", "model", "audience", "policy", "sdk"
)
_MARK = itemgetter("marker", "kind", "placed", "reason")
_VERDICT = itemgetter("category", "outcome", "direction", "detector", "version")
_FAILURE = itemgetter("role", "name", "error", "handled")


def takes_events(log: Log) -> EventLog:
    """Return `log`, which takes events; raise `LogError` where it does not."""
    if not hasattr(log, "append_event"):
        raise LogError(f'log {log.name!r} takes no events; use one that does, such as "log"')
    return cast(EventLog, log)


def new_event(
    kind: str,
    *,
    about: Iterable[str] = (),
    actor: str = "",
    data: Mapping[str, str | int | bool] | None = None,
) -> Event:
    """Return an event that happens now, with an id of its own."""
    return Event(
        id=new_id(),
        time=time.time_ns() // 1_000_000,
        kind=kind,
        about=tuple(about),
        actor=actor,
        data=dict(data or {}),
    )
