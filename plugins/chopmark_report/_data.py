"""The report for machines."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ._figures import Rate, complaint_days, drift, quantile
from ._sections import Source, day
from ._tally import DAY, STOPPED, Tally

VERDICT = ("category", "outcome", "direction", "detector", "version")
FORM = "chopmark/report/1"


def to_data(tally: Tally, source: Source) -> dict[str, Any]:
    """Return the report as plain data. Times are milliseconds since 1970."""
    total = tally.calls.count if tally.calls else 0
    stopped = sum(tally.actions[action] for action in STOPPED)
    return {
        "form": FORM,
        "source": {k: v for k, v in asdict(source).items() if k != "brought"},
        "calls": asdict(tally.calls) if tally.calls else None,
        "stopped": Rate(stopped, total).to_dict(),
        "unjudged": tally.unjudged,
        "streamed": tally.streamed,
        "tokens": {"in": tally.tokens_in, "out": tally.tokens_out},
        "duration": {
            name: quantile(tally.durations, share)
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        },
        "actions": dict(tally.actions),
        "endings": dict(tally.endings),
        "adapters": dict(tally.adapters),
        "models": dict(tally.models),
        "audiences": dict(tally.audiences),
        "verdicts": [
            dict(zip(VERDICT, key, strict=True)) | {"count": count}
            for key, count in tally.verdicts.most_common()
        ],
        "failures": [
            dict(zip(("role", "name", "error", "handled"), key, strict=True)) | {"count": count}
            for key, count in tally.failures.most_common()
        ],
        "marks": [
            {
                "marker": marker,
                "kind": kind,
                "placed": Rate(found.placed, tally.answered).to_dict(),
                "missing": dict(found.missing),
            }
            for (marker, kind), found in sorted(tally.marks.items())
        ],
        "policies": {name: asdict(span) for name, span in tally.policies.items()},
        "versions": {name: asdict(span) for name, span in tally.versions.items()},
        "days": [
            {
                "day": day(at * DAY),
                "calls": found.calls,
                "stopped": found.stopped,
                "categories": dict(found.categories),
            }
            for at, found in sorted(tally.days.items())
        ],
        "drift": [
            {
                "category": one.category,
                "before": one.before.to_dict(),
                "lately": one.lately.to_dict(),
                "moved": one.moved,
            }
            for one in drift(tally)
        ],
        "complaints": complaint_days(tally, source.now) if tally.complaints else None,
        "events": {name: asdict(span) for name, span in tally.events.items()},
        "sections": {
            f"{plugin}.{one.key}": one.data
            for plugin, one in source.brought
            if one.data is not None
        },
    }
