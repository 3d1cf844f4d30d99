"""The detector around a model: from scores to verdicts."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence

from chopmark import Context, Needs, Verdict

from ._columns import Column, columns
from ._folder import Folder, read_folder
from ._options import ModelOptions
from ._shared import Shared

UNJUDGED = "unjudged"
"""The category of a text that was too long to be judged whole."""

_SILENT = frozenset("PZ")
_SILENT_CONTROLS = frozenset(("Cc", "Cf", "Cs"))


class OnnxDetector:
    """Judges text with a classifier. Shared by threads; the model is loaded at first use.

    A verdict spans the judged text without the white space around it. Its score is the calibrated
    probability, rounded to ten-thousandths. It advises `deny` from the threshold on and `warn`
    below; under `report_from` there is no verdict. A text of more windows than `max_windows` is
    judged in gaps, and has a verdict `unjudged` that advises `deny`.

    Args:
        options: which model, and how it is used.

    Raises:
        ModelError: the folder cannot be used. What only running the model shows is raised by the
            first `judge`, or by `warm_up`.
        PolicyError: the options name a label, category or preset that the model has not.
    """

    def __init__(self, options: ModelOptions) -> None:
        folder = read_folder(options.folder, options.sha256)
        self.name = options.name
        self.blocking = True
        self.needs = Needs.clause() if options.granularity == "clause" else Needs.whole()
        self.columns = columns(folder, options)
        self._most = options.max_windows
        self._shared = Shared(folder, options.threads, options.cache)
        self._cached = options.cache > 0
        self.version = _version(folder, self.columns, self._most)
        named = {column.category for column in self.columns if column.category}
        self.categories = (*sorted(named), UNJUDGED)

    @property
    def folder(self) -> Folder:
        """The model's folder, as it was read."""
        return self._shared.folder

    def warm_up(self) -> None:
        """Load the model in this process now.

        Raises:
            ModelError: it cannot be used.
            PluginError: onnxruntime cannot be imported.
        """
        self._shared.load()

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return what the model finds in `text`, a verdict for each category.

        Raises:
            ModelError: the model cannot be used.
        """
        judged = text.strip()
        if not _says_something(judged):
            return ()
        scores = self._shared.load().score(judged, self._most, cached=self._cached)
        found: dict[str, tuple[bool, float]] = {}
        for column in self.columns:
            score = round(scores.values[column.number], 4)
            if score >= column.report_from:
                hit = score >= column.deny_from, score
                found[column.category] = max(hit, found.get(column.category, hit))
        if not found and scores.judged == scores.tokens:
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
        if scores.judged < scores.tokens:
            detail = f"{scores.judged} of {scores.tokens} tokens judged"
            verdicts.append(Verdict(category=UNJUDGED, start=start, end=end, detail=detail))
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


def _version(folder: Folder, columns: Sequence[Column], most: int) -> str:
    """Return the start of a SHA-256 of all that a verdict depends on."""
    used = [(c.number, c.category, c.report_from, c.deny_from) for c in columns]
    text = json.dumps([folder.digest, used, most])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
