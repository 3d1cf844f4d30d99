"""A loaded model: from a text to one probability for each label."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import truediv
from typing import NamedTuple

from chopmark import ModelError

from ._encoder import Encoder
from ._folder import Folder, digest, hash_files
from ._network import Network
from ._windows import plan


class Scores(NamedTuple):
    """What a model says of a text: a probability by label, the highest of all windows.

    `judged` of `tokens` tokens were in a window, in `windows` of them.
    """

    values: list[float]
    tokens: int
    judged: int
    windows: int


class Scorer:
    """A tokenizer and a network that fit together. Shared by threads.

    Args:
        folder: the model.
        threads: how many threads one run may use.

    Raises:
        ModelError: the folder changed since it was read, or its files do not fit together.
        ImportError: onnxruntime cannot be imported.
    """

    def __init__(self, folder: Folder, threads: int) -> None:
        if digest(hash_files(folder.path, folder.model)) != folder.digest:
            raise ModelError(
                f"{str(folder.path)!r} was changed after the policy was loaded; load it again"
            )
        self.encoder = Encoder(folder.tokenizer, folder.prefix)
        self.network = Network(folder, threads)
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

    def score(self, text: str, most: int) -> Scores:
        """Return the scores of `text` by at most `most` windows."""
        ids = self.encoder.encode(text)
        total = len(ids)
        if total <= self.size:
            return Scores(self._probabilities(ids), total, total, 1)
        starts, judged = plan(total, self.size, self.stride, most)
        best = [0.0] * len(self._temperatures)
        for start in starts:
            best = list(map(max, best, self._probabilities(ids[start : start + self.size])))
        return Scores(best, total, judged, len(starts))

    def _probabilities(self, window: list[int]) -> list[float]:
        row = self.network.run(self._before + window + self._after)
        row = list(map(truediv, row, self._temperatures))
        return list(map(_sigmoid, row)) if self._sigmoid else _softmax(row)


def _sigmoid(value: float) -> float:
    # The exponent is never positive, so that it cannot overflow.
    small = math.exp(-abs(value))
    return 1 / (1 + small) if value >= 0 else small / (1 + small)


def _softmax(values: Sequence[float]) -> list[float]:
    top = max(values)
    powers = [math.exp(value - top) for value in values]
    total = sum(powers)
    return [power / total for power in powers]
