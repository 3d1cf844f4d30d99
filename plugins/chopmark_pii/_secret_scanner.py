"""Follows one text in progress for secrets: from its cue on one is held until its end is known."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from chopmark import Verdict

from ._hits import CERTAIN, CONTINUED, LIKELY, Hit
from ._language import BEFORE
from ._scanner import Advise
from ._secret_forms import CUE, PIECE, REACH, open_in, run, secret


class SecretScanner:
    """One text in progress; not shared by threads.

    A cue is decided once `REACH` characters from its beginning on are there, or the text ended. A
    secret longer than a piece goes on piece by piece, each of the same length; with the last of
    them a digest of the whole is handed on in the place of its text, and with all of them what
    stands before the first.
    """

    __slots__ = ("_advise", "_base", "_before", "_digest", "_inside", "_text", "settled")

    def __init__(self, advise: Advise) -> None:
        self.settled = 0
        self._advise = advise
        self._text = ""  # from some characters before `settled` on
        self._base = 0  # where that begins in the whole text
        self._inside = ""  # the kind of the secret that goes on where the text is settled
        self._before = ""  # what stands before it
        self._digest = hashlib.sha256()  # of its pieces

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
                if end == len(text) and not last:
                    break
                more = run(self._inside, text, end) > end
                found.append(Hit(self._inside, at, end, CERTAIN, CONTINUED, more))
                if not more:
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
            at = hit.end
            more = at - hit.start == PIECE and run(hit.kind, text, at) > at
            found.append(Hit(hit.kind, hit.start, at, score, hit.ground, more))
            if more:
                self._inside = hit.kind
        verdicts = [self._verdict(hit) for hit in found]
        self.settled = self._base + at
        self._trim()
        return [verdict for verdict in verdicts if verdict is not None]

    def _verdict(self, hit: Hit) -> Verdict | None:
        original = plain = self._text[hit.start : hit.end]
        if hit.ground != CONTINUED:
            self._before = self._text[max(0, hit.start - BEFORE) : hit.start]
            self._digest = hashlib.sha256()
        if hit.more or hit.ground == CONTINUED:
            self._digest.update(original.encode("utf-8", "surrogatepass"))
            plain = self._digest.hexdigest()
        placed = hit._replace(start=self._base + hit.start, end=self._base + hit.end)
        return self._advise(placed, original, plain, self._before)

    def _trim(self) -> None:
        cut = self.settled - self._base - BEFORE
        if cut > BEFORE:
            self._text = self._text[cut:]
            self._base += cut
