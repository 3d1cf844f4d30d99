"""An error that is an answer: what was asked for could be checked, and does not hold."""

from __future__ import annotations

from chopmark import LogError


class UnsoundError(LogError):
    """An entry is not the one that was signed. A command exits with 1, and writes nothing."""
