"""Sees at a glance that a text is of no interest to its scanners, which most text is.

Scanners that can tell so from the text alone need not follow it: they are asked about the end that
is held and the piece behind it, and fed only once one has to look closer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import cast

from ._look import UNSURE, look_for
from .hookspecs import GlancingScanner, Scanner

_Glance = Callable[[str], int]
_PATIENCE, _MOST_PATIENCE = 4, 128
"""A piece that wakes the scanners costs as much as a few that are fed, and may not come alone: a
text has many figures, or words of another script, or hardly any."""


class Calm:
    """Lets one text go by its scanners, while a glance is enough for each of them.

    `on` says that it does so; it does not where one of them has no glance. `held` is the end of
    the text that is open meanwhile, `worst` the longest one that was. `say` is told what goes out,
    where somebody must know of it who does not ask for it.
    """

    __slots__ = (
        "_alone", "_by", "_fed", "_first", "_lesson", "_patience", "_scanners", "_search",
        "_second", "_spelled", "_usable", "held", "on", "say", "worst",
    )  # fmt: skip

    def __init__(self, scanners: Sequence[Scanner]) -> None:
        self._scanners = cast("Sequence[GlancingScanner]", scanners)
        glances = _glances_of(scanners)
        self.on = self._usable = glances is not None
        self.held = ""
        self.worst = 0
        self.say: Callable[[str], object] | None = None
        # Two attributes, for a loop over them costs more than what most glances do.
        self._first, self._second = _as_two(glances) if glances else (_nothing, _nothing)
        self._search, self._alone, self._spelled = look_for(scanners)
        self._by: list[str] = []  # what went by since the scanners were fed
        self._fed = 0  # up to where they were
        self._patience = 0  # so many pieces are fed before glances are tried again
        self._lesson = _PATIENCE  # and so many of them the next time

    @property
    def released(self) -> int:
        """How many characters of the text were let go."""
        return self._fed + sum(map(len, self._by)) - len(self.held)

    def feed(self, text: str) -> str | None:
        """Take the next piece and return what may go out; None leaves it to the scanners.

        So it does with what is no text, or an empty one: pieces may come from anywhere.
        """
        if not self.on or type(text) is not str or not text:
            return None
        held = self.held + text
        try:
            if held.isascii():
                out = self._spelled(held)
                if out is UNSURE:
                    out = self._glanced(held)
            else:
                place = self._search(held)
                if place is None:
                    out = held
                elif place.start() == len(held) - 1 and held[-1] in self._alone:
                    out = held[:-1]
                else:
                    out = self._glanced(held)
        except Exception:  # noqa: BLE001  the plugin border: what breaks here is fed instead
            self._usable = False
            return None
        if out is None:
            return None
        self._by.append(text)
        if out is held:
            self.held = ""
        else:
            rest = self.held = held[len(out) :]
            if len(rest) > self.worst:
                self.worst = len(rest)
        if self.say is not None and out:
            self.say(out)
        return out

    def _glanced(self, text: str) -> str | None:
        """Return what of `text` is not open to the glance of any scanner, None where one is fed."""
        waiting = self._first(text)
        if waiting < 0:
            return None
        also = self._second(text)
        if also < 0:
            return None
        waiting = max(waiting, also)
        return text[: max(0, len(text) - waiting)] if waiting else text

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

    def followed(self, scanners: Sequence[Scanner]) -> None:
        """Take note of the scanners of the text, which were only sights of them so far."""
        self._scanners = cast("Sequence[GlancingScanner]", scanners)

    def give_up(self) -> None:
        """Have the scanners be fed from now on: one of them broke."""
        self._usable = False

    def is_over(self) -> bool:
        """Return whether nothing is to be found in what is held, with which the text ends."""
        held = self.held
        try:
            # With a space behind it the last word of ASCII text is one like the others.
            if held.isascii() and self._spelled(spaced := f"{held} ") == spaced:
                return True
            return _end(self._scanners, held)
        except Exception:  # noqa: BLE001  the plugin border: what breaks here is fed instead
            return False


class Free(Calm):
    """Lets one text go that no scanner follows."""

    __slots__ = ()

    def feed(self, text: str) -> str | None:
        """Let the next piece go."""
        if type(text) is not str or not text:
            return None
        self._by.append(text)
        if self.say is not None:
            self.say(text)
        return text


def calm_for(scanners: Sequence[Scanner]) -> Calm:
    """Return what lets a text go by `scanners`."""
    return Calm(scanners) if scanners else Free(scanners)


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
