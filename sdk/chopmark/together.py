"""What a user says in several messages, as the one text that the model which answers reads.

A request that is cut in three has no harm in any of its parts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ._values import Context

__all__ = ["Together", "end_of", "together"]

_WORD = 24
# Scripts that are written without spaces between words.
_UNSPACED = re.compile("[\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")


class Together(NamedTuple):
    """A message behind what was said before it, in `messages` others.

    It begins at `begins` in `text`, with its character number `since`.
    """

    text: str
    messages: int
    begins: int
    since: int


def together(text: str, context: Context, most: int) -> Together | None:
    """Return `text`, a message of a user, behind what that user said before; None for no such.

    Of both, what stands nearest to where they meet is taken: up to `most` characters of each, from
    the beginning of a word on, or to the end of one. What was answered in between is left out: it
    is not the user's.
    """
    request = context.request
    if not most or not context.part or request is None:  # there is none before the first message
        return None
    if context.direction != "input" or context.role != "user":
        return None
    now = text.strip()
    if not now:  # a history of such messages would be gone through for each of them
        return None
    parts: list[str] = []
    left = most
    for n in range(min(context.part, len(request.messages)) - 1, -1, -1):
        message = request.messages[n]
        said = message.text.strip() if message.role == "user" else ""
        if not said:
            continue
        parts.append(end_of(said, left))
        left -= len(said)
        if left <= 0:
            break
    if not parts:
        return None
    beginning = _beginning_of(now, most)
    joined = _joined([*reversed(parts), beginning])
    since = len(text) - len(text.lstrip())
    return Together(joined, len(parts), len(joined) - len(beginning), since)


def _joined(parts: list[str]) -> str:
    """Return `parts` as one text: a word may be cut between two of them where none has spaces."""
    joined = parts[0]
    for part in parts[1:]:
        whole = _UNSPACED.match(joined[-1:]) or _UNSPACED.match(part)
        joined += part if whole else f" {part}"
    return joined


def end_of(text: str, most: int) -> str:
    """Return up to `most` characters of the end of `text`, from the beginning of a word on."""
    if len(text) <= most:
        return text
    tail = text[-most:]
    head, space, rest = tail.partition(" ")
    return rest if space and len(head) < _WORD else tail


def _beginning_of(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    start = text[:most]
    rest, space, last = start.rpartition(" ")
    return rest if space and len(last) < _WORD else start
