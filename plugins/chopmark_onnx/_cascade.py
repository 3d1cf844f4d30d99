"""Asks a model of a text, and a second one where the first is unsure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ._columns import Column, columns
from ._folder import Folder, read_folder
from ._options import ModelOptions
from ._shared import Shared


class Reading(NamedTuple):
    """What the models say of a text.

    `scores` are the labels that count, each with its probability, rounded to ten-thousandths so
    that what is compared is what is reported. `unjudged` says how much of the text was in no
    window, and is empty where all of it was.
    """

    scores: Sequence[tuple[Column, float]]
    unjudged: str = ""


class Stage:
    """One model, and what a policy wants of it. Shared by threads."""

    def __init__(self, folder: Folder, wanted: Sequence[Column], options: ModelOptions) -> None:
        self.folder = folder
        self.columns = tuple(wanted)
        self.categories = frozenset(column.category for column in wanted)
        self.shared = Shared(folder, options.threads, options.cache)
        self._most = options.max_windows
        self._cached = options.cache > 0

    def read(self, text: str) -> Reading:
        """Return what this model says of `text`.

        Raises:
            ModelError: the model cannot be used.
        """
        found = self.shared.load().score(text, self._most, cached=self._cached)
        scores = [(column, round(found.values[column.number], 4)) for column in self.columns]
        if found.judged == found.tokens:
            return Reading(scores)
        return Reading(scores, f"{found.judged} of {found.tokens} tokens judged")


class Cascade:
    """The models of a detector: one, or a first and a second. Shared by threads.

    Raises:
        ModelError: a folder cannot be used.
        PolicyError: the options do not fit the models.
    """

    def __init__(self, options: ModelOptions) -> None:
        folders = [read_folder(options.folder, options.sha256)]
        if options.second is not None:
            folders.append(read_folder(options.second, options.second_sha256))
        wanted = columns(folders, options)
        self.stages = tuple(
            Stage(folder, columns, options) for folder, columns in zip(folders, wanted, strict=True)
        )

    def read(self, text: str) -> Reading:
        """Return what the models say of `text`: the second one's scores where it was asked.

        Raises:
            ModelError: a model cannot be used.
        """
        first = self.stages[0].read(text)
        if len(self.stages) == 1 or not any(score >= c.ask_from for c, score in first.scores):
            return first
        stage = self.stages[1]
        second = stage.read(text)
        kept = [pair for pair in first.scores if pair[0].category not in stage.categories]
        return Reading([*kept, *second.scores], first.unjudged or second.unjudged)
