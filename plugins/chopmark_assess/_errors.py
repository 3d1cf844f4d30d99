"""What can go wrong with a bank, a schema, a target or a run."""

from __future__ import annotations

from chopmark import ChopmarkError


class AssessError(ChopmarkError):
    """A bank, a schema, a target or a run cannot be used; the message names it, and the cure."""
