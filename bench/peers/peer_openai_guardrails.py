"""OpenAI Guardrails: its own async client over an endpoint in memory, checks in stage `output`.

The words are its `Keyword Filter`. Its `Contains PII` needs a spaCy model that it does not
install, so e-mail is a check of our own in its registry, as is the rule that finds nothing.
"""

from __future__ import annotations

import re
from typing import Any

from harness import Asked, Peer, serve
from stub_openai import Asker, Endpoint
from texts import EMAIL_PATTERN, WORDS


def openai_guardrails() -> Peer:
    from guardrails import GuardrailsAsyncOpenAI
    from openai import AsyncOpenAI

    _register()
    rules = [
        {"name": "Keyword Filter", "config": {"keywords": list(WORDS.values())}},
        {"name": "Pattern", "config": {"pattern": EMAIL_PATTERN}},
        {"name": "Pattern", "config": {"pattern": ""}},
    ]
    config = {"version": 1, "output": {"version": 1, "guardrails": rules}}
    endpoint = Endpoint()
    client = GuardrailsAsyncOpenAI(config=config, **endpoint.options())
    bare = AsyncOpenAI(**endpoint.options())
    return Asked(Asker(endpoint, client), Asker(endpoint, bare), "openai-guardrails", "openai")


def _register() -> None:
    """Add check `Pattern`; an empty pattern finds nothing."""
    from guardrails.registry import default_spec_registry
    from guardrails.types import GuardrailResult
    from pydantic import BaseModel

    class Pattern(BaseModel):
        pattern: str

    async def find(ctx: Any, data: str, config: Any) -> GuardrailResult:
        hit = bool(config.pattern and re.search(config.pattern, data))
        return GuardrailResult(tripwire_triggered=hit, info={})

    # The registry reads the option's model from here.
    find.__annotations__ = {"ctx": Any, "data": str, "config": Pattern}
    default_spec_registry.register("Pattern", find, "Finds a pattern.", "text/plain")


serve(openai_guardrails)
