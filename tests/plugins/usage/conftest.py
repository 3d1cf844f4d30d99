"""A service whose detector stops what is bad, and users who come back to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chopmark import Chopmark, Policy, Response, Rules, calling
from chopmark.testing import MemoryLog, WordDetector, plugin
from chopmark_usage import UsageLimits

NOON = 1_732_420_800.0  # in Beijing, on 2024-11-24


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


class Service:
    """Answers "fine" to everything that gets through."""

    def __init__(self, chop: Chopmark) -> None:
        self.responses: list[Response] = []
        guard = chop.guard(on_response=self.responses.append, on_block="refuse")
        self._answer: Callable[[Any], str] = guard(lambda messages: "fine")

    def say(self, *said: Any, user: str = "u", **settings: Any) -> str:
        """Say each text in a call of its own, and return what the last one was answered with."""
        answer = ""
        for one in said:
            asked = [{"role": "user", "content": one}] if isinstance(one, str) else one
            with calling(user=user, **settings):
                answer = self._answer(asked)
        return answer

    @property
    def last(self) -> Response:
        """The last call's response."""
        return self.responses[-1]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def make(clock: Clock, log: MemoryLog) -> Callable[..., Service]:
    """Return a function that makes a service, with options of the plugin."""

    def made(*, store: Any = "memory", policy: Policy | None = None, **options: Any) -> Service:
        words = WordDetector({"bad": "deny", "mail": "modify"})
        brought = [UsageLimits(store, clock=clock, **options), plugin(detectors=[words], log=log)]
        own = policy or Policy(name="service", roles=("user", "tool"), audiences=AUDIENCES)
        return Service(Chopmark(own, plugins=brought))

    return made


AUDIENCES = {"minor": Rules()}
