"""Errors that say more than that something failed: which answer, or who is not there."""

from __future__ import annotations

from chopmark import LogError


class UnsoundError(LogError):
    """An entry is not the one that was signed. A command exits with 1, and writes nothing."""


class AwayError(LogError):
    """The database takes nothing now, and may later: it is gone, says nothing, or is read-only."""


class ReadOnlyError(AwayError):
    """It answers who reads, and says at once that it takes no changes."""
