"""A text's screening with the score of every category, whether it became a verdict or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ._chopmark import Chopmark
from ._scanners import open_scanner
from ._screen import Screen
from ._values import Context, Direction, Screening, Verdict
from ._watch import Watch
from .deciding import act
from .hookspecs import Detector, Scanner
from .policy import language_of

_ROLES: Mapping[Direction, str] = {"input": "user", "output": "assistant"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What a policy makes of a text.

    `scores` has every category that a detector says it has, the highest of what was found in any
    part of the text, 0 where nothing was. A narrower category counts for its broader one. Unlike
    the verdicts, which end where the text is denied, it is of the whole text.
    """

    screening: Screening
    scores: Mapping[str, float]


def screen_scored(chop: Chopmark, text: str, direction: Direction, audience: str) -> Scored:
    """Judge a text outside a call. Nothing is marked or recorded.

    Raises:
        RequestError: the policy knows no such audience.
    """
    engine = chop._engine
    engine.decider.check_audience(audience)
    context = Context(direction=direction, role=_ROLES[direction], audience=audience)
    heard = _Scores(engine.detectors)
    watches = [
        Watch(detector, _Tapped(heard.scanner(detector, context, engine.cap(context)), heard))
        for detector in engine.detectors
    ]
    decide = partial(engine.decider.outcome, audience=audience)
    screen = Screen(watches, decide, engine.policy.on_error.detector)
    screen.place(context, 0)
    out = screen.feed(text)
    out += screen.finish()
    if screen.stopped:
        _hear_the_end(watches, {failure.name for failure in screen.failures})
    action = act(screen.verdicts)
    if screen.stopped and action not in ("block", "escalate"):
        action = "block"
    refused = action in ("block", "escalate")
    screening = Screening(
        text="" if refused else out,
        action=action,
        verdicts=tuple(screen.verdicts),
        failures=tuple(screen.failures),
        refusal=engine.policy.refusal(language_of(text)) if refused else "",
    )
    return Scored(screening=screening, scores=heard.scores)


def _hear_the_end(watches: Sequence[Watch], broken: set[str]) -> None:
    """Let every detector judge the end of a text that was denied before it."""
    for watch in watches:
        if watch.detector.name in broken:
            continue
        try:
            watch.scanner.finish()
        except Exception:  # noqa: BLE001  the text is denied already; scores are what is left
            continue


class _Scores:
    """The highest score of each category so far."""

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self.scores: dict[str, float] = {
            category: 0.0
            for detector in detectors
            for category in getattr(detector, "categories", ())
        }

    def add(self, category: str, score: float) -> None:
        known = category
        while known not in self.scores and "." in known:
            known = known.rpartition(".")[0]
        key = known if known in self.scores else category
        self.scores[key] = round(max(score, self.scores.get(key, 0.0)), 4)

    def scanner(self, detector: Detector, context: Context, cap: int) -> Scanner:
        """Return a scanner of one text, which tells the scores that the detector can tell."""
        if not hasattr(detector, "judge_with_scores"):
            return open_scanner(detector, context, cap)
        begin = getattr(detector, "begin", None)
        judging = begin(context) if begin is not None else detector
        return open_scanner(_Telling(judging, self), context, cap)


class _Telling:
    """A detector that tells all its scores, and then returns its verdicts."""

    def __init__(self, detector: Any, scores: _Scores) -> None:
        self.name = detector.name
        self.version = detector.version
        self.needs = detector.needs
        self.blocking = detector.blocking
        self._judge = detector.judge_with_scores
        self._scores = scores

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        verdicts: Sequence[Verdict]
        verdicts, scores = self._judge(text, context)
        for category, score in scores.items():
            self._scores.add(category, score)
        return verdicts


class _Tapped:
    """A scanner whose verdicts are heard before the policy decides on them."""

    def __init__(self, scanner: Scanner, scores: _Scores) -> None:
        self.settled = scanner.settled
        self._scanner = scanner
        self._scores = scores

    def feed(self, text: str) -> Sequence[Verdict]:
        try:
            return self._heard(self._scanner.feed(text))
        finally:
            self.settled = self._scanner.settled

    def finish(self) -> Sequence[Verdict]:
        try:
            return self._heard(self._scanner.finish())
        finally:
            self.settled = self._scanner.settled

    def _heard(self, verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
        for verdict in verdicts:
            self._scores.add(verdict.category, verdict.score)
        return verdicts
