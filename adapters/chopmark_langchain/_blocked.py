"""How a block looks to code that talks to LangChain: an error, or a refusal as an answer."""

from __future__ import annotations

from typing import Any

from langchain_core.exceptions import ModelRefusalError

from chopmark import PolicyBlocked, Response

KEY = "chopmark"
"""Where a message, or the metadata of a text, carries what chopmark says of the call. What labels
the answer (`Response.labels`) stands beside it, under keys of its own."""


class LangChainBlocked(PolicyBlocked, ModelRefusalError):  # noqa: N818  a decision, not a fault
    """The policy refused a call.

    A `ModelRefusalError`, so `ModelRetryMiddleware` leaves it alone and `except
    ModelRefusalError` sees it. `raw_message` is None: what the model said is not shown.
    """

    def __init__(self, response: Response) -> None:
        PolicyBlocked.__init__(self, response)
        self.raw_message = None


def is_retryable(error: BaseException) -> bool:
    """Return whether trying again may help: False for a block, True for what does not say.

    Give it to any `with_retry` around a guarded model: `retry_if_exception_type=is_retryable`.
    """
    return bool(getattr(error, "is_retryable", True))


def refusal_fields(response: Response) -> dict[str, Any]:
    """Return the fields of a message that says softly that the policy refused.

    The text stands in `content` as a string, which every provider takes back in a later turn.
    `additional_kwargs["refusal"]` is where OpenAI's refusals stand: structured output raises
    `ModelRefusalError` on it instead of a parsing error.
    """
    return {
        "content": response.refusal,
        "additional_kwargs": {"refusal": response.refusal},
        "response_metadata": {"finish_reason": "content_filter", **response.carried(KEY)},
    }
