"""`chopmark demo`: a LangChain agent answers real prompts, guarded; then the same twice more."""

from __future__ import annotations

import click

from chopmark import hookimpl


@hookimpl
def chopmark_commands(cli: click.Group) -> None:
    """Add the command `demo`; what it needs is imported when it runs."""
    from ._command import demo_command

    cli.add_command(demo_command)
