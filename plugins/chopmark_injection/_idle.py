"""What looks at texts that a detector does not judge."""

from __future__ import annotations

from collections.abc import Sequence

from chopmark import Verdict


class IdleScanner:
    """Settles whatever it is fed."""

    __slots__ = ("settled",)

    def __init__(self) -> None:
        self.settled = 0

    def feed(self, text: str) -> Sequence[Verdict]:
        """Let the next piece go."""
        self.settled += len(text)
        return ()

    def finish(self) -> Sequence[Verdict]:
        """End the text."""
        return ()
