"""Which requests are guarded, and what their prompts and answers look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ._chat import ChatAnswer
from ._piece import Answer
from ._prompt import Slot, chat_slots, completion_slots, response_slots, structured
from ._responses import ResponsesAnswer
from ._tree import number

_EMBEDDINGS = re.compile(r"(?:^|/)embeddings/?$")
_PATH = re.compile(r"(?:^|/)(chat/completions|completions|responses)(/[^/]+)?(/cancel)?/?$")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One of `/chat/completions`, `/completions` and `/responses`.

    `slots` finds the texts of a request's body. `stored` says that the request makes no answer
    but asks for one made before, in the background for example: it has no prompt.
    """

    name: str
    slots: Callable[[Mapping[str, Any]], Iterator[Slot]]
    stored: bool

    def answer(self, body: Mapping[str, Any]) -> Answer:
        """Return what the answer to `body` will look like."""
        model = str(body.get("model", ""))
        if self.name == "responses":
            return ResponsesAnswer(structured=structured(body), model=model)
        return ChatAnswer(
            legacy=self.name == "completions",
            structured=structured(body),
            model=model,
            count=max(1, min(number(body.get("n"), 1), 128)),
        )


_SLOTS = {
    "chat/completions": chat_slots,
    "completions": completion_slots,
    "responses": response_slots,
}


def embeds(method: str, path: str) -> bool:
    """Return whether a request asks for embeddings, which passes through without our marks."""
    return method.upper() == "POST" and _EMBEDDINGS.search(path) is not None


def find_endpoint(method: str, path: str) -> Endpoint | None:
    """Return the endpoint of a request, None where it passes through.

    Args:
        method: the HTTP method.
        path: the path of the URL; what stands before the endpoint's name does not matter.
    """
    found = _PATH.search(path)
    if found is None:
        return None
    name, stored, cancels = found.groups()
    asked = method.upper()
    if stored is None:
        return Endpoint(name, _SLOTS[name], False) if asked == "POST" else None
    reads = asked == "GET" and not cancels and name != "completions"
    if reads or (cancels and name == "responses") or (name == "chat/completions" and not cancels):
        return Endpoint(name, _SLOTS[name], True) if asked != "DELETE" else None
    return None
