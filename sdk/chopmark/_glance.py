"""Sees at a glance that a text is of no interest to its scanners, which most text is.

Scanners that can tell so from the text alone need not follow it: they are asked about the end that
is held and the piece behind it, and fed only once one has to look closer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import cast

from .hookspecs import TEXT_END, GlancingScanner, Scanner, Wary

_Glance = Callable[[str], int]
_Search = Callable[[str], object]
_PATIENCE, _MOST_PATIENCE = 4, 128
"""A piece that wakes the scanners costs as much as a few that are fed, and may not come alone: a
text has many figures, or words of another script, or hardly any."""


class Calm:
    """Lets one text go by its scanners, while a glance is enough for each of them.

    `on` says that it does so; it does not where one of them has no glance. `held` is the end of
    the text that is open meanwhile, `worst` the longest one that was.
    """

    __slots__ = (
        "_by", "_fed", "_first", "_lesson", "_patience", "_scanners", "_second", "_usable", "_wary",
        "held", "on", "worst",
    )  # fmt: skip

    def __init__(self, scanners: Sequence[Scanner]) -> None:
        self._scanners = cast("Sequence[GlancingScanner]", scanners)
        glances = _glances_of(scanners)
        self.on = self._usable = glances is not None
        self.held = ""
        self.worst = 0
        # Two attributes, for a loop over them costs more than what most glances do.
        self._first, self._second = _as_two(glances) if glances else (_nothing, _nothing)
        self._wary = _wary_of(scanners) if self.on else None
        self._by: list[str] = []  # what went by since the scanners were fed
        self._fed = 0  # up to where they were
        self._patience = 0  # so many pieces are fed before glances are tried again
        self._lesson = _PATIENCE  # and so many of them the next time

    @property
    def released(self) -> int:
        """How many characters of the text were let go."""
        return self._fed + sum(map(len, self._by)) - len(self.held)

    def feed(self, text: str) -> str | None:
        """Take the next piece and return what may go out; None leaves it to the scanners."""
        if not self.on:
            return None
        held = self.held + text
        wary = self._wary
        if wary is not None and not held.isascii() and wary(held + TEXT_END) is None:
            self._by.append(text)
            self.held = ""
            return held
        try:
            waiting = self._first(held)
            if waiting < 0:
                return None
            also = self._second(held)
        except Exception:  # noqa: BLE001  the plugin border: what breaks here is fed instead
            self._usable = False
            return None
        if also > waiting:
            waiting = also
        elif also < 0:
            return None
        self._by.append(text)
        if not waiting:
            self.held = ""
            return held
        if waiting > self.worst:
            self.worst = min(waiting, len(held))
        self.held = held[-waiting:]
        return held[:-waiting]

    def wake(self) -> tuple[str, str]:
        """Stop; return what went by and was let go, and the rest, which is yet to be fed."""
        self._patience = self._lesson if len(self._by) < _PATIENCE else _PATIENCE
        self._lesson = min(2 * self._patience, _MOST_PATIENCE)
        by = "".join(self._by)
        self._by.clear()
        self.on = False
        cut = max(0, len(by) - len(self.held))
        return by[:cut], by[cut:]

    def resume(self, held: str, fed: int) -> None:
        """Go on, once that is worth while and a glance is enough for each scanner.

        They were fed another piece: `fed` characters in all, of which `held` are open.
        """
        if self._patience:
            self._patience -= 1
        elif self._usable and all(scanner.calm for scanner in self._scanners):
            self.on, self.held, self._fed = True, held, fed

    def give_up(self) -> None:
        """Have the scanners be fed from now on: one of them broke."""
        self._usable = False

    def is_over(self) -> bool:
        """Return whether nothing is to be found in what is held, with which the text ends."""
        try:
            return _end(self._scanners, self.held)
        except Exception:  # noqa: BLE001  the plugin border: what breaks here is fed instead
            return False


def passes(scanners: Sequence[Scanner], text: str) -> bool | None:
    """Return whether a glance at `text`, which is there whole, is enough for each scanner.

    None says that it is for most of the text, and that only its end has to be fed.
    """
    glances = _glances_of(scanners)
    if glances is None:
        return False
    try:
        open = _most(glances, text)
        if open < 0 or not open or _end(scanners, text[-open:]):
            return open >= 0
        return None if open < len(text) else False
    except Exception:  # noqa: BLE001  the plugin border: what breaks here is fed instead
        return False


def skip(scanner: Scanner, text: str) -> None:
    """Take a scanner behind `text`, which a glance was enough for."""
    cast(GlancingScanner, scanner).skip(text)


def _glances_of(scanners: Iterable[Scanner]) -> Sequence[_Glance] | None:
    """Return how each scanner glances at a text, None where one has to be fed."""
    found: list[_Glance] = []
    for scanner in scanners:
        glance = getattr(scanner, "glance", None)
        if glance is None:
            return None
        found.append(glance)
    return found


def _wary_of(scanners: Sequence[Scanner]) -> _Search | None:
    """Return what finds a place that makes a glance necessary, None where one always is."""
    waries = [getattr(scanner, "wary", None) for scanner in scanners]
    return None if None in waries else _joined(tuple(waries))


@lru_cache(maxsize=64)
def _joined(waries: Sequence[Wary]) -> _Search | None:
    if not waries:
        return None
    # One set of characters in front of all lets `search` run over the others.
    firsts, rests = zip(*waries, strict=True)
    try:
        return re.compile(f"[{''.join(firsts)}](?:{'|'.join(rests)})").search
    except re.error:  # the plugin border: the glances are as good
        return None


def _as_two(glances: Sequence[_Glance]) -> tuple[_Glance, _Glance]:
    first, *others = glances
    if len(others) == 1:
        return first, others[0]
    return first, partial(_most, others) if others else _nothing


def _most(glances: Sequence[_Glance], text: str) -> int:
    """Return the most that is open for one of them, -1 where one leaves the text to be fed."""
    most = 0
    for glance in glances:
        open = glance(text)
        if open < 0:
            return -1
        most = max(most, open)
    return most


def _end(scanners: Sequence[Scanner], text: str) -> bool:
    """Return whether nothing is to be found in `text`, with which a text ends."""
    for scanner in cast("Sequence[GlancingScanner]", scanners):  # noqa: SIM110  a few, in each call
        if not scanner.ends(text):
            return False
    return True


def _nothing(text: str) -> int:
    return 0
