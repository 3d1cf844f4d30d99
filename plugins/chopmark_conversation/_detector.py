"""The detector that judges a request by the conversation that it goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from chopmark import Context, Needs, Request, Verdict
from chopmark.hookspecs import Scanner

from ._conversations import Conversations
from ._options import Options

CATEGORY = "conversation.risk"


class ConversationDetector:
    """Gives a request the verdict of its conversation, where that passes the bound.

    The verdict stands once, at the start of the last message that is judged, and spans nothing:
    it is not about that text. Its score is the risk. A `StreamDetector`, shared by threads.
    """

    def __init__(self, conversations: Conversations, roles: Sequence[str]) -> None:
        self.name = "conversation"
        self.categories = ("conversation",)
        self.blocking = conversations.store.blocking
        self.needs = Needs.whole()
        self.version = _version(conversations.options)
        self._conversations = conversations
        self._roles = frozenset(roles)

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return the verdict of the conversation that `text` belongs to."""
        return self.open(context).finish()

    def open(self, context: Context) -> Scanner:
        """Return a scanner of one text; for all but the last message of a request it is idle."""
        return _Scanner(self._conversations, self._last(context))

    def _last(self, context: Context) -> Request | None:
        request = context.request
        if request is None or context.direction != "input":
            return None
        judged = [n for n, m in enumerate(request.messages) if m.text and m.role in self._roles]
        return request if judged[-1:] == [context.part] else None


class _Scanner:
    """Holds nothing back; asks the store at the end of the text."""

    def __init__(self, conversations: Conversations, request: Request | None) -> None:
        self.settled = 0
        self._conversations = conversations
        self._request = request

    def due(self, text: str) -> bool:
        return False  # a stream never waits for it

    def feed(self, text: str) -> Sequence[Verdict]:
        if self._request is None:
            self.settled += len(text)
        return ()

    def finish(self) -> Sequence[Verdict]:
        if self._request is None:
            return ()
        conversations = self._conversations
        key = conversations.key(self._request)
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
