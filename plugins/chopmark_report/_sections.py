"""The report as sections of tables, the same for a terminal, Markdown, HTML and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from ._figures import Rate, complaint_days, drift, quantile
from ._tally import STOPPED, Span, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part: `key` names it for machines, `note` says what its figures are and are not.

    `plot` names what `_plots` draws above the table.
    """

    key: str
    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""
    plot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What was read: which log, of when, and what was found wrong with it.

    Times are milliseconds since 1970; `until` None is now. `faults` are sentences, of a log that
    was `verified`.
    """

    policy: str
    log: str
    since: int
    until: int | None
    now: int
    verified: bool = False
    faults: Sequence[str] = ()
    unread: str = ""


def sections_of(tally: Tally, source: Source) -> list[Section]:
    """Return the sections of a report; those of which there is nothing to say are left out."""
    made = [
        _summary(tally, source),
        _log(source),
        _outcomes(tally),
        _verdicts(tally),
        _drift(tally),
        _marks(tally),
        _spans("policies", "Policies", "POLICY", tally.policies, _POLICIES),
        _spans("versions", "Versions of chopmark", "VERSION", tally.versions),
        _counted("models", "Models", "MODEL", tally.models),
        _counted("adapters", "Frameworks", "ADAPTER", tally.adapters),
        _counted("audiences", "Audiences", "AUDIENCE", tally.audiences),
        _failures(tally),
        _complaints(tally, source),
        _spans("events", "Events", "EVENT", tally.events),
    ]
    return [section for section in made if section.rows]


def day(time: int) -> str:
    """Return the day of `time` (UTC)."""
    return datetime.fromtimestamp(time / 1000, timezone.utc).strftime("%Y-%m-%d")


def minute(time: int) -> str:
    """Return `time` to the minute (UTC)."""
    return datetime.fromtimestamp(time / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M")


def percent(rate: Rate) -> str:
    """Return a rate with its interval, as people read it."""
    low, high = rate.interval
    return f"{100 * rate.value:.2f} % ({100 * low:.2f} to {100 * high:.2f})"


_POLICIES = "A policy whose digest changed is another one: this is when each was in use."


def _summary(tally: Tally, source: Source) -> Section:
    calls = tally.calls
    total = calls.count if calls else 0
    stopped = sum(tally.actions[action] for action in STOPPED)
    end = "now" if source.until is None else day(source.until - 1)
    rows = [
        ("period", f"{day(source.since) if source.since else 'the beginning'} to {end}"),
        ("policy asked for", source.policy),
        ("calls", f"{total:,}"),
    ]
    if calls:
        rows += [
            ("first and last call", f"{minute(calls.first)} to {minute(calls.last)} (UTC)"),
            ("stopped", f"{stopped:,}: {percent(Rate(stopped, total))}"),
            ("not judged, because a detector broke", f"{tally.unjudged:,}"),
            ("streamed", f"{tally.streamed:,}"),
            ("tokens, as the servers told", f"{tally.tokens_in:,} in, {tally.tokens_out:,} out"),
            ("milliseconds, p50, p95, p99", ", ".join(
                str(quantile(tally.durations, share)) for share in (0.5, 0.95, 0.99))),
        ]  # fmt: skip
    note = (
        "What was measured, from the log alone. It is no statement that a service conforms to a "
        "law or a standard."
    )
    return Section(
        key="summary", title="Summary", header=("WHAT", "VALUE"), rows=rows, note=note, plot="days"
    )


def _log(source: Source) -> Section:
    rows = [("log", source.log)]
    if source.verified:
        rows.append(("verified", "it does not hold" if source.faults else "it holds"))
        rows += [("fault", fault) for fault in source.faults]
    else:
        rows.append(("verified", "no; --verify asks a log that can be verified"))
    if source.unread:
        rows.append(("not read", source.unread))
    return Section(key="log", title="The log", header=("WHAT", "VALUE"), rows=rows)


def _outcomes(tally: Tally) -> Section:
    total = tally.calls.count if tally.calls else 0
    rows = [
        (kind, name, f"{count:,}", percent(Rate(count, total)))
        for kind, counter in (("action", tally.actions), ("ending", tally.endings))
        for name, count in counter.most_common()
    ]
    return Section(
        key="outcomes", title="What became of the calls",
        header=("WHAT", "VALUE", "CALLS", "SHARE, WITH 95 % INTERVAL"), rows=rows,
    )  # fmt: skip


def _verdicts(tally: Tally) -> Section:
    rows = [
        (category, outcome, direction, detector, version[:12] or "-", f"{count:,}")
        for (category, outcome, direction, detector, version), count in tally.verdicts.most_common()
    ]
    return Section(
        key="verdicts", title="Verdicts by category",
        header=("CATEGORY", "OUTCOME", "IN", "DETECTOR", "VERSION", "VERDICTS"), rows=rows,
        plot="categories",
    )  # fmt: skip


def _drift(tally: Tally) -> Section:
    rows = [
        (one.category, percent(one.before), percent(one.lately), "moved" if one.moved else "-")
        for one in drift(tally)
    ]
    return Section(
        key="drift", title="The last seven days, and all before them",
        header=("CATEGORY", "CALLS BEFORE", "CALLS LATELY", "INTERVALS"), rows=rows,
        note="A share that moved may come from the detectors, the policy, or what users ask.",
    )  # fmt: skip


def _marks(tally: Tally) -> Section:
    rows = []
    for (marker, kind), found in sorted(tally.marks.items()):
        rows.append((marker, kind, "placed", f"{found.placed:,}",
                     percent(Rate(found.placed, tally.answered))))  # fmt: skip
        rows += [
            (marker, kind, f"not placed: {reason}", f"{count:,}",
             percent(Rate(count, tally.answered)))
            for reason, count in found.missing.most_common()
        ]  # fmt: skip
    return Section(
        key="marks", title="Labels and watermarks",
        header=("MARKER", "KIND", "WHERE", "ANSWERS", "SHARE OF COMPLETED ANSWERS"), rows=rows,
        note=f"{tally.answered:,} answers were completed; a refusal carries no mark.",
    )  # fmt: skip


def _failures(tally: Tally) -> Section:
    rows = [(*key, f"{count:,}") for key, count in tally.failures.most_common()]
    return Section(
        key="failures", title="Failures",
        header=("ROLE", "NAME", "ERROR", "HANDLED", "CALLS"), rows=rows,
    )  # fmt: skip


def _complaints(tally: Tally, source: Source) -> Section:
    if not tally.complaints:
        return Section(key="complaints", title="Complaints", header=(), rows=())
    rows = [
        (name.replace("_", " "), _flat(value))
        for name, value in complaint_days(tally, source.now).items()
    ]
    return Section(
        key="complaints", title="Complaints", header=("WHAT", "VALUE"), rows=rows,
        note="Hours from a complaint to its decision; late is past its deadline.",
    )  # fmt: skip


def _spans(key: str, title: str, name: str, spans: Mapping[str, Span], note: str = "") -> Section:
    rows = [
        (what or "-", minute(span.first), minute(span.last), f"{span.count:,}")
        for what, span in sorted(spans.items(), key=lambda item: item[1].first)
    ]
    header = (name, "FIRST (UTC)", "LAST (UTC)", "COUNT")
    return Section(key=key, title=title, header=header, rows=rows, note=note)


def _counted(key: str, title: str, name: str, counter: Counter[str]) -> Section:
    rows = [(what or "-", f"{count:,}") for what, count in counter.most_common()]
    return Section(key=key, title=title, header=(name, "CALLS"), rows=rows)


def _flat(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {inner}" for name, inner in value.items()) or "-"
    return str(value)
