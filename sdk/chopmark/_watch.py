"""A scanner of a text, or the sight of one, with the detector that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ._values import Verdict
from ._waiting import PatientScanner
from .hookspecs import Detector, Scanner


class Watch(NamedTuple):
    """A scanner with the detector that it belongs to.

    While it is `unopened` there is only the sight of one, to be asked for glances alone.
    """

    detector: Detector
    scanner: Any
    unopened: bool = False


Feed = tuple[Callable[[str], Sequence[Verdict]], Scanner, Watch, bool]


class Broken:
    """In the place of a scanner that could not be opened: it breaks where it is asked."""

    settled = 0

    def __init__(self, error: Exception) -> None:
        self._error = error

    def feed(self, text: str) -> Sequence[Verdict]:
        """Raise what opening raised."""
        raise self._error

    def skip(self, text: str) -> None:
        """Raise what opening raised."""
        raise self._error

    def finish(self) -> Sequence[Verdict]:
        """Raise what opening raised."""
        raise self._error


def opened(watch: Watch) -> Watch:
    """Return `watch` with a scanner."""
    if not watch.unopened:
        return watch
    try:
        return Watch(watch.detector, watch.scanner.open())
    except Exception as error:  # noqa: BLE001  the plugin border
        return Watch(watch.detector, Broken(error))


def feeds(watches: Iterable[Watch]) -> list[Feed]:
    """Return how to feed each scanner; the last is whether it takes what waits as it comes."""
    return [(w.scanner.feed, w.scanner, w, isinstance(w.scanner, PatientScanner)) for w in watches]
