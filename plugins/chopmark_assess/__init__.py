"""The test before a launch as code: banks of questions, runs over a target, rates with intervals.

`chopmark bank` checks and converts banks; `chopmark assess` asks a target their questions, judges
the answers by machine, and has people review them. What was measured is said, on what, and how
sure that is; no conformity is.
"""

from __future__ import annotations

from typing import Any

from chopmark import hookimpl

from ._commands_assess import assess
from ._commands_bank import bank
from ._commands_bias import bias_command
from ._commands_keep import keep_command
from ._commands_review import decide_command, review_command
from ._errors import AssessError

__all__ = ["AssessError", "chopmark_commands"]


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark bank` and `chopmark assess`."""
    for command in (bias_command, review_command, decide_command, keep_command):
        assess.add_command(command)
    cli.add_command(bank)
    cli.add_command(assess)
