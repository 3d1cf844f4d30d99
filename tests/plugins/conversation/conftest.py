"""A detector that reads its scores from the text, and a chat that goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chopmark import Chopmark, Context, Needs, Policy, Request, Response, Rules, Verdict, calling
from chopmark.testing import MemoryLog, plugin
from chopmark_conversation import Conversation


class Scores:
    """Gives `risk=0.6` a verdict of category `violence` and score 0.6; `pii=1` one of `pii`."""

    name, version, blocking, needs = "scores", "1", False, Needs.whole()

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        return [
            Verdict(
                category={"risk": "violence"}.get(m[1], m[1]),
                start=m.start(),
                end=m.end(),
                score=float(m[2]),
                outcome="allow",
            )
            for m in re.finditer(r"([a-z]+)=([\d.]+)", text)
        ]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_732_400_000.0

    def __call__(self) -> float:
        return self.now


class Chat:
    """A conversation in which the application sends everything again with each turn."""

    def __init__(self, chop: Chopmark, **settings: Any) -> None:
        self.settings = {"metadata": {"conversation": "c-1"}, **settings}
        self.said: list[dict[str, str]] = []
        self.responses: list[Response] = []
        self.reply = "fine"
        self._answer: Callable[[Any], str] = chop.guard(
            on_response=self.responses.append, on_block="refuse"
        )(lambda messages: self.reply)

    def say(self, *texts: str, role: str = "user") -> str:
        """Say `texts`, and return what was done with the last turn."""
        for text in texts:
            asked = [*self.said, {"role": role, "content": text}]
            with calling(**self.settings):
                answer = self._answer(asked)
            if self.responses[-1].action in ("allow", "modify"):
                self.said = [*asked, {"role": "assistant", "content": answer}]
        return self.responses[-1].action

    @property
    def risk(self) -> float:
        """The risk after the last turn."""
        risk: Any = self.responses[-1].metadata["conversation_risk"]
        return float(risk)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


RULES = Rules(both={"violence": {"block": 0.9, "warn": 0.8}, "pii": "warn"})


@pytest.fixture
def make(clock: Clock, log: MemoryLog) -> Callable[..., Chopmark]:
    """Return a function that makes a policy that follows conversations, with options."""

    def made(*, store: Any = "memory", rules: Rules = RULES, **options: Any) -> Chopmark:
        policy = options.pop("policy", Policy(name="c", rules=rules))
        following = Conversation(store, clock=clock, **options)
        return Chopmark(policy, plugins=[following, plugin(detectors=[Scores()], log=log)])

    return made


@pytest.fixture
def chat(make: Callable[..., Chopmark]) -> Chat:
    return Chat(make())


__all__ = ["Chat", "Clock", "Request", "Scores"]
