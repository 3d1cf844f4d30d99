"""A loaded model: from a text to one probability for each label."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import truediv
from typing import NamedTuple

from chopmark import ModelError

from ._cache import Cache
from ._encoder import Encoder
from ._folder import Folder, digest, hash_files
from ._network import Network
from ._windows import plan


class Scores(NamedTuple):
    """What a model says of a text: a probability by label, the highest of all windows.

    `judged` of `tokens` tokens were in a window, in `windows` of them.
    """

    values: Sequence[float]
    tokens: int
    judged: int
    windows: int


class Scorer:
    """A tokenizer and a network that fit together. Shared by threads.

    Args:
        folder: the model.
        threads: how many threads one run may use.
        cache: where windows are remembered.

    Raises:
        ModelError: the folder changed since it was read, or its files do not fit together.
        ImportError: onnxruntime cannot be imported.
    """

    def __init__(self, folder: Folder, threads: int, cache: Cache) -> None:
        if digest(hash_files(folder.path, folder.model)) != folder.digest:
            raise ModelError(
                f"{str(folder.path)!r} was changed after the policy was loaded; load it again"
            )
        self.encoder = Encoder(folder.tokenizer, folder.prefix)
        self.network = Network(folder, threads)
        self._cache = cache
        self._sigmoid = folder.sigmoid
        self._temperatures = [head.temperature for head in folder.heads]
        self._before = [*self.encoder.before, *self.encoder.prefix]
        self._after = self.encoder.after
        around = len(self._before) + len(self._after)
        most = min(folder.max_tokens, self.network.length or folder.max_tokens)
        self.size = most - around
        if self.size < 1:
            raise ModelError(
                f"{str(folder.path)!r}: a window of {most} tokens has no room beside {around} "
                "special tokens and the prefix; give another `max_tokens`"
            )
        self.stride = min(folder.stride, self.size)
        probe = self._before + self.encoder.encode("a")[: self.size] + self._after
        self.network.check(probe, len(folder.heads))

    def score(self, text: str, most: int, *, cached: bool = False) -> Scores:
        """Return the scores of `text` by at most `most` windows; `cached` asks and fills the cache.

        Of a text that grew since it was last judged, only the windows at its end are new.
        """
        judge = self._remembered if cached else self._probabilities
        ids = self.encoder.encode(text)
        total = len(ids)
        if total <= self.size:
            return Scores(judge(ids), total, total, 1)
        starts, judged = plan(total, self.size, self.stride, most)
        best: Sequence[float] = [0.0] * len(self._temperatures)
        for start in starts:
            best = list(map(max, best, judge(ids[start : start + self.size])))
        return Scores(best, total, judged, len(starts))

    def _remembered(self, window: list[int]) -> Sequence[float]:
        key = self._cache.key(window)
        found = self._cache.get(key)
        if found is None:
            found = self._probabilities(window)
            self._cache.put(key, found)
        return found

    def _probabilities(self, window: list[int]) -> Sequence[float]:
        row = self.network.run(self._before + window + self._after)
        row = list(map(truediv, row, self._temperatures))
        return tuple(map(_sigmoid, row)) if self._sigmoid else _softmax(row)


def _sigmoid(value: float) -> float:
    # The exponent is never positive, so that it cannot overflow.
    small = math.exp(-abs(value))
    return 1 / (1 + small) if value >= 0 else small / (1 + small)


def _softmax(values: Sequence[float]) -> Sequence[float]:
    top = max(values)
    powers = [math.exp(value - top) for value in values]
    total = sum(powers)
    return tuple(power / total for power in powers)
