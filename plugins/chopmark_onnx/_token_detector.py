"""The detector around a model that labels tokens, such as one that finds names."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, cast

from chopmark import Context, Needs, PolicyError, Verdict
from chopmark.hookspecs import Detector

from ._calls import Calls
from ._detector import OUTCOMES
from ._entities import Entity, read_tag
from ._folder import read_folder
from ._heads import Head
from ._options import ModelOptions
from ._progress import Progress
from ._shared import Shared
from ._text import LATE, UNJUDGED

if TYPE_CHECKING:
    from ._token_scorer import TokenScorer


class TokenDetector:
    """Finds what a token classifier names. Shared by threads; loaded at first use.

    The category of a verdict is the label without its `B-` or `I-`, or what the option `heads`
    calls it; its span is that of the tokens, its score their mean probability. It advises `deny`
    from the option `threshold` on, `warn` below, and is not there under `report_from`.

    Args:
        options: which model, and how it is used.

    Raises:
        ModelError: the folder cannot be used.
        PolicyError: the options name a label that the model has not, or ask for what only a
            classifier of whole texts has: a second model, or a preset of thresholds.
    """

    def __init__(self, options: ModelOptions) -> None:
        self.folder = read_folder(options.folder, options.sha256, options.max_bytes)
        self.name = options.name
        self.blocking = True
        self.needs = Needs.clause() if options.granularity == "clause" else Needs.whole()
        self._categories = _categories(self.folder.path, self.folder.heads, options)
        self._deny_from = _deny_from(self._categories.values(), options)
        self._report_from = (
            self.folder.report_from if options.report_from is None else options.report_from
        )
        running = options.running()
        self.shared = Shared(self.folder, running, 0)
        self._options = options
        self._calls = Calls(options.budget_ms)
        self.categories = (*sorted({*self._categories.values()} - {""}), UNJUDGED)
        used = [
            self.folder.digest, sorted(self._categories.items()), sorted(self._deny_from.items()),
            self._report_from, options.max_windows, options.budget_ms, options.on_budget,
            running.providers, running.batch > 1,
        ]  # fmt: skip
        self.version = hashlib.sha256(json.dumps(used).encode()).hexdigest()[:16]

    def warm_up(self) -> None:
        """Load the model in this process now; raise `ModelError` where it cannot be used."""
        self.shared.load()

    def begin(self, context: Context) -> Detector:
        """Return what judges one text piece by piece, within the time that its call has left."""
        return _TextInProgress(self, self._calls.begin(context), self.needs)

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return what the model finds in `text`, from left to right.

        Raises:
            ModelError: the model cannot be used.
        """
        return self.judge_within(Progress(self._options.budget_ms), text)

    def judge_within(self, progress: Progress, text: str) -> Sequence[Verdict]:
        """Do what `judge` does, as the next step in the progress of a text."""
        if not text.strip():
            return ()
        if progress.budget.left <= 0:
            return [self._late(text, progress.says("nothing judged, others before it were"))]
        scorer = cast("TokenScorer", self.shared.load())  # what a folder of this kind is loaded as
        started = perf_counter()
        found = scorer.find(text, self._options.max_windows, started + progress.budget.left)
        progress.budget.left -= perf_counter() - started
        verdicts = [
            Verdict(
                category=category,
                start=start,
                end=end,
                score=round(score, 4),
                outcome="deny" if score >= self._deny_from[category] else "warn",
            )
            for name, start, end, score in (_bare(text, one) for one in found.entities)
            if (category := self._categories[name])
            and (score >= self._report_from or score >= self._deny_from[category])
        ]
        judged = f"{found.judged} of {found.tokens} tokens judged"
        if found.windows < found.planned:
            verdicts.append(self._late(text, progress.says(judged)))
        elif found.judged < found.tokens:
            verdicts.append(Verdict(category=UNJUDGED, start=0, end=len(text), detail=judged))
        return verdicts

    def _late(self, text: str, detail: str) -> Verdict:
        outcome = OUTCOMES[self._options.on_budget]
        return Verdict(category=LATE, start=0, end=len(text), outcome=outcome, detail=detail)


class _TextInProgress:
    """Judges the pieces of one text, all within the budget of its call."""

    def __init__(self, detector: TokenDetector, progress: Progress, needs: Needs) -> None:
        self.name = detector.name
        self.version = detector.version
        self.needs = needs
        self.blocking = detector.blocking
        self._detector = detector
        self._progress = progress

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        return self._detector.judge_within(self._progress, text)


def _bare(text: str, entity: Entity) -> Entity:
    # Tokenizers that mark the beginning of words count the space before a word as part of it.
    part = text[entity.start : entity.end]
    start = entity.start + len(part) - len(part.lstrip())
    return entity._replace(start=start, end=start + len(part.strip()))


def _categories(path: Path, heads: Sequence[Head], options: ModelOptions) -> dict[str, str]:
    """Return what each entity is called, empty where it is left out."""
    names = list(dict.fromkeys(read_tag(head.label).entity for head in heads))
    names = [name for name in names if name]
    for name in options.heads:
        if name not in names:
            raise PolicyError(
                f"plugin 'onnx', option 'heads.{name}': {str(path)!r} has no such label; there "
                f"are {', '.join(names)}"
            )
    if options.second is not None:
        raise PolicyError(
            f"plugin 'onnx', option 'second': {str(path)!r} labels tokens, and a second model is "
            "asked about whole texts; name both in `models`"
        )
    return {name: options.heads.get(name, name) for name in names}


def _deny_from(categories: Collection[str], options: ModelOptions) -> Mapping[str, float]:
    wanted = options.threshold
    if isinstance(wanted, str):
        raise PolicyError(
            f"plugin 'onnx', option 'threshold' = {wanted!r}: a model that labels tokens has no "
            "presets; write a score from 0 to 1, or a table of them by category"
        )
    if not isinstance(wanted, Mapping):
        return dict.fromkeys(categories, math.inf if wanted is None else wanted)
    for name in wanted:
        if name not in categories:
            raise PolicyError(
                f"plugin 'onnx', option 'threshold.{name}': there is no such category; there are "
                f"{', '.join(sorted(categories))}"
            )
    return {category: wanted.get(category, math.inf) for category in categories}
