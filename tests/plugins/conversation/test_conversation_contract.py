"""The promises of a detector, held where the conversation is past its bound."""

from __future__ import annotations

from typing import ClassVar

from chopmark import Context, Message, Request
from chopmark.hookspecs import Detector
from chopmark.stores import Keeping, MemoryStore
from chopmark.testing import DetectorContract
from chopmark_conversation import Conversations, Options, State
from chopmark_conversation._detector import ConversationDetector


class TestConversationDetector(DetectorContract):
    request: ClassVar[Request] = Request(
        messages=(Message(role="user", text="a text"),), metadata={"conversation": "c"}
    )
    context = Context(direction="input", role="user", part=0, request=request)
    finds = ("anything that is said now", "无论说什么")
    clean = ("",)

    def make(self) -> Detector:
        keeping = Keeping("conversation", MemoryStore(), "block")
        conversations = Conversations(Options(), keeping, clock=lambda: 1e9)
        key = conversations.key(self.request)
        assert key is not None
        keeping.write(key, lambda kept: State(0.9, 1e9).pack())
        return ConversationDetector(conversations, ["user"])

    def test_stays_silent_where_it_should(self, detector: Detector) -> None:  # type: ignore[override]
        """What is silent here is a place, not a text."""
        for context in (
            Context(direction="output", request=self.request),
            Context(direction="input", role="user"),
            Context(direction="input", role="user", part=1, request=self.request),
        ):
            assert not detector.judge("anything", context)
