"""Asks a model of a text, and a second one where the first is unsure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple

from ._columns import Column, columns
from ._folder import Folder, read_folder
from ._options import ModelOptions
from ._progress import Progress
from ._running import Running
from ._shared import Shared


class Reading(NamedTuple):
    """What the models say of a text.

    `scores` are the labels that count, each with its probability, rounded to ten-thousandths so
    that what is compared is what is reported; a category may be there twice. `unjudged` says how
    much of a text was judged that is longer than a model may be shown, `late` how much was where
    time did not suffice; both are empty where nothing is missing.
    """

    scores: Sequence[tuple[Column, float]]
    unjudged: str = ""
    late: str = ""


def mean(one: float, other: float, share: float) -> float:
    """Return the probability whose logit is the mean of two, the first with the weight `share`."""
    logit = share * _logit(one) + (1 - share) * _logit(other)
    return round(1 / (1 + math.exp(-logit)), 4)


def _logit(chance: float) -> float:
    chance = min(max(chance, 1e-4), 1 - 1e-4)  # scores are rounded to so much
    return math.log(chance / (1 - chance))


class Stage:
    """One model, and what a policy wants of it. Shared by threads."""

    def __init__(
        self,
        folder: Folder,
        wanted: Sequence[Column],
        running: Running,
        options: ModelOptions,
    ) -> None:
        self.folder = folder
        self.columns = tuple(wanted)
        self.categories = frozenset(column.category for column in wanted)
        self.shared = Shared(folder, running, options.cache)
        self._most = options.max_windows
        self._cached = options.cache > 0

    def read(self, text: str, progress: Progress) -> Reading:
        """Return what this model says of `text`, and keep in `progress` what it took.

        Raises:
            ModelError: the model cannot be used.
        """
        scorer = self.shared.load()
        started = perf_counter()
        found = scorer.score(
            text,
            self._most,
            cached=self._cached,
            until=started + progress.budget.left,
            growth=progress.growth[self.folder.digest],
        )
        progress.budget.left -= perf_counter() - started
        scores = [(column, round(found.values[column.number], 4)) for column in self.columns]
        if found.judged == found.tokens and found.encoded:
            return Reading(scores)
        least = "" if found.encoded else "at least "
        judged = f"{found.judged} of {least}{found.tokens} tokens judged"
        in_time = found.judged == found.planned and found.encoded
        return Reading(
            scores,
            unjudged=judged if found.planned < found.tokens else "",
            late="" if in_time else progress.says(judged),
        )


class Cascade:
    """The models of a detector: one, or a first and a second. Shared by threads.

    Raises:
        ModelError: a folder cannot be used.
        PolicyError: the options do not fit the models, or the installed onnxruntime.
    """

    def __init__(self, options: ModelOptions) -> None:
        folders = [read_folder(options.folder, options.sha256, options.max_bytes)]
        if options.second is not None:
            second = read_folder(options.second, options.second_sha256, options.max_bytes)
            folders.append(second)
        wanted = columns(folders, options)
        self.running = options.running()
        self._mixed = folders[1].beside(folders[0]) if len(folders) > 1 else None
        self.stages = tuple(
            Stage(folder, labels, self.running, options)
            for folder, labels in zip(folders, wanted, strict=True)
        )

    def read(self, text: str, progress: Progress) -> Reading:
        """Return what the models say of `text`: the second one's scores where it was asked.

        Of a second one that had no time for all of the text, only what is higher counts.

        Raises:
            ModelError: a model cannot be used.
        """
        if progress.budget.left <= 0:
            return Reading((), late=progress.says("nothing judged, others before it were"))
        first = self.stages[0].read(text, progress)
        if len(self.stages) == 1 or not any(score >= c.ask_from for c, score in first.scores):
            return first
        if first.late or progress.budget.left <= 0:
            return first._replace(
                late=first.late or progress.says("judged by the first model alone")
            )
        stage = self.stages[1]
        second = stage.read(text, progress)
        heard = frozenset() if second.late else stage.categories
        kept = [pair for pair in first.scores if pair[0].category not in heard]
        scores = second.scores if self._mixed is None else self._mix(first, second)
        return Reading([*kept, *scores], first.unjudged or second.unjudged, second.late)

    def _mix(self, first: Reading, second: Reading) -> Sequence[tuple[Column, float]]:
        """Return the scores of the second with those of the first in them, by label."""
        assert self._mixed is not None
        shares = self._mixed.shares
        known = {column.label: score for column, score in first.scores}
        return [
            (
                column,
                mean(known[column.label], score, shares.get(column.label, 0.5))
                if column.label in known
                else score,
            )
            for column, score in second.scores
        ]
