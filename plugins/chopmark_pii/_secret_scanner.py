"""Follows one text in progress for secrets: from its cue on one is held until its end is known."""

from __future__ import annotations

from collections.abc import Sequence

from chopmark import Verdict

from ._hits import CERTAIN, CONTINUED, LIKELY, Hit
from ._language import BEFORE
from ._scanner import Advise
from ._secret_forms import CUE, PIECE, REACH, open_in, run, secret


class SecretScanner:
    """One text in progress; not shared by threads.

    A cue is decided once `REACH` characters from its beginning on are there, or the text ended. A
    secret longer than a piece goes on piece by piece, each of the same length.
    """

    __slots__ = ("_advise", "_base", "_inside", "_text", "settled")

    def __init__(self, advise: Advise) -> None:
        self.settled = 0
        self._advise = advise
        self._text = ""  # from some characters before `settled` on
        self._base = 0  # where that begins in the whole text
        self._inside = ""  # the kind of the secret that goes on where the text is settled

    @property
    def calm(self) -> bool:
        """Whether nothing in what is held is a secret, or its cue."""
        return not self._inside and CUE(self._text, self.settled - self._base) is None

    def glance(self, text: str) -> int:
        """Return how many characters at the end of `text` are open; -1 where it holds a cue."""
        return -1 if CUE(text) is not None else open_in(text)

    def ends(self, text: str) -> bool:
        """Return whether nothing is to be found in `text`: nothing is where a glance is enough."""
        return CUE(text) is None

    def skip(self, text: str) -> None:
        """Settle what was fed, and `text` behind it, in which there is nothing."""
        self._text += text
        self.settled = self._base + len(self._text)
        self._trim()

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece."""
        self._text += text
        return self._decide(last=False)

    def finish(self) -> Sequence[Verdict]:
        """End the text: what is held is decided as it stands."""
        return self._decide(last=True)

    def _decide(self, *, last: bool) -> Sequence[Verdict]:
        text, at = self._text, self.settled - self._base
        found: list[Hit] = []
        while True:
            if self._inside:
                end = run(self._inside, text, at)
                if end == len(text) and end - at < PIECE and not last:
                    break
                if end > at:
                    found.append(Hit(self._inside, at, end, CERTAIN, CONTINUED))
                if end - at < PIECE:
                    self._inside = ""
                at = end
                continue
            cue = CUE(text, at)
            if cue is None:
                at = len(text) if last else max(at, len(text) - open_in(text))
                break
            if not last and len(text) - cue.start() < REACH:
                at = max(at, min(cue.start(), len(text) - open_in(text)))
                break
            hit = secret(text, cue)
            if hit is None:
                at = cue.end()
                continue
            score = CERTAIN if hit.ground == "format" else LIKELY
            found.append(Hit(hit.kind, hit.start, hit.end, score, hit.ground))
            at = hit.end
            if hit.end - hit.start == PIECE:
                self._inside = hit.kind
        verdicts = [self._verdict(hit) for hit in found]
        self.settled = self._base + at
        self._trim()
        return [verdict for verdict in verdicts if verdict is not None]

    def _verdict(self, hit: Hit) -> Verdict | None:
        original = self._text[hit.start : hit.end]
        before = self._text[max(0, hit.start - BEFORE) : hit.start]
        placed = hit._replace(start=self._base + hit.start, end=self._base + hit.end)
        return self._advise(placed, original, original, before)

    def _trim(self) -> None:
        cut = self.settled - self._base - BEFORE
        if cut > BEFORE:
            self._text = self._text[cut:]
            self._base += cut
