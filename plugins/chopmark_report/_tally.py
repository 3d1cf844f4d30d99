"""Counts what a log says of a time, in one pass and in little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chopmark import LogError
from chopmark.reading import Outline, outline

from ._difference import POLICY_TEXT, kept_text

DAY = 86_400_000
"""Milliseconds."""
STOPPED = frozenset({"block", "escalate"})
"""Actions with which nothing is delivered any more."""
STOPPING = frozenset({"deny", "escalate"})
"""Outcomes of verdicts that ask for one of them."""


@dataclass(slots=True)
class Span:
    """When something was first and last seen, in milliseconds since 1970, and how often."""

    first: int
    last: int
    count: int = 0

    def see(self, time: int) -> None:
        """Count one more, at `time`."""
        if time > self.last:
            self.last = time
        elif time < self.first:
            self.first = time
        self.count += 1

    def add(self, other: Span) -> None:
        """Count what `other` did, too."""
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.count += other.count


@dataclass(slots=True)
class Placed:
    """In how many answers a mark was placed, and why it was not in the others."""

    placed: int = 0
    missing: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Day:
    """One day (UTC): its calls, those that were stopped, and those with each category."""

    calls: int = 0
    stopped: int = 0
    categories: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Complaint:
    """When a complaint came in, when it was to be answered, and when it was."""

    received: int
    deadline: int = 0
    decided: int = 0
    decision: str = ""


@dataclass(slots=True)
class Decision:
    """When a complaint was decided, and how."""

    time: int
    what: str


@dataclass(slots=True)
class Tally:
    """What `count` found. Times are milliseconds since 1970, durations milliseconds.

    `verdicts` counts (category, outcome, direction, detector, its version), `durations` rounds to
    two digits. `texts` are those of policies that the log keeps, by `name@digest`. `early` has the
    decisions on complaints that had not come in: they may have in what was counted elsewhere.
    """

    calls: Span | None = None
    answered: int = 0
    unjudged: int = 0
    streamed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    adapters: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    audiences: Counter[str] = field(default_factory=Counter)
    failures: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, str, str, str, str]] = field(default_factory=Counter)
    durations: Counter[int] = field(default_factory=Counter)
    policies: dict[str, Span] = field(default_factory=dict)
    versions: dict[str, Span] = field(default_factory=dict)
    marks: dict[tuple[str, str], Placed] = field(default_factory=dict)
    days: dict[int, Day] = field(default_factory=dict)
    events: dict[str, Span] = field(default_factory=dict)
    complaints: dict[str, Complaint] = field(default_factory=dict)
    texts: dict[str, Mapping[str, str]] = field(default_factory=dict)
    early: dict[str, Decision] = field(default_factory=dict)


COUNTERS = (
    "actions", "endings", "adapters", "models", "audiences", "failures", "verdicts", "durations"
)  # fmt: skip
"""The fields of a tally that are counters."""


def count(entries: Iterable[Mapping[str, Any] | Outline], before: Tally | None = None) -> Tally:
    """Return the counts of `entries`, as `chopmark.reading.outlines` yields them.

    They are counted on top of those `before`, which is changed and returned.

    Raises:
        LogError: an entry cannot be read, or has not the form of one; what came before is counted.
    """
    tally = Tally() if before is None else before
    alike: dict[_Key, Span] = {}
    last: _Key | None = None
    span: Span | None = None
    try:
        for entry in entries:
            if not isinstance(entry, tuple):
                if entry["k"] == "event":
                    _count_event(tally, entry)
                if entry["k"] != "call":
                    continue
                entry = outline(entry)
            time, duration, tokens_in, tokens_out, terms, marks, verdicts, failures = entry
            # Few calls differ in these: they are counted together, and told apart at the end.
            # Most do not differ from the one before, which is seen without a hash of them.
            key, length = (terms, time // DAY, marks), _rounded(duration)
            if key != last:
                span, last = alike.get(key), key
            if verdicts or failures:
                _count_found(tally, time // DAY, verdicts, failures)
            if tokens_in or tokens_out:
                tally.tokens_in += tokens_in
                tally.tokens_out += tokens_out
            tally.durations[length] += 1
            if span is None:
                span = alike[key] = Span(time, time)
            span.see(time)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise LogError(f"an entry has not the form of one: {error!r}; verify the log") from error
    finally:
        for key, span in alike.items():
            _tell_apart(tally, key, span)
    return tally


_Key = tuple[tuple[Any, ...], int, tuple[Any, ...]]
"""Of a call: its terms, its day, and what tells its marks apart; see `Outline`."""


def _tell_apart(tally: Tally, key: _Key, span: Span) -> None:
    (action, ending, judged, stream, adapter, model, audience, policy, sdk), day, marks = key
    number = span.count
    for counter, name in (
        (tally.actions, action), (tally.endings, ending), (tally.adapters, adapter),
        (tally.models, model), (tally.audiences, audience),
    ):  # fmt: skip
        counter[name] += number
    tally.streamed += number if stream else 0
    tally.unjudged += 0 if judged else number
    if ending == "completed" and action not in STOPPED:
        tally.answered += number
        _count_marks(tally, marks, number)
    for spans, name in ((tally.policies, policy), (tally.versions, sdk)):
        spans.setdefault(name, Span(span.first, span.last)).add(span)
    if tally.calls is None:
        tally.calls = Span(span.first, span.last)
    tally.calls.add(span)
    found = tally.days.setdefault(day, Day())
    found.calls += number
    found.stopped += number if action in STOPPED else 0


def _count_found(
    tally: Tally, day: int, verdicts: tuple[Any, ...], failures: tuple[Any, ...]
) -> None:
    for verdict in verdicts:  # `Counter.update` takes twice as long for so few
        tally.verdicts[verdict] += 1
    for failure in failures:
        tally.failures[failure] += 1
    if verdicts:
        categories = tally.days.setdefault(day, Day()).categories
        for broad in {category.partition(".")[0] for category, *_ in verdicts}:
            categories[broad] += 1


def _count_marks(tally: Tally, marks: tuple[Any, ...], number: int) -> None:
    """Count for each marker once whether its mark is on the answer."""
    reasons: dict[tuple[str, str], str] = {}
    for marker, kind, placed, reason in marks:
        if placed:
            reasons[marker, kind] = ""
        else:
            reasons.setdefault((marker, kind), reason or "no reason told")
    for key, reason in reasons.items():
        found = tally.marks.setdefault(key, Placed())
        if reason:
            found.missing[reason] += number
        else:
            found.placed += number


def _count_event(tally: Tally, event: Mapping[str, Any]) -> None:
    kind, time, data = event["kind"], event["time"], event["data"]
    _see(tally.events, kind, time)
    if kind == POLICY_TEXT:
        if kept := kept_text(data):
            tally.texts.setdefault(*kept)
    elif kind == "complaint.received":
        tally.complaints[event["id"]] = Complaint(time, int(data.get("deadline", 0)))
    elif kind == "complaint.decided":
        for about in event["about"]:
            decide(tally, about, Decision(time, str(data.get("decision", ""))))


def decide(tally: Tally, complaint: str, decision: Decision) -> None:
    """Take a decision on a complaint that is not decided yet, whether or not that is known."""
    found, early = tally.complaints.get(complaint), tally.early.get(complaint)
    if found is None:
        if early is None or not early.time:
            tally.early[complaint] = decision
    elif not found.decided:
        found.decided, found.decision = decision.time, decision.what


def _see(seen: dict[str, Span], name: str, time: int) -> None:
    span = seen.get(name)
    if span is None:
        span = seen[name] = Span(time, time)
    span.see(time)


def _rounded(value: int) -> int:
    """Return a `value` from 100 on to two digits: so many calls have few durations."""
    scale = 1
    while value >= 100 * scale:
        scale *= 10
    return value - value % scale
