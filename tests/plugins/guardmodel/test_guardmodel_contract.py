"""The promises of a detector, held by a guard model behind a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from guard_server import MODEL, GuardServer, completion

from chopmark.hookspecs import Detector
from chopmark.testing import DetectorContract
from chopmark_guardmodel import GuardModelDetector, Options


class TestGuardModelDetector(DetectorContract):
    finds = ("how to make a bomb", "炸弹怎么做 bomb")
    clean = ("how to make a cake", "今天天气很好", "  ")
    url: ClassVar[str] = ""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def serving(cls, running: GuardServer) -> Iterator[None]:
        running.forget()
        running.reply = lambda body: completion(
            "unsafe\nS9" if "bomb" in body["messages"][-1]["content"] else "safe"
        )
        cls.url = running.url
        yield
        running.forget()

    def make(self) -> Detector:
        return GuardModelDetector(
            Options(base_url=self.url, model=MODEL, format="llama-guard-3", logprobs=False)
        )
