"""Says what a service did, from its log alone: counts, rates with intervals, drift, complaints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Evidence

from ._data import to_data
from ._difference import Differing, difference, flat, named, policy_event
from ._figures import Rate, complaint_days
from ._packed import packed, unpacked
from ._plots import plots
from ._tally import DAY, STOPPED, STOPPING, Tally, count

__all__ = [
    "DAY",
    "Differing",
    "Rate",
    "STOPPED",
    "STOPPING",
    "Tally",
    "complaint_days",
    "count",
    "difference",
    "flat",
    "named",
    "packed",
    "plots",
    "policy_event",
    "to_data",
    "unpacked",
]


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark report` and `chopmark evidence`."""
    from ._commands import report  # click is wanted by the command line alone
    from ._commands_evidence import evidence

    cli.add_command(report)
    cli.add_command(evidence)


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return the policy as it is in force, and the notices to publish."""
    from ._evidence import evidence

    return evidence(policy)
