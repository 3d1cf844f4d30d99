"""The test before a launch as code: banks of questions, runs over a target, rates with intervals.

`chopmark bank` checks and converts banks; `chopmark assess` asks a target their questions, judges
the answers by machine, and has people review them. What was measured is said, on what, and how
sure that is; no conformity is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Evidence, ReportSection
from chopmark.lazy import lazily

from ._commands_assess import assess
from ._commands_bank import bank
from ._commands_bias import bias_command
from ._commands_keep import keep_command
from ._commands_review import decide_command, review_command
from ._errors import AssessError

if TYPE_CHECKING:
    from ._address import hide
    from ._command_conduct import write_summary
    from ._review import decide, may_review, queue
    from ._run import Review, Run, is_run, load
    from ._sections import told
    from ._shelf import Shelf
    from ._tally import Result, results
else:  # the command line alone need not load what reviews a run
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "_address": ["hide"],
            "_command_conduct": ["write_summary"],
            "_review": ["decide", "may_review", "queue"],
            "_run": ["Review", "Run", "is_run", "load"],
            "_sections": ["told"],
            "_shelf": ["Shelf"],
            "_tally": ["Result", "results"],
        },
    )

__all__ = [
    "AssessError",
    "Result",
    "Review",
    "Run",
    "Shelf",
    "chopmark_commands",
    "chopmark_evidence",
    "chopmark_sections",
    "decide",
    "hide",
    "is_run",
    "load",
    "may_review",
    "queue",
    "results",
    "told",
    "write_summary",
]


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark bank` and `chopmark assess`."""
    for command in (bias_command, review_command, decide_command, keep_command):
        assess.add_command(command)
    cli.add_command(bank)
    cli.add_command(assess)


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return the finished runs that the policy names."""
    from ._filing import evidence

    return evidence(policy)


@hookimpl
def chopmark_sections(policy: Policy, language: str) -> Iterable[ReportSection]:
    """Return what a report says of the finished runs that the policy names."""
    from ._sections import sections

    return sections(policy, language)
