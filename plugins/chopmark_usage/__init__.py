"""Suspends users who keep asking for what is stopped, and reminds those who go on for long.

TC260-003 section 7 wants the service suspended for who enters illegal content three times in a
row or five times in a day, as Art. 14 of the Interim Measures lets a provider warn, limit and
suspend; CAC Order 21 (2026) wants a reminder after two hours of use without a pause. Per user a
few numbers are kept, and no content.
"""

from __future__ import annotations

from typing import Any

from chopmark import hookimpl

from ._plugin import UsageLimits, chopmark_detectors, chopmark_evidence, chopmark_wrappers

__all__ = [
    "UsageLimits",
    "chopmark_commands",
    "chopmark_detectors",
    "chopmark_evidence",
    "chopmark_wrappers",
]


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark usage`."""
    from ._commands import usage  # click is wanted by the command line alone

    cli.add_command(usage)
