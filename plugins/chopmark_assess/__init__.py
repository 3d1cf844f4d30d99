"""The test before a launch as code: banks of questions, runs over a target, rates with intervals.

`chopmark bank` checks and converts banks; `chopmark assess` asks a target their questions, judges
the answers by machine, and has people review them. What was measured is said, on what, and how
sure that is; no conformity is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chopmark import hookimpl

from ._commands_assess import assess
from ._commands_bank import bank
from ._commands_bias import bias_command
from ._commands_keep import keep_command
from ._commands_review import decide_command, review_command
from ._errors import AssessError

if TYPE_CHECKING:
    from ._command_conduct import write_summary as write_summary
    from ._review import decide as decide
    from ._review import may_review as may_review
    from ._review import queue as queue
    from ._run import Review as Review
    from ._run import Run as Run
    from ._run import is_run as is_run
    from ._run import load as load
    from ._tally import Result as Result
    from ._tally import results as results

__all__ = [
    "AssessError",
    "Result",
    "Review",
    "Run",
    "chopmark_commands",
    "decide",
    "is_run",
    "load",
    "may_review",
    "queue",
    "results",
    "write_summary",
]

_REVIEWING = {
    "Result": "_tally",
    "Review": "_run",
    "Run": "_run",
    "decide": "_review",
    "is_run": "_run",
    "load": "_run",
    "may_review": "_review",
    "queue": "_review",
    "results": "_tally",
    "write_summary": "_command_conduct",
}
"""Where the names for reviewing a run are: the command line alone need not load them."""


def __getattr__(name: str) -> Any:
    if name in _REVIEWING:
        return getattr(import_module(f".{_REVIEWING[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark bank` and `chopmark assess`."""
    for command in (bias_command, review_command, decide_command, keep_command):
        assess.add_command(command)
    cli.add_command(bank)
    cli.add_command(assess)
