"""Takes our marks off the arguments of earlier tool calls, on their way back to the model.

They stand in blocks, or, by older integrations, in the form of OpenAI's client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import is_not
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ToolCallBlock

from chopmark import Chopmark

_CALLS = "tool_calls"
_ARGUMENTS = ("arguments", "input", "kwargs", "tool_kwargs")


def without_marks(chop: Chopmark, messages: Sequence[Any]) -> Sequence[Any]:
    """Return `messages` without our marks in earlier tool calls; itself where they have none.

    Raises:
        MarkError: a marker broke.
    """
    bare = [_bare(chop, m) if isinstance(m, ChatMessage) else m for m in messages]
    return bare if any(map(is_not, bare, messages)) else messages


def _bare(chop: Chopmark, message: ChatMessage) -> ChatMessage:
    update: dict[str, Any] = {}
    blocks = [_block(chop, block) for block in message.blocks]
    if any(map(is_not, blocks, message.blocks)):
        update["blocks"] = blocks
    calls = message.additional_kwargs.get(_CALLS)
    if isinstance(calls, list | tuple):
        new = [_call(chop, call) for call in calls]
        if any(map(is_not, new, calls)):
            update["additional_kwargs"] = {**message.additional_kwargs, _CALLS: new}
    return message.model_copy(update=update) if update else message


def _block(chop: Chopmark, block: Any) -> Any:
    if not isinstance(block, ToolCallBlock):
        return block
    bare = chop.strip_arguments(block.tool_kwargs)
    if bare is block.tool_kwargs:
        return block
    return block.model_copy(update={"tool_kwargs": bare})


def _call(chop: Chopmark, call: Any) -> Any:
    """Return one call in OpenAI's form, a mapping or an object of its client."""
    given = call if isinstance(call, Mapping) else getattr(call, "__dict__", {})
    update: dict[str, Any] = {}
    for key in ("function", "custom"):
        if (inner := given.get(key)) is not None and (new := _call(chop, inner)) is not inner:
            update[key] = new
    for key in _ARGUMENTS:
        if key in given and (bare := chop.strip_arguments(given[key])) is not given[key]:
            update[key] = bare
    if not update:
        return call
    return {**call, **update} if isinstance(call, Mapping) else call.model_copy(update=update)
