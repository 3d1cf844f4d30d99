"""Where a text of a call comes from, and so whether it is trusted.

The SDK tells the role of a message; frameworks give what a tool returned the roles `tool` and
`function`. No framework has a role of its own for retrieved documents: an application that gives
them one, or sends them as messages of a known role, says so in the policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from chopmark import Context

Surface = Literal["request", "tool_result", "document", "alt_text", "answer"]
"""`alt_text` is text for machines: image descriptions, titles, comments.

Most of it stands inside another text. A message is all of it where an application sends the
descriptions of images as messages of a role of their own.
"""

SETTABLE: tuple[Surface, ...] = ("request", "tool_result", "document", "alt_text")

DEFAULT: Mapping[str, Surface] = {
    "tool": "tool_result",
    "function": "tool_result",
    "document": "document",
    "documents": "document",
    "context": "document",
    "retrieval": "document",
    "alt_text": "alt_text",
}
"""The surface of a message by its role; every role that is not here is a request."""

UNTRUSTED: frozenset[Surface] = frozenset({"tool_result", "document", "alt_text"})

OWN = frozenset({"system", "developer", "assistant"})
"""Roles whose texts the application or the model wrote, with all that is for machines in them.

A user pastes pages that somebody else wrote.
"""


def surface_of(context: Context, surfaces: Mapping[str, Surface]) -> Surface:
    """Return where the text that `context` describes comes from."""
    if context.direction == "output":
        return "answer"
    return surfaces.get(context.role, "request")
