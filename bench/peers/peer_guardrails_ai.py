"""Guardrails AI: three validators of our own on a `Guard`, over a callable that answers.

    python peer_guardrails_ai.py exception|fix

`exception` and `fix` are two ways that its documentation shows for streams; they take different
paths through it. Metrics are off: they would go to a server.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness import Peer, serve
from texts import EMAIL_PATTERN, PROMPT, WORDS


class GuardrailsAi(Peer):
    packages = ("guardrails-ai",)

    def __init__(self) -> None:
        self.home = tempfile.TemporaryDirectory()
        Path(self.home.name, ".guardrailsrc").write_text("enable_metrics=false\n", "utf-8")
        os.environ.update(HOME=self.home.name, LITELLM_LOCAL_MODEL_COST_MAP="True")
        self.guard = self._guard(sys.argv[1])

    def fresh(self) -> None:
        # Its validators keep the end of a stream and put it before the next one.
        self.guard = self._guard(sys.argv[1])

    def _guard(self, on_fail: str) -> Any:
        from guardrails import Guard
        from guardrails.settings import settings
        from guardrails.validators import FailResult, PassResult, Validator, register_validator

        if settings.rc.enable_metrics:
            raise RuntimeError("its metrics are on")

        def rule(name: str, pattern: str | None) -> Any:
            found = re.compile(pattern) if pattern else None

            @register_validator(name=f"bench/{name}", data_type="string")
            class Rule(Validator):
                def _validate(self, value: Any, metadata: dict[str, Any]) -> Any:
                    if found and found.search(value):
                        return FailResult(error_message=name, fix_value=found.sub("[-]", value))
                    return PassResult()

            return Rule(on_fail=on_fail)

        rules = (("keyword", "|".join(WORDS.values())), ("email", EMAIL_PATTERN), ("none", None))
        return Guard().use(*(rule(*pair) for pair in rules))

    def call(self, text: str) -> str:
        def model(*, messages: Any, **kwargs: Any) -> str:
            return text

        return self.guard(model, messages=self._asked()).validated_output

    def bare_call(self, text: str) -> str:
        return text

    def stream(self, chunks: Iterator[str]) -> Iterator[str]:
        def model(*, messages: Any, **kwargs: Any) -> Iterator[str]:
            return chunks

        for outcome in self.guard(model, messages=self._asked(), stream=True):
            yield outcome.validated_output or ""

    def bare_stream(self, chunks: Iterator[str]) -> Iterator[str]:
        yield from chunks

    def _asked(self) -> list[dict[str, str]]:
        return [{"role": "user", "content": PROMPT}]


serve(GuardrailsAi)
