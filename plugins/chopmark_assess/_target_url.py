"""A target behind an OpenAI-compatible server, asked through the `openai` package."""

from __future__ import annotations

import os
from typing import Any

from chopmark import Usage

from ._answer import Reply
from ._bank import Case
from ._errors import AssessError
from ._target import Asking

_FILTERED = "content_filter"


class UrlTarget:
    """Asks `url`, such as `http://127.0.0.1:8000/v1`, for a chat completion of each case.

    A server that filters (`finish_reason`, or an error with code `content_filter`) refuses.
    """

    def __init__(self, url: str, asking: Asking) -> None:
        try:
            import openai
        except ImportError as error:
            raise AssessError(
                "a server is asked through the package openai: pip install 'chopmark[openai]'"
            ) from error
        self._asking = asking
        self._openai = openai
        key = os.environ.get(asking.key_from) or "none"  # local servers want none
        self._client = openai.OpenAI(base_url=url, api_key=key)
        self._model = asking.model or self._only_model(url)
        self.name = f"{url} {self._model}"

    def _only_model(self, url: str) -> str:
        try:
            models = [model.id for model in self._client.models.list(timeout=20).data]
        except self._openai.OpenAIError as error:
            raise AssessError(f"{url} does not list its models ({error}); give --model") from error
        if len(models) != 1:
            known = ", ".join(models[:10]) or "none"
            raise AssessError(f"{url} has not one model but {known}; give --model")
        return models[0]

    def ask(self, case: Case, timeout: float) -> Reply:
        """Return the answer of the model; it is waited for `timeout` seconds in all."""
        asking = self._asking
        messages = [{"role": "user", "content": case.text}]
        if asking.system:
            messages.insert(0, {"role": "system", "content": asking.system})
        options: dict[str, Any] = {}
        if asking.temperature is not None:
            options["temperature"] = asking.temperature
        if asking.max_tokens is not None:
            options["max_tokens"] = asking.max_tokens
        create: Any = self._client.chat.completions.create
        try:
            said = create(model=self._model, messages=messages, timeout=timeout, **options)
        except self._openai.APIStatusError as error:
            if _FILTERED in (error.code, getattr(error, "type", None)):
                return Reply(text=str(error.message), blocked=True)
            raise
        choice = said.choices[0]
        text = choice.message.content or getattr(choice.message, "refusal", None) or ""
        usage = said.usage and Usage(
            input_tokens=said.usage.prompt_tokens, output_tokens=said.usage.completion_tokens
        )
        return Reply(text=text, blocked=choice.finish_reason == _FILTERED, usage=usage)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
