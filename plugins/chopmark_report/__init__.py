"""Says what a service did, from its log alone: counts, rates with intervals, drift, complaints."""

from __future__ import annotations

from typing import Any

from chopmark import hookimpl

from ._data import to_data
from ._tally import Tally, count

__all__ = ["Tally", "count", "to_data"]


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark report`."""
    from ._commands import report  # click is wanted by the command line alone

    cli.add_command(report)
