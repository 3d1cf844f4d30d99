"""Asks a model of a text, and a second one where the first is unsure, or of all that is whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from ._columns import Column, columns
from ._folder import Folder, read_folder
from ._options import ModelOptions
from ._progress import Progress
from ._running import Running
from ._shared import Shared

if TYPE_CHECKING:
    from ._scorer import Stretch


class Reading(NamedTuple):
    """What the models say of a text.

    `scores` are the labels that count, each with its probability, rounded to ten-thousandths so
    that what is compared is what is reported; a category may be there twice. `unjudged` says how
    much of a text was judged that is longer than a model may be shown, `late` how much was where
    time did not suffice; both are empty where nothing is missing. `doubted` are the tokens of those
    windows, where there are several, in which a score is high enough to ask a second model.
    """

    scores: Sequence[tuple[Column, float]]
    unjudged: str = ""
    late: str = ""
    doubted: Sequence[Stretch] = ()


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
        self._asks = any(column.ask_from < math.inf for column in wanted)

    def read(
        self, text: str, progress: Progress, stretches: Sequence[Stretch] | None = None
    ) -> Reading:
        """Return what this model says of `text`, and keep in `progress` what it took.

        With `stretches` it is shown these of the tokens alone.

        Raises:
            ModelError: the model cannot be used.
        """
        scorer = self.shared.load()
        started = perf_counter()
        until = started + progress.budget.left
        if stretches is None:
            found = scorer.score(
                text,
                self._most,
                cached=self._cached,
                until=until,
                growth=progress.growth[self.folder.digest],
                doubtful=self._doubts if self._asks else None,
            )
        else:
            found = scorer.score_stretches(
                text, stretches, self._most, cached=self._cached, until=until
            )
        progress.budget.left -= perf_counter() - started
        scores = [(column, round(found.values[column.number], 4)) for column in self.columns]
        if found.judged == found.tokens and found.encoded:
            return Reading(scores, doubted=found.doubted)
        least = "" if found.encoded else "at least "
        judged = f"{found.judged} of {least}{found.tokens} tokens judged"
        in_time = found.judged == found.planned and found.encoded
        return Reading(
            scores,
            unjudged=judged if found.planned < found.tokens else "",
            late="" if in_time else progress.says(judged),
        )

    def _doubts(self, values: Sequence[float]) -> bool:
        return any(round(values[one.number], 4) >= one.ask_from for one in self.columns)


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
        self.stages = tuple(
            Stage(folder, labels, self.running, options)
            for folder, labels in zip(folders, wanted, strict=True)
        )
        self._same_tokens = len(folders) > 1 and _tokens(folders[0]) == _tokens(folders[1])
        self._of_all_that_is_whole = options.second_reads == "whole"
        # The first one has nothing to add where the second one has all of its categories.
        self._first_adds = not self.stages[0].categories <= self.stages[-1].categories

    def read(self, text: str, progress: Progress, *, whole: bool) -> Reading:
        """Return what the models say of `text`: the second one's scores where it was asked.

        `whole` says that `text` is no part of a longer one. Of a second model that had no time for
        all of the text, only what is higher counts. Where both read the same tokens, it is shown
        of a long text what the first one is unsure of: more around that is slower, and hides it.

        Raises:
            ModelError: a model cannot be used.
        """
        if progress.budget.left <= 0:
            return Reading((), late=progress.says("nothing judged, others before it were"))
        surely = whole and self._of_all_that_is_whole
        # Where time is short, the first one has at least seen all of the text.
        if surely and not self._first_adds and progress.milliseconds is None:
            return self.stages[-1].read(text, progress)
        first = self.stages[0].read(text, progress)
        unsure = surely or any(score >= column.ask_from for column, score in first.scores)
        if len(self.stages) == 1 or not unsure:
            return first
        if first.late or progress.budget.left <= 0:
            return first._replace(
                late=first.late or progress.says("judged by the first model alone")
            )
        stage = self.stages[1]
        stretches = _joined(first.doubted) if self._same_tokens and not surely else ()
        second = stage.read(text, progress, stretches or None)
        heard = frozenset() if second.late else stage.categories
        kept = [pair for pair in first.scores if pair[0].category not in heard]
        scores = [*kept, *second.scores]
        return Reading(scores, first.unjudged or second.unjudged, second.late)


def _tokens(folder: Folder) -> tuple[bytes, str]:
    """Return what decides which tokens a text becomes."""
    return folder.tokenizer.read_bytes(), folder.prefix


def _joined(windows: Sequence[Stretch]) -> Sequence[Stretch]:
    """Return `windows`, those that touch as one."""
    found: list[Stretch] = []
    for first, last in windows:
        start = found.pop()[0] if found and first <= found[-1][1] else first
        found.append((start, last))
    return found
