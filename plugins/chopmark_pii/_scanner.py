"""Follows one text in progress: finds what has become certain, and holds back what has not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from chopmark import Verdict

from ._alphabet import HYPHENS, PLATE_DOTS, PROVINCES, RUN, SPACES, WIDE_LETTERS, WIDE_RUN, plain
from ._edge import edge
from ._hits import LOOK_AHEAD, LOOK_BACK, Hit
from ._search import Search

Advise = Callable[[Hit, str, str], Verdict | None]
"""Makes a verdict, or none, of a hit, the span's original text, and its plain form."""

_BEFORE = "\n\n"  # so that two characters can be looked at before any other
_LONG = 768  # trimmed beyond this, to what is still looked at
_COLD_MOST = LOOK_AHEAD + 8

_PLATES = frozenset(PROVINCES + PLATE_DOTS)
_plate = re.compile(
    rf"[{PROVINCES}](?:[{WIDE_LETTERS}](?:"
    rf"[{re.escape(SPACES + HYPHENS)}]|[{PLATE_DOTS}]?[{WIDE_LETTERS}]{{0,6}}))?\Z"
).search


class PiiScanner:
    """One text in progress; not shared by threads.

    Everything that can be found holds a digit or an `@` (`Search.hot`). While neither is in what
    is held nor in what comes, a piece costs a search for them and a look at its end.
    """

    __slots__ = (
        "_advise", "_end", "_floor", "_from", "_hot", "_pending", "_pieces", "_search", "_trim",
        "_wary", "settled",
    )  # fmt: skip

    def __init__(self, search: Search, advise: Advise) -> None:
        self.settled = 0
        self._search = search
        self._hot = search.hot
        self._advise = advise
        self._wary = search.wary
        self._pieces = [_BEFORE]  # the end of the text, from some characters before `settled`
        self._trim = _LONG  # how much of the text makes it worth while to drop pieces
        self._end = 0  # how much of the text was fed
        self._pending = False  # whether something hot is held
        self._from = 0  # anchors before this were decided
        self._floor = 0  # the end of the last hit

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece."""
        self._end = end = self._end + len(text)
        if end > self._trim and not self._pending:
            self._buffer()
        self._pieces.append(text)
        if self._pending:
            return self._decide()
        hot = self._hot
        if text.isascii():
            if hot(text):
                return self._decide()
            kept = text.rstrip(RUN)
            if kept and len(text) > 2:  # a plate would have begun in an earlier piece: too long ago
                held = len(text) - len(kept)
                self.settled = end - (held if held < _COLD_MOST else _COLD_MOST)
                return ()
        else:
            wary = self._wary
            if wary(text) is None:
                self.settled = end
                return ()
            if hot(text):
                return self._decide()
            kept = text.rstrip(WIDE_RUN)
        held = len(text) - len(kept)
        if not kept:  # it may go on from the piece before
            if end - self.settled > _COLD_MOST:
                self.settled = end - _COLD_MOST
        elif kept[-1] in _PLATES or (not held and kept[-1] in SPACES):
            buffer = self._buffer()
            plate = _plate(buffer, max(0, len(buffer) - 9))
            self.settled = end - (held if plate is None else len(buffer) - plate.start())
        else:
            self.settled = end - (held if held < _COLD_MOST else _COLD_MOST)
        return ()

    def finish(self) -> Sequence[Verdict]:
        """End the text: what is held is decided as it stands."""
        if self._pending:
            return self._decide(last=True)
        self.settled = self._end
        return ()

    def _buffer(self) -> str:
        """Return the end of the text that is still looked at; while nothing hot is held."""
        buffer = "".join(self._pieces)
        if len(buffer) > _LONG:
            buffer = buffer[-LOOK_BACK - 2 * _COLD_MOST :]
        self._pieces = [buffer]
        self._trim = self._end + _LONG
        return buffer

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
        self._pending = self._hot(text, settled) is not None
        self.settled = base + settled
        cut = settled - LOOK_BACK
        self._pieces = [buffer[cut:] if cut > 0 else buffer]
        self._trim = self._end + _LONG
        if not hits:
            return ()
        return [v for hit in hits if (v := self._verdict(hit, buffer, text, base)) is not None]

    def _verdict(self, hit: Hit, buffer: str, text: str, base: int) -> Verdict | None:
        span = slice(hit.start, hit.end)
        placed = hit._replace(start=base + hit.start, end=base + hit.end)
        return self._advise(placed, buffer[span], text[span])
