"""The detector around a model: from scores to verdicts."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence

from chopmark import Context, Needs, Verdict

from ._cascade import Cascade, Stage
from ._folder import Folder
from ._options import ModelOptions

UNJUDGED = "unjudged"
"""The category of a text that was too long to be judged whole."""

_SILENT = frozenset("PZ")
_SILENT_CONTROLS = frozenset(("Cc", "Cf", "Cs"))


class OnnxDetector:
    """Judges text with a classifier, or with two. Shared by threads; loaded at first use.

    A verdict spans the judged text without the white space around it. Its score is the calibrated
    probability, rounded to ten-thousandths. It advises `deny` from the threshold on and `warn`
    below; under `report_from` there is no verdict. A text of more windows than `max_windows` is
    judged in gaps, and has a verdict `unjudged` that advises `deny`.

    Where the first model's score of a category reaches `unsure`, the second one is asked, and its
    scores stand in the place of the first one's for every category that it has.

    Args:
        options: which models, and how they are used.

    Raises:
        ModelError: a folder cannot be used. What only running the model shows is raised by the
            first `judge`, or by `warm_up`.
        PolicyError: the options name a label, category or preset that the models have not.
    """

    def __init__(self, options: ModelOptions) -> None:
        self._cascade = Cascade(options)
        self.name = options.name
        self.blocking = True
        self.needs = Needs.clause() if options.granularity == "clause" else Needs.whole()
        self.version = _version(self.stages, options.max_windows)
        named = {category for stage in self.stages for category in stage.categories}
        self.categories = (*sorted(named), UNJUDGED)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The models in the order in which they are asked."""
        return self._cascade.stages

    @property
    def folder(self) -> Folder:
        """The folder of the first model, as it was read."""
        return self.stages[0].folder

    def warm_up(self) -> None:
        """Load the models in this process now.

        Raises:
            ModelError: one cannot be used.
            PluginError: onnxruntime cannot be imported.
        """
        for stage in self.stages:
            stage.shared.load()

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return what the models find in `text`, a verdict for each category.

        Raises:
            ModelError: a model cannot be used.
        """
        judged = text.strip()
        if not _says_something(judged):
            return ()
        reading = self._cascade.read(judged)
        found: dict[str, tuple[bool, float]] = {}
        for column, score in reading.scores:
            if score >= column.report_from:
                hit = score >= column.deny_from, score
                found[column.category] = max(hit, found.get(column.category, hit))
        if not found and not reading.unjudged:
            return ()
        start = len(text) - len(text.lstrip())
        end = start + len(judged)
        verdicts = [
            Verdict(
                category=category,
                start=start,
                end=end,
                score=score,
                outcome="deny" if deny else "warn",
            )
            for category, (deny, score) in found.items()
        ]
        if reading.unjudged:
            verdicts.append(
                Verdict(category=UNJUDGED, start=start, end=end, detail=reading.unjudged)
            )
        return verdicts


def _says_something(text: str) -> bool:
    """Return whether `text` has more than punctuation, space and control characters.

    A text of nothing but full stops has as many clauses as characters; no model is asked then.
    """
    for character in text:
        if character.isalnum():
            return True
        category = unicodedata.category(character)
        if category[0] not in _SILENT and category not in _SILENT_CONTROLS:
            return True
    return False


def _version(stages: Sequence[Stage], most: int) -> str:
    """Return the start of a SHA-256 of all that a verdict depends on."""
    used = [
        [
            stage.folder.digest,
            [(c.number, c.category, c.report_from, c.deny_from, c.ask_from) for c in stage.columns],
        ]
        for stage in stages
    ]
    return hashlib.sha256(json.dumps([used, most]).encode()).hexdigest()[:16]
