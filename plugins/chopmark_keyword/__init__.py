"""Finds words of governed lists: who answers for an entry, what it asks for, until when it holds.

Every occurrence is reported as `keyword.<category>`, in Chinese text too, where words have no
spaces around them; characters that nobody sees, full width and case hide nothing. An entry of
level `allow` is an exception that hides what lies inside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Detector

from ._commands import keyword
from ._detector import KeywordDetector

__all__ = ["KeywordDetector", "chopmark_commands", "chopmark_detectors"]


@hookimpl
def chopmark_detectors(policy: Policy) -> Iterable[Detector]:
    """Return the detector of the lists that `policy` names; raise `PolicyError` for a wrong one.

    Options: `lists` (paths from the policy's folder, TOML or CSV), `bundled` (true, false, or
    names), `reload_seconds` (5).
    """
    return [KeywordDetector.from_policy(policy)]


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark keyword lint` and `chopmark keyword stats`."""
    cli.add_command(keyword)
