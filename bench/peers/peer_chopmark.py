"""chopmark: plugins `keyword` and `pii`, and a detector of our own that finds nothing.

    python peer_chopmark.py python|openai|messages|v3

`python` is `@chop.guard` on plain functions, `openai` a guarded `AsyncOpenAI`, `messages` and
`v3` a guarded model in a LangChain agent.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from harness import Asked, Peer, serve
from texts import PROMPT

from chopmark import Chopmark, Context, Policy, Verdict, hookimpl
from chopmark.hookspecs import Detector, Needs


class Nothing:
    """The detector that finds nothing, and the plugin that brings it."""

    name, version, needs, blocking = "nothing", "1", Needs.window(1), False

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        return ()

    @hookimpl
    def chopmark_detectors(self) -> Iterable[Detector]:
        return [self]


def chopmark() -> Chopmark:
    policy = Policy(
        name="bench-peers",
        plugins=("keyword", "pii"),
        folder=str(Path(__file__).parent),
        settings={
            "keyword": {"lists": ["words.toml"], "bundled": False},
            "pii": {"kinds": ["email"], "language": "en"},
        },
    )
    return Chopmark(policy, plugins=[Nothing()])


class Plain(Peer):
    packages = ("chopmark",)

    def __init__(self) -> None:
        chop = chopmark()
        self.text, self.chunks = "", iter(())

        def call(prompt: str) -> str:
            return self.text

        def stream(prompt: str) -> Iterator[str]:
            yield from self.chunks

        self.ways = {True: (chop.guard(call), chop.guard(stream)), False: (call, stream)}

    def call(self, text: str, guarded: bool = True) -> str:
        self.text = text
        return self.ways[guarded][0](PROMPT)

    def bare_call(self, text: str) -> str:
        return self.call(text, guarded=False)

    def stream(self, chunks: Iterator[str], guarded: bool = True) -> Iterator[str]:
        self.chunks = chunks
        return self.ways[guarded][1](PROMPT)

    def bare_stream(self, chunks: Iterator[str]) -> Iterator[str]:
        return self.stream(chunks, guarded=False)


def langchain() -> Peer:
    from stub_langchain import Agent, Next, StubChat

    from chopmark_langchain import guard

    following = Next()
    model = StubChat(next=following)
    guarded = Agent(guard(model, chopmark()), following, sys.argv[1])
    bare = Agent(model, following, sys.argv[1])
    return Asked(guarded, bare, "chopmark", "langchain", "langgraph")


def openai() -> Peer:
    from openai import AsyncOpenAI
    from stub_openai import Asker, Endpoint

    from chopmark_openai import guard

    endpoint = Endpoint()
    bare = AsyncOpenAI(**endpoint.options())
    guarded = Asker(endpoint, guard(bare, chopmark()))
    return Asked(guarded, Asker(endpoint, bare), "chopmark", "openai")


serve({"python": Plain, "openai": openai}.get(sys.argv[1], langchain))
