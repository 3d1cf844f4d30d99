"""Counts what a log says of a time, in one pass and in little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

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
class Tally:
    """What `count` found. Times are milliseconds since 1970, durations milliseconds.

    `verdicts` counts (category, outcome, direction, detector, its version), `durations` rounds to
    two digits.
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


def count(entries: Iterable[Mapping[str, Any]], before: Tally | None = None) -> Tally:
    """Return the counts of `entries`, as `ReadableLog.read` gives them.

    They are counted on top of those `before`, which is changed and returned.
    """
    tally = Tally() if before is None else before
    alike: dict[tuple[Any, ...], Span] = {}
    signed: Counter[Signs] = Counter()
    for entry in entries:
        if entry["k"] == "call":
            time = entry["time"]
            # Few calls differ in these: they are counted together, and told apart at the end.
            key = (*_ALIKE(entry), time // DAY)
            span = alike.get(key)
            if span is None:
                span = alike[key] = Span(time, time)
            span.see(time)
            _count_call(tally, entry)
            if entry["marks"] and _answered(entry["action"], entry["ending"]):
                signed[tuple(map(_SIGN, entry["marks"]))] += 1
        elif entry["k"] == "event":
            _count_event(tally, entry)
    for key, span in alike.items():
        _tell_apart(tally, key, span)
    for signs, number in signed.items():
        _count_marks(tally, signs, number)
    return tally


_ALIKE = itemgetter(
    "action", "ending", "judged", "stream", "adapter", "model", "audience", "policy", "sdk"
)


def _tell_apart(tally: Tally, key: tuple[Any, ...], span: Span) -> None:
    action, ending, judged, stream, adapter, model, audience, policy, sdk, day = key
    number = span.count
    for counter, name in (
        (tally.actions, action), (tally.endings, ending), (tally.adapters, adapter),
        (tally.models, model), (tally.audiences, audience),
    ):  # fmt: skip
        counter[name] += number
    tally.streamed += number if stream else 0
    tally.unjudged += 0 if judged else number
    tally.answered += number if _answered(action, ending) else 0
    for spans, name in ((tally.policies, policy), (tally.versions, sdk)):
        spans.setdefault(name, Span(span.first, span.last)).add(span)
    if tally.calls is None:
        tally.calls = Span(span.first, span.last)
    tally.calls.add(span)
    found = tally.days.setdefault(day, Day())
    found.calls += number
    found.stopped += number if action in STOPPED else 0


def _answered(action: str, ending: str) -> bool:
    return ending == "completed" and action not in STOPPED


_FOUND = itemgetter("category", "outcome", "direction", "detector", "version")


def _count_call(tally: Tally, call: Mapping[str, Any]) -> None:
    duration = call["duration"]
    tally.durations[duration if duration < 100 else _rounded(duration)] += 1
    usage = call["usage"]
    if usage:
        tally.tokens_in += usage["input"]
        tally.tokens_out += usage["output"]
    if call["verdicts"]:
        for v in call["verdicts"]:
            tally.verdicts[_FOUND(v)] += 1
        day = tally.days.setdefault(call["time"] // DAY, Day())
        day.categories.update({v["category"].partition(".")[0] for v in call["verdicts"]})
    for f in call["failures"]:
        tally.failures[f["role"], f["name"], f["error"], f["handled"]] += 1


_SIGN = itemgetter("marker", "kind", "placed", "reason")
Signs = tuple[tuple[str, str, bool, str], ...]


def _count_marks(tally: Tally, signs: Signs, number: int) -> None:
    """Count for each marker once whether its mark is on the answer."""
    reasons: dict[tuple[str, str], str] = {}
    for marker, kind, placed, reason in signs:
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
    if kind == "complaint.received":
        tally.complaints[event["id"]] = Complaint(time, int(data.get("deadline", 0)))
    elif kind == "complaint.decided":
        for about in event["about"]:
            found = tally.complaints.get(about)
            if found is not None and not found.decided:
                found.decided, found.decision = time, str(data.get("decision", ""))


def _see(seen: dict[str, Span], name: str, time: int) -> None:
    span = seen.get(name)
    if span is None:
        span = seen[name] = Span(time, time)
    span.see(time)


def _rounded(value: int) -> int:
    """Return a `value` from 100 on to two digits: so many calls have few durations."""
    scale: int = 10 ** (len(str(value)) - 2)
    return value // scale * scale
