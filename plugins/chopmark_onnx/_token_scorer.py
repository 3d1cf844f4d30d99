"""A loaded model that labels tokens: from a text to the things that it names."""

from __future__ import annotations

from collections.abc import Sequence
from threading import get_ident
from time import perf_counter
from typing import NamedTuple

from ._cache import Cache
from ._entities import Entity, Token, join, read_tag
from ._folder import Folder
from ._progress import Growth
from ._running import Running
from ._scorer import Doubtful, Scorer, Scores, softmax
from ._windows import plan


class Found(NamedTuple):
    """What was found in a text. `judged` of its `tokens` were in one of the `windows`.

    With unlimited time there would have been `planned` windows.
    """

    entities: Sequence[Entity]
    tokens: int
    judged: int
    windows: int
    planned: int


class TokenScorer(Scorer):
    """A tokenizer and a network that gives every token its labels. Shared by threads."""

    by_token = True

    def __init__(self, folder: Folder, running: Running, cache: Cache) -> None:
        super().__init__(folder, running, cache)
        self._tags = [read_tag(head.label) for head in folder.heads]

    def find(self, text: str, most: int, until: float) -> Found:
        """Return what at most `most` windows find; after `until` no further window is begun.

        A token that is in two windows is judged in the one where more text stands around it.
        """
        me = get_ident()
        self.running.add(me)
        try:
            return self._find(text, most, until)
        finally:
            self.running.discard(me)

    def _score(
        self,
        text: str,
        most: int,
        cached: bool,
        until: float,
        growth: Growth | None,
        doubtful: Doubtful | None,
    ) -> Scores:
        """Judge a text for whoever takes the time: there is no score of a whole text."""
        found = self._find(text, most, until)
        return Scores((), found.tokens, found.judged, found.windows, found.planned)

    def _find(self, text: str, most: int, until: float) -> Found:
        ids, places = self.encoder.encode_with_places(text)
        total = len(ids)
        starts = plan(total, self.size, self.stride, most).starts if total else []
        best: list[tuple[int, Token] | None] = [None] * total
        done = 0
        known: list[int] = []
        labels: Sequence[tuple[float, int]] = ()
        for start in starts:
            if done and perf_counter() >= until:
                break
            window = ids[start : start + self.size]
            if window != known:  # a text that says the same again and again has equal windows
                known, labels = window, self._labels(window)
            for at, (score, label) in enumerate(labels):
                place = start + at
                # The ends of the text are no edges: nothing is cut off there.
                left = at if start else total
                right = len(window) - 1 - at if start + len(window) < total else total
                held = best[place]
                if held is None or min(left, right) > held[0]:
                    best[place] = min(left, right), Token(*places[place], label, score)
            done += 1
        tokens = [one[1] for one in best if one is not None]
        return Found(join(tokens, self._tags), total, len(tokens), done, len(starts))

    def _labels(self, window: list[int]) -> Sequence[tuple[float, int]]:
        """Return the most probable label of each token, behind its probability."""
        ask = self.network.run_tokens if self._batches is None else self._batches
        rows = ask(self._before + window + self._after)
        found = []
        for row in rows[len(self._before) :][: len(window)]:
            chances = softmax([value / self._temperatures[0] for value in row])
            score = max(chances)
            found.append((score, chances.index(score)))
        return found
