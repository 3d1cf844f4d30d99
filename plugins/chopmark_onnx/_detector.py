"""The detector around a model: from scores to verdicts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from chopmark import Context, Needs, Outcome, Verdict
from chopmark.decoding import decode, written_out
from chopmark.hookspecs import Detector
from chopmark.together import together

from ._calls import Calls
from ._cascade import Cascade, Reading, Stage
from ._columns import Column
from ._folder import Folder
from ._minors import mentions_minor
from ._options import ModelOptions, OnBudget
from ._progress import Progress
from ._silence import says_something
from ._text import LATE, UNJUDGED, Found, TextInProgress

SEXUAL_MINORS = "sexual_minors"
"""The category of what is sexual and mentions a minor; it always advises `deny`, also where the
policy leaves the label `sexual` out or gives it another name."""

SEXUAL_MINORS_FROM = 0.1
"""The score of `sexual` from which that holds: far below what is denied among adults."""

OUTCOMES: Mapping[OnBudget, Outcome] = {"block": "deny", "allow": "allow", "warn": "warn"}
"""What is advised where time did not suffice."""

INJECTION = "injection"
"""The category that is not looked for across messages: one task behind another of another kind
looks like an attempt to set the first one aside."""

_SILENCE = Reading(())
_RULES = 2  # changes with how texts are read, so that `version` does


class OnnxDetector:
    """Judges text with a classifier, or with two. Shared by threads; loaded at first use.

    A verdict spans the judged text without the white space around it. Its score is the calibrated
    probability, rounded to ten-thousandths. It advises `deny` from the threshold on and `warn`
    below; under `report_from` there is no verdict. A text of more windows than `max_windows` is
    judged in gaps, and has a verdict `unjudged` that advises `deny`.

    Where the first model's score of a category reaches `unsure`, the second one is asked, and its
    scores stand in the place of the first one's for every category that it has. With
    `second_reads` = `whole` it reads every text that is no part of another one.

    What a user says in several messages is read as one text, too: the last `across` characters of
    the messages before each, and as many of its own. So is what the codes in a message say. That is
    read as a clause is, by the second model where the first is unsure, and what is denied there is
    a verdict on the later message, or on the codes.

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
        self._across = options.across
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
        return TextInProgress(self, self._calls.begin(context), needs)

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
        speaks = says_something(text)
        reading = self._read(before + text, progress, whole=whole) if speaks else _SILENCE
        reading = _with_minors(reading, before + text)
        scores = dict.fromkeys(self.categories, 0.0)
        for column, score in reading.scores:
            if column.category:
                scores[column.category] = max(score, scores[column.category])
        scores[UNJUDGED] = float(bool(reading.unjudged or reading.late))
        return self._verdicts(text, reading), scores

    def judge_message(self, progress: Progress, text: str) -> Found:
        """Do what `judge_with_scores` does for a message, with its codes written out."""
        seen = written_out(text)
        found, scores = self.judge_within(progress, seen)
        if seen == text:
            return found, scores
        start, end = _span(text)
        return [replace(one, start=start, end=end) for one in found], scores

    def judge_turned(self, progress: Progress, text: str, context: Context) -> Sequence[Verdict]:
        """Return what is to be denied of what `text` says in ROT13, at the place of that."""
        found: list[Verdict] = []
        for part in decode(text):
            if part.turned:
                found += self._denied(progress, part.text, part.span, "decoded")
        return found

    def judge_across(self, progress: Progress, text: str, context: Context) -> Sequence[Verdict]:
        """Return what is to be denied of `text` because of what its user said before it."""
        found = together(text, context, self._across)
        if found is None:
            return ()
        detail = f"with {found.messages} before"
        turned = [part.text for part in decode(found.text) if part.turned]
        for said in (written_out(found.text), *turned):
            verdicts = self._denied(progress, said, _span(text), detail)
            verdicts = [one for one in verdicts if one.category != INJECTION]
            if verdicts:
                return verdicts
        return ()

    def _denied(
        self, progress: Progress, text: str, span: tuple[int, int], detail: str
    ) -> Sequence[Verdict]:
        """Return what is to be denied of `text`, which stands for a `span` of a message.

        It is read as a clause is: by the second model where the first one is unsure.
        """
        own = Progress(progress.milliseconds, progress.budget)  # no part of what was read so far
        reading = _with_minors(self._read(text, own, whole=False), text)
        start, end = span
        return [
            replace(verdict, start=start, end=end, detail=verdict.detail or detail)
            for verdict in self._verdicts(text, reading)
            if verdict.outcome == "deny" or verdict.category == LATE
        ]

    def _read(self, text: str, progress: Progress, *, whole: bool) -> Reading:
        judged = text.strip()
        if not says_something(judged):
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
        start, end = _span(text)
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


def _with_minors(reading: Reading, text: str) -> Reading:
    """Add the rule over what is sexual: with a mention of a minor it is another category."""
    sexual = max((score for column, score in reading.scores if column.sexual), default=0.0)
    if sexual < SEXUAL_MINORS_FROM or not mentions_minor(text):
        return reading
    column = Column(-1, SEXUAL_MINORS, SEXUAL_MINORS, SEXUAL_MINORS_FROM, SEXUAL_MINORS_FROM)
    return reading._replace(scores=[*reading.scores, (column, sexual)])


def _span(text: str) -> tuple[int, int]:
    """Return where `text` begins and ends without the white space around it."""
    start = len(text) - len(text.lstrip())
    return start, start + len(text.strip())


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
        options.across, _RULES, running.providers, running.batch > 1,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps([used, limits]).encode()).hexdigest()[:16]
