"""The arguments of tool calls, in the shapes in which LlamaIndex integrations hand them over.

A call is a `ToolCallBlock`, an object of a provider's SDK, or a dict, also one with the name and
the arguments inside `function`.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

_ARGUMENTS = ("arguments", "tool_kwargs", "input", "args")
_IDS = ("tool_call_id", "id", "tool_id", "call_id")


def arguments(call: Any) -> str:
    """Return the arguments of `call` as JSON text; empty where it has none yet."""
    holder, name = _holder(call)
    value = _get(holder, name) if name else None
    if isinstance(value, str):
        return value
    if not value:
        return ""
    return json.dumps(value, ensure_ascii=False, default=str)


def identity(call: Any, place: int) -> str:
    """Return what tells `call` from others: its id, else its place."""
    for name in _IDS:
        value = _get(call, name)
        if value:
            return str(value)
    return f"#{place}"


def with_arguments(call: Any, text: str) -> Any:
    """Return a copy of `call` whose arguments are `text`, the part of them that may be shown.

    Arguments that came as a dict cannot be shown in part: they are an empty dict then. `None`
    means that `call` cannot be copied and must be left out.
    """
    holder, name = _holder(call)
    if not name:
        return call
    value = text if isinstance(_get(holder, name), str) else {}
    changed = _copied(holder, name, value)
    if holder is call or changed is None:
        return changed
    return _copied(call, "function", changed)


def _holder(call: Any) -> tuple[Any, str]:
    function = _get(call, "function")
    holder = call if function is None else function
    for name in _ARGUMENTS:
        if _get(holder, name) is not None:
            return holder, name
    return holder, ""


def _get(holder: Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, dict) else getattr(holder, name, None)


def _copied(holder: Any, name: str, value: object) -> Any:
    if isinstance(holder, dict):
        return {**holder, name: value}
    if isinstance(holder, BaseModel):
        return holder.model_copy(update={name: value})
    return None
