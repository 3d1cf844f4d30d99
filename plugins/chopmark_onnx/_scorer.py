"""A loaded model: from a text to one probability for each label."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import add, truediv
from threading import get_ident
from time import perf_counter
from typing import NamedTuple

from chopmark import ModelError

from ._batches import Batches
from ._cache import Cache
from ._encoder import Encoder
from ._folder import Folder, digest, hash_files
from ._network import Network
from ._progress import Growth
from ._repeats import once, shorten
from ._running import Running
from ._windows import plan


class Scores(NamedTuple):
    """What a model says of a text: a probability by label, the highest of all windows.

    `judged` of `tokens` tokens were in a window, in `windows` of them; with unlimited time it
    would have been `planned`. Where the time did not even suffice for encoding the text,
    `encoded` is False and `tokens` are those that were encoded. Of a text of several windows,
    `doubted` are the tokens of those that were doubtful, each from its first to behind its last.
    """

    values: Sequence[float]
    tokens: int
    judged: int
    windows: int
    planned: int
    encoded: bool = True
    doubted: Sequence[Stretch] = ()


Stretch = tuple[int, int]
Doubtful = Callable[[Sequence[float]], bool]
Judge = Callable[[list[int]], Sequence[float]]


class Scorer:
    """A tokenizer and a network that fit together. Shared by threads.

    Args:
        folder: the model.
        running: how the network is run.
        cache: where windows are remembered.

    Raises:
        ModelError: the folder changed since it was read, or its files do not fit together.
        ImportError: onnxruntime cannot be imported.
    """

    by_token = False

    def __init__(self, folder: Folder, running: Running, cache: Cache) -> None:
        if digest(hash_files(folder.path, folder.model)) != folder.digest:
            raise ModelError(
                f"{str(folder.path)!r} was changed after the policy was loaded; load it again"
            )
        self.encoder = Encoder(folder.tokenizer, folder.prefix)
        self.network = Network(folder, running)
        self.running: set[int] = set()  # the threads that are at work
        self._batches: Batches | None = None
        if running.batch > 1:
            wait = running.batch_ms / 1000
            self._batches = Batches(self.network.run_all, running.batch, wait, self.running.__len__)
        self._cache = cache
        self._sigmoid = folder.sigmoid
        self._temperatures = [head.temperature for head in folder.heads]
        self._biases = [head.bias for head in folder.heads]
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
        self.network.check(probe, len(folder.heads), by_token=self.by_token)
        self.network.check_vocabulary([*self._before, self.encoder.last, *self._after])

    def score(
        self,
        text: str,
        most: int,
        *,
        cached: bool = False,
        until: float = math.inf,
        growth: Growth | None = None,
        doubtful: Doubtful | None = None,
    ) -> Scores:
        """Return the scores of `text` by at most `most` windows.

        `cached` asks and fills the cache. After `until`, by `time.perf_counter`, no further window
        is begun, but the first one is judged in any case. With the same `growth` as before, only
        the end of a text that grew is encoded and judged. `doubtful` is asked of the scores of
        every window.
        """
        me = get_ident()
        self.running.add(me)
        try:
            return self._score(text, most, cached, until, growth, doubtful)
        finally:
            self.running.discard(me)

    def score_stretches(
        self,
        text: str,
        stretches: Sequence[Stretch],
        most: int,
        *,
        cached: bool = False,
        until: float = math.inf,
    ) -> Scores:
        """Return the scores of these `stretches` of the tokens of `text` alone, one for all."""
        me = get_ident()
        self.running.add(me)
        try:
            judge = self._remembered if cached else self._probabilities
            ids = self.encoder.encode(once(text))
            total = Scores([0.0] * len(self._temperatures), 0, 0, 0, 0)
            for first, last in stretches:
                if total.windows and perf_counter() >= until:
                    tokens = last - first
                    total = total._replace(
                        tokens=total.tokens + tokens, planned=total.planned + tokens
                    )
                else:
                    left = max(2, most - total.windows)
                    found = self._by_windows(ids[first:last], left, judge, until, Growth(), None)
                    total = _both(total, found)
            return total
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
        judge = self._remembered if cached else self._probabilities
        text = once(text)
        if growth is None or not growth.goes_on(text):
            growth = Growth()
        ids, encoded = self.encoder.encode_until(text, until, growth)
        found = self._by_windows(ids, most, judge, until, growth, doubtful)
        return found._replace(encoded=encoded)

    def _by_windows(
        self,
        ids: list[int],
        most: int,
        judge: Judge,
        until: float,
        growth: Growth,
        doubtful: Doubtful | None,
    ) -> Scores:
        total = len(ids)
        if not ids:  # nothing in it that the tokenizer keeps
            return Scores([0.0] * len(self._temperatures), 0, 0, 0, 0)
        if total <= self.size:
            return Scores(judge(shorten(ids)), total, total, 1, total)
        starts, planned, spread = plan(total, self.size, self.stride, most)
        known = Growth() if spread else growth
        best = known.best or [0.0] * len(self._temperatures)
        windows = known.windows
        doubted = [*known.doubted]
        judged = end = starts[windows - 1] + self.size if windows else 0
        seen: set[bytes] = set()  # a text that says the same again and again has equal windows
        for start in starts[windows:]:
            if windows and perf_counter() >= until:
                break
            window = ids[start : start + self.size]
            if (key := self._cache.key(window)) not in seen:
                seen.add(key)
                values = judge(shorten(window))
                best = list(map(max, best, values))
                if doubtful is not None and doubtful(values):
                    doubted.append((start, start + self.size))
            windows += 1
            judged += start + self.size - max(start, end)
            end = start + self.size
            if end <= len(growth.ids) and start == (windows - 1) * self.stride:
                known.windows, known.best, known.doubted = windows, best, [*doubted]
        return Scores(best, total, judged, windows, planned, doubted=doubted)

    def inherit(self, cache: Cache) -> bool:
        """Make this usable in a child process; return whether it is.

        It is where no thread was at work when the process was forked, so that no lock is held by
        a thread that is not there, and where the network has no threads of its own.
        """
        if self.running or not self.network.threadless:
            self.network.keep()
            return False
        self._cache = cache
        return True

    def _remembered(self, window: list[int]) -> Sequence[float]:
        key = self._cache.key(window)
        found = self._cache.get(key)
        if found is None:
            found = self._probabilities(window)
            self._cache.put(key, found)
        return found

    def _probabilities(self, window: list[int]) -> Sequence[float]:
        ids = self._before + window + self._after
        row: list[float] = self.network.run(ids) if self._batches is None else self._batches(ids)
        row = list(map(add, map(truediv, row, self._temperatures), self._biases))
        return tuple(map(_sigmoid, row)) if self._sigmoid else softmax(row)


def _both(one: Scores, other: Scores) -> Scores:
    """Return the scores of two parts of a text."""
    return Scores(
        values=list(map(max, one.values, other.values)),
        tokens=one.tokens + other.tokens,
        judged=one.judged + other.judged,
        windows=one.windows + other.windows,
        planned=one.planned + other.planned,
    )


def _sigmoid(value: float) -> float:
    # The exponent is never positive, so that it cannot overflow.
    small = math.exp(-abs(value))
    return 1 / (1 + small) if value >= 0 else small / (1 + small)


def softmax(values: Sequence[float]) -> Sequence[float]:
    """Return probabilities that exclude each other."""
    top = max(values)
    powers = [math.exp(value - top) for value in values]
    total = sum(powers)
    return tuple(power / total for power in powers)
