"""The detector around a model: from scores to verdicts."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence

from chopmark import Context, Needs, Outcome, Verdict
from chopmark.hookspecs import Detector

from ._calls import Calls
from ._cascade import Cascade, Reading, Stage
from ._columns import Column
from ._folder import Folder
from ._minors import mentions_minor
from ._options import ModelOptions, OnBudget
from ._progress import Progress

UNJUDGED = "unjudged"
"""The category of a text that was too long to be judged whole."""

LATE = f"{UNJUDGED}.budget"
"""The category of a text for which the time did not suffice."""

SEXUAL_MINORS = "sexual_minors"
"""The category of what is sexual and mentions a minor; it always advises `deny`, also where the
policy leaves the label `sexual` out or gives it another name."""

SEXUAL_MINORS_FROM = 0.1
"""The score of `sexual` from which that holds: far below what is denied among adults."""

BEFORE = 96
"""The most characters of the text so far that a model is shown with a new clause."""

_WORD = 24
# How many of the last clauses of a text are known again, with what stands in front of them.
_ALIKE = 64
Found = tuple[Sequence[Verdict], Mapping[str, float]]
"""Verdicts, and the score of every category, reported or not."""

OUTCOMES: Mapping[OnBudget, Outcome] = {"block": "deny", "allow": "allow", "warn": "warn"}
"""What is advised where time did not suffice."""

_SOON = 32
_SILENCE = Reading(())
_SILENT = frozenset("PZ")
_SILENT_CONTROLS = frozenset(("Cc", "Cf", "Cs"))


class OnnxDetector:
    """Judges text with a classifier, or with two. Shared by threads; loaded at first use.

    A verdict spans the judged text without the white space around it. Its score is the calibrated
    probability, rounded to ten-thousandths. It advises `deny` from the threshold on and `warn`
    below; under `report_from` there is no verdict. A text of more windows than `max_windows` is
    judged in gaps, and has a verdict `unjudged` that advises `deny`.

    Where the first model's score of a category reaches `unsure`, the second one is asked, and its
    scores stand in the place of the first one's for every category that it has. With
    `second_reads` = `whole` it reads every text that is no part of another one.

    With `budget_ms`, no window is begun once that much time was spent on a call: all its messages
    and all clauses of its answer together. What is left has a verdict `unjudged.budget`, which
    advises what `on_budget` says.

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
        self.version = _version(self._cascade, options)
        self._budget_ms = options.budget_ms
        self._calls = Calls(options.budget_ms)
        self._on_budget = OUTCOMES[options.on_budget]
        columns = [column for stage in self.stages for column in stage.columns]
        named = {column.category for column in columns} - {""}
        minors = (SEXUAL_MINORS,) if any(column.sexual for column in columns) else ()
        self.categories = (*sorted(named), *minors, UNJUDGED)

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

    def begin(self, context: Context) -> Detector:
        """Return what judges one text piece by piece, within the time that its call has left.

        A message of a request is there from the beginning, so it is judged whole.
        """
        whole = context.direction == "input"
        needs = Needs.whole() if whole else self.needs
        return _TextInProgress(self, self._calls.begin(context), needs)

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return what the models find in `text`, a verdict for each category.

        Raises:
            ModelError: a model cannot be used.
        """
        return self.judge_within(Progress(self._budget_ms), text)[0]

    def judge_with_scores(self, text: str, context: Context) -> Found:
        """Return what `judge` does, and the score of every category, reported or not.

        Raises:
            ModelError: a model cannot be used.
        """
        return self.judge_within(Progress(self._budget_ms), text)

    def judge_within(self, progress: Progress, text: str, before: str | None = None) -> Found:
        """Do what `judge_with_scores` does, as the next step in the progress of a text.

        With `before`, `text` is a part of it: the models are shown that, too, which stands in front
        of `text` and was judged.
        """
        whole, before = before is None, before or ""
        speaks = _says_something(text)
        reading = self._read(before + text, progress, whole=whole) if speaks else _SILENCE
        reading = _with_minors(reading, before + text)
        scores = dict.fromkeys(self.categories, 0.0)
        for column, score in reading.scores:
            if column.category:
                scores[column.category] = max(score, scores[column.category])
        scores[UNJUDGED] = float(bool(reading.unjudged or reading.late))
        return self._verdicts(text, reading), scores

    def _read(self, text: str, progress: Progress, *, whole: bool) -> Reading:
        judged = text.strip()
        if not _says_something(judged):
            return _SILENCE
        return self._cascade.read(judged, progress, whole=whole)

    def _verdicts(self, text: str, reading: Reading) -> Sequence[Verdict]:
        found: dict[str, tuple[bool, float]] = {}
        for column, score in reading.scores:
            if score >= column.report_from:
                hit = score >= column.deny_from, score
                found[column.category] = max(hit, found.get(column.category, hit))
        if not found and not reading.unjudged and not reading.late:
            return ()
        start = len(text) - len(text.lstrip())
        end = start + len(text.strip())
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
        if reading.late:
            verdicts.append(
                Verdict(
                    category=LATE,
                    start=start,
                    end=end,
                    outcome=self._on_budget,
                    detail=reading.late,
                )
            )
        return verdicts


class _TextInProgress:
    """Judges the pieces of one text within its call's budget, each behind the end of those before.

    A clause alone often has another sense than in its text: of long texts half as many harmless
    ones are flagged with 96 characters in front as without (5 % and 10 % of 324, of the corpus),
    and as many harmful ones; more in front does not help further.
    """

    def __init__(self, detector: OnnxDetector, progress: Progress, needs: Needs) -> None:
        self.name = detector.name
        self.version = detector.version
        self.needs = needs
        self.blocking = detector.blocking
        self._detector = detector
        self._progress = progress
        self._before = ""
        # What was found in a clause behind another text, and what the next one is shown of both.
        self._known: dict[tuple[str, str], tuple[Found, str]] = {}

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        return self.judge_with_scores(text, context)[0]

    def judge_with_scores(self, text: str, context: Context) -> Found:
        if self.needs.kind == "whole":  # every piece begins where the text does
            return self._detector.judge_within(self._progress, text)
        asked = self._before, text
        if (known := self._known.get(asked)) is not None:
            found, self._before = known
            return found
        found = self._detector.judge_within(self._progress, text, self._before)
        # What was reported would be again, in the clauses behind it.
        self._before = "" if found[0] else _tail(self._before + text)
        if self._progress.budget.left > 0:  # else some of it may not be judged
            if len(self._known) >= _ALIKE:
                self._known.clear()
            self._known[asked] = found, self._before
        return found


def _with_minors(reading: Reading, text: str) -> Reading:
    """Add the rule over what is sexual: with a mention of a minor it is another category."""
    sexual = max((score for column, score in reading.scores if column.sexual), default=0.0)
    if sexual < SEXUAL_MINORS_FROM or not mentions_minor(text):
        return reading
    column = Column(-1, SEXUAL_MINORS, SEXUAL_MINORS, SEXUAL_MINORS_FROM, SEXUAL_MINORS_FROM)
    return reading._replace(scores=[*reading.scores, (column, sexual)])


def _tail(text: str) -> str:
    """Return the end of `text`, from the beginning of a word on."""
    if len(text) <= BEFORE:
        return text
    tail = text[-BEFORE:]
    head, space, rest = tail.partition(" ")
    return rest if space and len(head) < _WORD else tail


def _says_something(text: str) -> bool:
    """Return whether `text` has more than punctuation, space and control characters.

    A text of nothing but full stops has as many clauses as characters; no model is asked then.
    """
    # Nearly every text speaks at once; of one that is long silent each character is looked at once.
    return any(map(_speaks, text[:_SOON])) or any(map(_speaks, {*text[_SOON:]}))


def _speaks(character: str) -> bool:
    if character.isalnum():
        return True
    category = unicodedata.category(character)
    return category[0] not in _SILENT and category not in _SILENT_CONTROLS


def _version(cascade: Cascade, options: ModelOptions) -> str:
    """Return the start of a SHA-256 of all that a verdict depends on."""
    used = [
        [
            stage.folder.digest,
            [(c.number, c.category, c.report_from, c.deny_from, c.ask_from) for c in stage.columns],
        ]
        for stage in cascade.stages
    ]
    running = cascade.running
    limits = [
        options.max_windows, options.budget_ms, options.on_budget, options.second_reads,
        running.providers, running.batch > 1,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps([used, limits]).encode()).hexdigest()[:16]
