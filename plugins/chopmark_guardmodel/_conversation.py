"""The conversation as a guard model gets it: the text that it judges last, what led to it before.

The models' templates want user and assistant in turn, a user first, and look at the last message:
a user's is judged as a prompt, an assistant's as an answer.
"""

from __future__ import annotations

from chopmark import Context

MOST = 8_000
"""The most characters of earlier messages, newest first; they were judged in their own turn."""

_NOBODY = ("system", "developer")  # the operator's own words


def conversation(text: str, context: Context, history: int) -> list[dict[str, str]]:
    """Return the messages for `text`, with at most `history` messages before it.

    An answer without a known question stands behind an empty one.
    """
    answers = context.direction == "output" or context.role == "assistant"
    judged = "assistant" if answers else "user"
    turns = _before(context, history)
    while turns and turns[-1]["role"] == judged:  # joined to it they would be judged with it
        turns.pop()
    if turns and turns[0]["role"] == "assistant":
        turns.pop(0)
    if answers and not turns:
        turns.append({"role": "user", "content": ""})
    return [*turns, {"role": judged, "content": text}]


def _before(context: Context, history: int) -> list[dict[str, str]]:
    if context.request is None or not history:
        return []
    messages = context.request.messages
    if context.direction == "input":
        messages = messages[: context.part]
    told = [m for m in messages if m.text and m.role not in _NOBODY][-history:]
    left = MOST
    turns: list[dict[str, str]] = []
    for message in reversed(told):
        text = message.text[-left:]
        left -= len(text)
        role = "assistant" if message.role == "assistant" else "user"
        if turns and turns[0]["role"] == role:
            turns[0]["content"] = f"{text}\n\n{turns[0]['content']}"
        else:
            turns.insert(0, {"role": role, "content": text})
        if left <= 0:
            break
    return turns
