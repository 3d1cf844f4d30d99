"""What the desk raises beside the SDK's own errors."""

from __future__ import annotations

from chopmark import ChopmarkError


class DeskError(ChopmarkError):
    """The desk cannot do that; the message says why and what to do.

    Args:
        message: in English, for a terminal.
        key: of the text `wrong.KEY` that says the same on a page, "" where there is none.
        values: that the text has in its braces.
    """

    def __init__(self, message: str, key: str = "", **values: object) -> None:
        super().__init__(message)
        self.key, self.values = key, values


class UnseenError(DeskError):
    """The log could not take down that content is looked at, so it is not shown."""
