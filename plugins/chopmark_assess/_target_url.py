"""A target behind an OpenAI-compatible server, asked through the `openai` package."""

from __future__ import annotations

import os
from typing import Any

from chopmark import Usage

from ._address import Address
from ._answer import Reply
from ._bank import Case
from ._errors import AssessError
from ._target import Asking

_FILTERED = "content_filter"


class UrlTarget:
    """Asks `url`, such as `http://127.0.0.1:8000/v1`, for a chat completion of each case.

    A password or a key in `url` is sent as it would be, and stands in no name and no error.
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
        key = os.environ.get(asking.key_from, "")
        self._address = address = Address.of(url, key)
        headers = {"Authorization": address.authorization} if address.authorization else None
        self._client = openai.OpenAI(
            base_url=address.url,
            api_key=key or "none",  # local servers want none
            default_headers=headers,
            default_query=address.query,
        )
        self._model = asking.model or self._only_model()
        self.name = f"{address.shown} {self._model}"

    def _only_model(self) -> str:
        shown = self._address.shown
        try:
            models = [model.id for model in self._client.models.list(timeout=20).data]
        except self._openai.APIConnectionError as error:  # asking it by name would fail, too
            raise AssessError(
                f"{shown} cannot be reached ({self._address.hide(_cause(error))}); is the server "
                "running, and is that its address?"
            ) from None
        except self._openai.OpenAIError as error:
            why = self._address.hide(str(error))
            raise AssessError(f"{shown} does not list its models ({why}); give --model") from None
        if len(models) != 1:
            known = ", ".join(models[:10]) or "none"
            raise AssessError(f"{shown} has not one model but {known}; give --model")
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
        except self._openai.OpenAIError as error:
            why = self._address.hide(str(error))
            if _FILTERED in (getattr(error, "code", None), getattr(error, "type", None)):
                return Reply(
                    text=self._address.hide(str(getattr(error, "message", why))), blocked=True
                )
            raise AssessError(f"{type(error).__name__}: {why}") from None
        choice = said.choices[0]
        text = choice.message.content or getattr(choice.message, "refusal", None) or ""
        usage = said.usage and Usage(
            input_tokens=said.usage.prompt_tokens, output_tokens=said.usage.completion_tokens
        )
        return Reply(text=text, blocked=choice.finish_reason == _FILTERED, usage=usage)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _cause(error: BaseException) -> str:
    """Return what ended a connection: the error of the client says no more than that it ended."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__
