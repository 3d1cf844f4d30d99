"""The detector that judges a request by the conversation that it goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from chopmark import Request, Verdict
from chopmark.detecting import RequestDetector

from ._conversations import Conversations
from ._options import Options

CATEGORY = "conversation.risk"


class ConversationDetector(RequestDetector):
    """Gives a request the verdict of its conversation, where that passes the bound.

    The score is the risk. The verdict spans nothing: it is not about what was said now.
    """

    def __init__(self, conversations: Conversations, roles: Sequence[str]) -> None:
        super().__init__(roles)
        self.name = "conversation"
        self.categories = ("conversation",)
        self.blocking = conversations.keeping.blocking
        self.version = _version(conversations.options)
        self._conversations = conversations

    def warm_up(self) -> None:
        """Ask the store once, so that one which cannot be reached is known before the first call.

        Raises:
            StoreError: it does not answer.
        """
        self._conversations.keeping.read("0" * 32)

    def judge_request(self, request: Request) -> Sequence[Verdict]:
        """Return the verdict of the conversation that `request` goes on."""
        conversations = self._conversations
        key = conversations.key(request)
        risk = 0.0 if key is None else conversations.risk(key)
        if risk < conversations.options.bound:
            return ()
        return [Verdict(category=CATEGORY, start=0, end=0, score=round(risk, 4))]


def _version(options: Options) -> str:
    """Return the start of a SHA-256 of all that a verdict depends on, beside the turns."""
    build = options.build
    used = [
        options.bound, options.key, build.share, build.floor, build.half_life_turns,
        build.half_life_seconds, build.weights,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(used, sort_keys=True).encode()).hexdigest()[:16]
