"""Collects what is held anyway until a clause, or the whole text, is there.

A scanner that judges by clauses settles nothing before one has ended. While all that is held waits
for it, nothing that the others find in a piece could let go of anything, nor stop the text: so they
are fed what came meanwhile in one, once the clause has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .hookspecs import Scanner


class PatientScanner:
    """A scanner that tells from a piece of text that nothing will come of it."""

    settled = 0

    def due(self, text: str) -> bool:
        """Return whether `text` is what the scanner waits for, so that its detector is asked."""
        raise NotImplementedError(f"{type(self).__name__} must give due(text)")

    def wait(self, text: str) -> None:
        """Take the next piece, which is not what it waits for: it finds and settles nothing."""
        raise NotImplementedError(f"{type(self).__name__} must give wait(text)")


class Waiting:
    """What of one text was taken by its patient scanners, and not yet fed to the others.

    `on` says that all that is held waits for one of them; what comes is then held, too.
    """

    __slots__ = ("_pieces", "_scanners", "on")

    def __init__(self, scanners: Sequence[PatientScanner]) -> None:
        self._scanners = list(scanners)
        self._pieces: list[str] = []
        self.on = bool(scanners)

    @property
    def length(self) -> int:
        """How many characters wait."""
        return sum(map(len, self._pieces))

    def feed(self, text: str) -> str | None:
        """Take the next piece and return what may go out, nothing; None leaves it to be fed."""
        if not self.on or type(text) is not str:
            return None
        for scanner in self._scanners:
            if scanner.due(text):
                return None
        for scanner in self._scanners:
            scanner.wait(text)
        self._pieces.append(text)
        return ""

    def take(self) -> str:
        """Return what waits, for the scanners that have not taken it."""
        text = "".join(self._pieces)
        self._pieces.clear()
        return text

    def part_with(self, scanner: object) -> None:
        """Wait no more for `scanner`, which broke."""
        self._scanners = [one for one in self._scanners if one is not scanner]

    def is_awaited(self, released: int) -> bool:
        """Return whether one of the scanners settled no more than what was `released`."""
        return any(scanner.settled <= released for scanner in self._scanners)


def patient(scanners: Iterable[Scanner]) -> list[PatientScanner]:
    """Return those of `scanners` that are."""
    return [scanner for scanner in scanners if isinstance(scanner, PatientScanner)]
