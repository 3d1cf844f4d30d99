"""Takes our marks off the arguments of earlier tool calls, on their way back to the model.

One call stands in a message up to three times: parsed, in the provider's own form, and as a block
of the content. Which of them is sent depends on the provider's package.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import is_not
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import ChatPromptValue

from chopmark import Chopmark

_FIELDS = ("tool_calls", "invalid_tool_calls", "tool_call_chunks")
_ENDS = ("tool_use", "tool_call", "tool_call_chunk", "_call")
"""How the types of blocks end that are calls of tools."""
_ARGUMENTS = ("args", "arguments", "input", "code")


def without_marks(chop: Chopmark, asked: Any) -> Any:
    """Return `asked` without our marks in earlier tool calls; itself where it has none.

    It is a message, or messages in lists, mappings and prompts; anything else comes back.

    Raises:
        MarkError: a marker broke.
    """
    if isinstance(asked, BaseMessage):
        return _bare(chop, asked)
    if isinstance(asked, ChatPromptValue):
        messages = without_marks(chop, asked.messages)
        return asked if messages is asked.messages else ChatPromptValue(messages=messages)
    if isinstance(asked, Mapping):
        pairs = {key: without_marks(chop, inner) for key, inner in asked.items()}
        return pairs if any(pairs[key] is not inner for key, inner in asked.items()) else asked
    if isinstance(asked, list | tuple):
        entries = [without_marks(chop, inner) for inner in asked]
        if any(map(is_not, entries, asked)):
            return entries if isinstance(asked, list) else tuple(entries)
    return asked


def _bare(chop: Chopmark, message: BaseMessage) -> BaseMessage:
    update: dict[str, Any] = {}
    for name in _FIELDS:
        if given := getattr(message, name, None):
            update[name] = _each(chop, given)
    if more := message.additional_kwargs:
        update["additional_kwargs"] = _provider(chop, more)
    if isinstance(message.content, list):
        update["content"] = [
            _call(chop, block) if isinstance(block, dict) and _is_call(block) else block
            for block in message.content
        ]
    changed = {name: new for name, new in update.items() if new != getattr(message, name)}
    return message.model_copy(update=changed) if changed else message


def _provider(chop: Chopmark, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the additional arguments of a message, in which OpenAI's form stands."""
    out = dict(more)
    if isinstance(call := more.get("function_call"), Mapping):
        out["function_call"] = _call(chop, call)
    if isinstance(calls := more.get("tool_calls"), list):
        out["tool_calls"] = [
            {**call, "function": _call(chop, call["function"])}
            if isinstance(call, Mapping) and isinstance(call.get("function"), Mapping)
            else call
            for call in calls
        ]
    return out


def _each(chop: Chopmark, calls: Any) -> list[Any]:
    return [_call(chop, call) if isinstance(call, Mapping) else call for call in calls]


def _call(chop: Chopmark, call: Mapping[str, Any]) -> dict[str, Any]:
    given = {key: call[key] for key in _ARGUMENTS if key in call}
    return {**call, **chop.strip_arguments(given)}


def _is_call(block: Mapping[str, Any]) -> bool:
    return str(block.get("type", "")).endswith(_ENDS)
