"""Follows one text in progress: finds what has become certain, and holds back what has not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chopmark import Verdict

from ._alphabet import plain
from ._edge import edge
from ._glance import MOST
from ._hits import LOOK_BACK, Hit
from ._language import BEFORE
from ._search import Search

Advise = Callable[[Hit, str, str, str], Verdict | None]
"""Makes a verdict, or none, of a hit, the span's original text, its plain form, and the text before
it, at most `BEFORE` characters."""

_START = "\n\n"  # so that two characters can be looked at before any other
_FAR = BEFORE - LOOK_BACK
_LONG = 768  # trimmed beyond this, to what is still looked at


class PiiSight:
    """What a text is glanced at with, until it has to be scanned. Immutable, shared by threads."""

    __slots__ = ("_advise", "_search", "glance", "spelled", "wary")

    def __init__(self, search: Search, advise: Advise) -> None:
        self.glance, self.wary, self.spelled = search.glance, search.wary, search.spelled
        self._search, self._advise = search, advise

    def ends(self, text: str) -> bool:
        """Return whether nothing is to be found in `text`: nothing is where a glance is enough."""
        return self.glance(text) >= 0

    def open(self) -> PiiScanner:
        """Return a scanner of the text."""
        return PiiScanner(self._search, self._advise)


class PiiScanner:
    """One text in progress; not shared by threads.

    Everything that can be found holds a digit or an `@` (`Search.hot`). While neither is in what
    is held nor in what comes, a glance is enough (`_glance`).
    """

    __slots__ = (
        "_advise", "_end", "_far", "_floor", "_from", "_held", "_pieces", "_search", "_trim",
        "calm", "glance", "settled", "spelled", "wary",
    )  # fmt: skip

    def __init__(self, search: Search, advise: Advise) -> None:
        self.settled = 0
        self._search = search
        self.glance, self.wary, self.spelled = search.glance, search.wary, search.spelled
        self.calm = True  # while nothing hot is held
        self._advise = advise
        self._far = ""  # what stands before the pieces, which no matcher looks at
        self._pieces = [_START]  # the end of the text, from some characters before `settled`
        self._trim = _LONG  # how much of the text makes it worth while to drop pieces
        self._end = 0  # how much of the text was fed
        self._held = ""  # what is not settled, while calm
        self._from = 0  # anchors before this were decided
        self._floor = 0  # the end of the last hit

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece."""
        self._end = end = self._end + len(text)
        if end > self._trim and self.calm:
            self._shorten()
        self._pieces.append(text)
        if self.calm:
            held = self._held + text if self._held else text
            waiting = self.glance(held)
            if not waiting:
                self.settled, self._held = end, ""
                return ()
            if waiting > 0:
                self.settled, self._held = end - waiting, held[-waiting:]
                return ()
        return self._decide()

    def ends(self, text: str) -> bool:
        """Return whether nothing is to be found in `text`: nothing is where a glance is enough."""
        return self.glance(text) >= 0

    def skip(self, text: str) -> None:
        """Settle what was fed, and `text` behind it, in which there is nothing."""
        self._pieces.append(text)
        self._end += len(text)
        self.settled = self._end
        self._held = ""

    def finish(self) -> Sequence[Verdict]:
        """End the text: what is held is decided as it stands."""
        if not self.calm:
            return self._decide(last=True)
        self.settled = self._end
        return ()

    def _shorten(self) -> None:
        """Keep the end of the text that is still looked at; while nothing hot is held."""
        buffer = "".join(self._pieces)
        self._keep(buffer, len(buffer) - LOOK_BACK - 2 * MOST if len(buffer) > _LONG else 0)

    def _keep(self, buffer: str, cut: int) -> None:
        """Keep `buffer` from `cut` on, and of what is before as much as a language is told by."""
        if cut > 0:
            self._far = (self._far + buffer[:cut])[-_FAR:]
            buffer = buffer[cut:]
        self._pieces = [buffer]
        self._trim = self._end + _LONG

    def _decide(self, *, last: bool = False) -> Sequence[Verdict]:
        """Decide what can be, and keep the rest."""
        buffer = "".join(self._pieces)
        text = plain(buffer)
        base = self._end - len(text)  # where the buffer begins in the whole text
        decided, settled = (len(text), len(text)) if last else edge(text)
        start = max(self._from, self.settled) - base
        hits: Sequence[Hit] = ()
        if start < decided:
            hits = self._search.hits(text, start, decided, max(0, self._floor - base))
            self._from = base + decided
        if hits:
            self._floor = base + hits[-1].end
            settled = max(settled, hits[-1].end)
        settled = max(settled, self.settled - base)
        self.calm = self._search.hot(text, settled) is None
        self._held = buffer[settled:] if self.calm else ""
        self.settled = base + settled
        far = self._far
        self._keep(buffer, settled - LOOK_BACK)
        if not hits:
            return ()
        verdicts = (self._verdict(hit, far, buffer, text, base) for hit in hits)
        return [verdict for verdict in verdicts if verdict is not None]

    def _verdict(self, hit: Hit, far: str, buffer: str, text: str, base: int) -> Verdict | None:
        span = slice(hit.start, hit.end)
        placed = hit._replace(start=base + hit.start, end=base + hit.end)
        before = buffer[max(0, hit.start - BEFORE) : hit.start]
        if len(before) < BEFORE:
            before = (far + before)[-BEFORE:]
        return self._advise(placed, buffer[span], text[span], before)
