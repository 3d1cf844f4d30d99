"""What the plugin raises beside the SDK's own errors, to those who change a list."""

from __future__ import annotations

from chopmark import ChopmarkError


class ListError(ChopmarkError):
    """A list cannot be changed so; the message says why and what to do, and names no term."""


class ChangedListError(ListError):
    """The list is not as it was shown to who changes it: another change came between."""


class UnwrittenListError(ListError):
    """The file of a list cannot be written; `why` is what the system says."""

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why
