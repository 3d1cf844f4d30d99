"""One text in progress: an answer clause by clause, or a message in all that it may say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from chopmark import Context, Needs, Verdict
from chopmark.together import end_of

from ._progress import Progress

if TYPE_CHECKING:
    from ._detector import OnnxDetector

UNJUDGED = "unjudged"
"""The category of a text that was too long to be judged whole."""

LATE = f"{UNJUDGED}.budget"
"""The category of a text for which the time did not suffice."""

BEFORE = 96
"""The most characters of the text so far that a model is shown with a new clause."""

Found = tuple[Sequence[Verdict], Mapping[str, float]]
"""Verdicts, and the score of every category, reported or not."""

# How many of the last clauses of a text are known again, with what stands in front of them.
_ALIKE = 64


class TextInProgress:
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
        if context.direction == "input":
            return self._judge_message(text, context)
        if self.needs.kind == "whole":  # every piece begins where the text does
            return self._detector.judge_within(self._progress, text)
        asked = self._before, text
        if (known := self._known.get(asked)) is not None:
            found, self._before = known
            return found
        found = self._detector.judge_within(self._progress, text, self._before)
        # What was reported would be again, in the clauses behind it.
        self._before = "" if found[0] else end_of(self._before + text, BEFORE)
        if self._progress.budget.left > 0:  # else some of it may not be judged
            if len(self._known) >= _ALIKE:
                self._known.clear()
            self._known[asked] = found, self._before
        return found

    def _judge_message(self, text: str, context: Context) -> Found:
        """Judge a message, and where nothing speaks against it, what else it says."""
        detector, progress = self._detector, self._progress
        verdicts, scores = detector.judge_message(progress, text)
        for judge in (detector.judge_turned, detector.judge_across):
            if any(one.outcome == "deny" or one.category == LATE for one in verdicts):
                break
            verdicts = [*verdicts, *judge(progress, text, context)]
        return verdicts, scores
