"""Says that a request was too long to be judged, where that alone is why it was refused."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace

from chopmark import Request, Response
from chopmark.policy import language_asked

from ._text import UNJUDGED

TOO_LONG: Mapping[str, str] = {
    "zh": "抱歉，内容过长，无法完整审核，因此无法提供回答。请缩短后重试。",
    "en": "Sorry, this text is too long to be checked as a whole, so it cannot be answered. "
    "Please shorten it and try again.",
}
"""The refusal by language."""

_REFUSED = ("block", "escalate")
_STOPS = ("deny", "escalate")


class LengthWrapper:
    """A wrapper around each call. Shared by threads.

    Whoever reads that a text broke the rules looks for what is wrong in it; one that is only too
    long, or took too long, is refused with what to do about it.
    """

    def __call__(self, request: Request) -> Generator[Request, Response, Response]:
        """Wrap one call."""
        response = yield request
        if response.action not in _REFUSED:
            return response
        why = [verdict for verdict in response.verdicts if verdict.outcome in _STOPS]
        if not why or any(
            verdict.direction != "input" or verdict.category.split(".")[0] != UNJUDGED
            for verdict in why
        ):
            return response
        refusal = TOO_LONG.get(language_asked(request), TOO_LONG["en"])
        return replace(response, refusal=refusal)
