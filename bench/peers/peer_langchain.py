"""LangChain's own `PIIMiddleware` in an agent.

    python peer_langchain.py messages|v3

It has no rule for words; its custom detector, with `strategy="block"`, is one.
"""

from __future__ import annotations

import sys
from typing import Any

from harness import Asked, Peer, serve
from texts import WORDS


def langchain() -> Peer:
    from langchain.agents.middleware import AgentMiddleware, PIIMiddleware
    from stub_langchain import Agent, Next, StubChat

    class Nothing(AgentMiddleware):
        async def aafter_model(self, state: Any, runtime: Any) -> None:
            return None

    words = "|".join(WORDS.values())
    on = {"apply_to_input": False, "apply_to_output": True}
    rules = [
        PIIMiddleware("keyword", detector=words, strategy="block", **on),
        PIIMiddleware("email", strategy="redact", **on),
        Nothing(),
    ]
    following = Next()
    model = StubChat(next=following)
    guarded = Agent(model, following, sys.argv[1], rules)
    return Asked(guarded, Agent(model, following, sys.argv[1]), "langchain", "langgraph")


serve(langchain)
