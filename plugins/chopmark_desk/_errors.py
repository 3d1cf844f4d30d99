"""What the desk raises beside the SDK's own errors."""

from __future__ import annotations

from chopmark import ChopmarkError


class DeskError(ChopmarkError):
    """The desk cannot do that; the message says why and what to do."""


class UnseenError(DeskError):
    """The log could not take down that content is looked at, so it is not shown."""
