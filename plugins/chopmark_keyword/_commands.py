"""The command `chopmark words`, for those who look after word lists."""

from __future__ import annotations

import click

from chopmark.terminal import Commands

from ._commands_change import diff_command, export_command, import_command
from ._commands_check import coverage_command, due_command, lint_command, stats_command


@click.group(cls=Commands)
def words() -> None:
    """Look after the word lists of plugin `keyword`."""


for _command in (
    coverage_command, diff_command, due_command, export_command, import_command, lint_command,
    stats_command,
):  # fmt: skip
    words.add_command(_command)
