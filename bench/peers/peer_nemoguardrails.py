"""NeMo Guardrails: the library's regex rail for the words and the e-mail, and a rail of our own.

`stream_async` gets the stub model's chunks as its `generator`; everything else of
`rails.output.streaming` is as it comes once `enabled` is set. There is no bare call to take off:
`check_async` asks no model.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from harness import Peer, serve
from texts import EMAIL_PATTERN, PROMPT, WORDS

SETTINGS = """
models: []
rails:
  output:
    flows: ["regex check output", "nothing wrong"]
    streaming: {enabled: true}
"""
FLOW = """
define subflow nothing wrong
  $response = execute nothing_wrong(text=$bot_message)
  if $response.is_blocked
    bot refuse to respond
    stop
"""


class Nemo(Peer):
    packages = ("nemoguardrails",)

    def __init__(self) -> None:
        import yaml
        from nemoguardrails import LLMRails, RailsConfig
        from nemoguardrails.actions import action
        from nemoguardrails.actions.rail_outcome import RailOutcome
        from nemoguardrails.rails.llm.options import RailType

        @action(name="nothing_wrong", is_system_action=True)
        async def nothing_wrong(text: str = "", **_: Any) -> RailOutcome:
            return RailOutcome.allow()

        settings = yaml.safe_load(SETTINGS)
        patterns = [*WORDS.values(), EMAIL_PATTERN]
        settings["rails"]["config"] = {"regex_detection": {"output": {"patterns": patterns}}}
        config = RailsConfig.from_content(colang_content=FLOW, yaml_content=yaml.dump(settings))
        self.rails = LLMRails(config)
        self.rails.register_action(nothing_wrong, "nothing_wrong")
        self.only = [RailType.OUTPUT]
        self.asked = [{"role": "user", "content": PROMPT}]

    async def call(self, text: str) -> str:
        messages = [*self.asked, {"role": "assistant", "content": text}]
        return (await self.rails.check_async(messages, rail_types=self.only)).content

    async def bare_call(self, text: str) -> str:
        return text

    def stream(self, chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        return self.rails.stream_async(messages=self.asked, generator=chunks)

    async def bare_stream(self, chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        async for chunk in chunks:
            yield chunk


serve(Nemo)
