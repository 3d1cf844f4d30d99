"""The report as sections of tables, the same for a terminal, Markdown, HTML and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import pairwise

from chopmark.hookspecs import ReportSection
from chopmark.wording import Wording

from ._difference import difference
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
    was `verified`. `brought` is what plugins have to say beside it, with their names.
    """

    policy: str
    log: str
    since: int
    until: int | None
    now: int
    verified: bool = False
    faults: Sequence[str] = ()
    unread: str = ""
    brought: Sequence[tuple[str, ReportSection]] = ()


def sections_of(tally: Tally, source: Source, words: Wording) -> list[Section]:
    """Return the sections of a report; those of which there is nothing to say are left out."""
    made = [
        _summary(tally, source, words),
        _log(source, words),
        _outcomes(tally, words),
        _verdicts(tally, words),
        _drift(tally, words),
        _marks(tally, words),
        _spans("policies", "policy", tally.policies, words),
        _changes(tally, words),
        _spans("versions", "version", tally.versions, words),
        _counted("models", "model", tally.models, words),
        _counted("adapters", "adapter", tally.adapters, words),
        _counted("audiences", "audience", tally.audiences, words),
        _failures(tally, words),
        _complaints(tally, source, words),
        *(_brought(plugin, one) for plugin, one in source.brought),
        _spans("events", "event", tally.events, words),
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
    return f"{100 * rate.value:.2f} % ({100 * low:.2f} - {100 * high:.2f})"


def _section(
    words: Wording, key: str, columns: str, rows: Sequence[tuple[str, ...]], note: str = "",
    plot: str = "",
) -> Section:  # fmt: skip
    """Return the section whose words stand under `key`; `columns` are names with blanks between."""
    header = tuple(words(f"column.{name}") for name in columns.split())
    title = words(f"{key}.title")
    return Section(key=key, title=title, header=header, rows=rows, note=note, plot=plot)


def _summary(tally: Tally, source: Source, words: Wording) -> Section:
    calls = tally.calls
    total = calls.count if calls else 0
    stopped = sum(tally.actions[action] for action in STOPPED)
    since = day(source.since) if source.since else words("summary.beginning")
    until = words("summary.now") if source.until is None else day(source.until - 1)
    rows = {
        "period": words("summary.between", since=since, until=until),
        "policy": source.policy,
        "calls": f"{total:,}",
    }
    if calls:
        first, last = minute(calls.first), minute(calls.last)
        rows |= {
            "ends": words("summary.times", first=first, last=last),
            "stopped": f"{stopped:,}: {percent(Rate(stopped, total))}",
            "unjudged": f"{tally.unjudged:,}",
            "streamed": f"{tally.streamed:,}",
            "tokens": words(
                "summary.in_and_out",
                tokens_in=f"{tally.tokens_in:,}", tokens_out=f"{tally.tokens_out:,}",
            ),
            "milliseconds": ", ".join(
                str(quantile(tally.durations, share)) for share in (0.5, 0.95, 0.99)
            ),
        }  # fmt: skip
    named = [(words(f"summary.{key}"), text) for key, text in rows.items()]
    return _section(words, "summary", "what value", named, words("summary.note"), "days")


def _log(source: Source, words: Wording) -> Section:
    rows = [("log", source.log)]
    if source.verified:
        rows.append(("verified", words("log.broken" if source.faults else "log.holds")))
        rows += [("fault", fault) for fault in source.faults]
    else:
        rows.append(("verified", words("log.unverified")))
    if source.unread:
        rows.append(("unread", source.unread))
    named = [(words(f"log.{key}"), text) for key, text in rows]
    return _section(words, "log", "what value", named)


def _outcomes(tally: Tally, words: Wording) -> Section:
    total = tally.calls.count if tally.calls else 0
    rows = [
        (
            words(f"outcomes.{kind}"),
            _said(words, kind, name),
            f"{count:,}",
            percent(Rate(count, total)),
        )
        for kind, counter in (("action", tally.actions), ("ending", tally.endings))
        for name, count in counter.most_common()
    ]
    return _section(words, "outcomes", "what value calls share", rows)


def _verdicts(tally: Tally, words: Wording) -> Section:
    rows = [
        (
            category,
            _said(words, "outcome", outcome),
            _said(words, "direction", direction),
            detector,
            version[:12] or "-",
            f"{count:,}",
        )
        for (category, outcome, direction, detector, version), count in tally.verdicts.most_common()
    ]
    columns = "category outcome direction detector version verdicts"
    return _section(words, "verdicts", columns, rows, plot="categories")


def _drift(tally: Tally, words: Wording) -> Section:
    moved = words("drift.moved")
    rows = [
        (one.category, percent(one.before), percent(one.lately), moved if one.moved else "-")
        for one in drift(tally)
    ]
    return _section(words, "drift", "category before lately intervals", rows, words("drift.note"))


def _marks(tally: Tally, words: Wording) -> Section:
    rows = []
    for (marker, kind), found in sorted(tally.marks.items()):
        where = {words("marks.placed"): found.placed} | {
            words("marks.unplaced", reason=_said(words, "reason", reason)): count
            for reason, count in found.missing.most_common()
        }
        rows += [
            (
                marker,
                _said(words, "kind", kind),
                place,
                f"{count:,}",
                percent(Rate(count, tally.answered)),
            )
            for place, count in where.items()
        ]
    note = words("marks.note", answered=f"{tally.answered:,}")
    return _section(words, "marks", "marker kind where answers completed", rows, note)


def _failures(tally: Tally, words: Wording) -> Section:
    rows = [
        (
            _said(words, "role", role),
            name,
            error,
            _said(words, "handled", handled),
            f"{count:,}",
        )
        for (role, name, error, handled), count in tally.failures.most_common()
    ]
    return _section(words, "failures", "role name error handled calls", rows)


def _complaints(tally: Tally, source: Source, words: Wording) -> Section:
    days = complaint_days(tally, source.now) if tally.complaints else {}
    rows = [(words(f"complaints.{name}"), _flat(value, words)) for name, value in days.items()]
    return _section(words, "complaints", "what value", rows, words("complaints.note"))


def _changes(tally: Tally, words: Wording) -> Section:
    """Say how each policy differs from the one before it, where the log keeps the texts of both."""
    ordered = sorted(tally.policies, key=lambda name: tally.policies[name].first)
    rows = [
        (name, before, one.key, "-" if one.left is None else one.left,
         "-" if one.right is None else one.right)
        for before, name in pairwise(ordered)
        if before in tally.texts and name in tally.texts
        for one in difference(tally.texts[before], tally.texts[name])
    ]  # fmt: skip
    columns = "policy policy_before key was now"
    return _section(words, "changes", columns, rows, note=words("changes.note"))


def _spans(key: str, name: str, spans: Mapping[str, Span], words: Wording) -> Section:
    rows = [
        (_said(words, name, what) or "-", minute(span.first), minute(span.last), f"{span.count:,}")
        for what, span in sorted(spans.items(), key=lambda item: item[1].first)
    ]
    return _section(words, key, f"{name} first last count", rows, words.get(f"{key}.note", ""))


def _counted(key: str, name: str, counter: Counter[str], words: Wording) -> Section:
    rows = [(what or "-", f"{count:,}") for what, count in counter.most_common()]
    return _section(words, key, f"{name} calls", rows)


def _brought(plugin: str, one: ReportSection) -> Section:
    return Section(
        key=f"{plugin}.{one.key}", title=one.title, header=one.header, rows=one.rows, note=one.note
    )


def _said(words: Wording, what: str, name: str) -> str:
    """Return what people are told for `name`, a value of a record; names of their own stay."""
    return words.get(f"said.{what}.{name}", name)


def _flat(value: object, words: Wording) -> str:
    if isinstance(value, Mapping):
        named = ((_said(words, "decision", name), inner) for name, inner in value.items())
        return ", ".join(f"{name}: {_flat(inner, words)}" for name, inner in named) or "-"
    return "-" if value is None else str(value)
