"""Makes a request of LangChain's messages, and messages of the request as it may be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage

from chopmark import Message, Request, RequestError

from ._strings import Path, replaced, share, strings

ADAPTER = "langchain"
_ROLES = {
    "human": "user",
    "user": "user",
    "ai": "assistant",
    "assistant": "assistant",
    "model": "assistant",
    "system": "system",
    "developer": "system",
    "tool": "tool",
    "function": "function",
}
_MODEL_NAMES = ("model_name", "model", "model_id", "deployment_name")
_FORMATS = ("response_format", "format", "response_schema", "response_json_schema", "output_format")


def request(messages: Sequence[BaseMessage], **fields: Any) -> Request:
    """Return the request of a chat model's call; `fields` are further fields of it."""
    asked = tuple(Message(role=role(m), text=text(m.content)) for m in messages)
    return Request(messages=asked, adapter=ADAPTER, **fields)


def role(message: BaseMessage) -> str:
    """Return the role of a message. One that is not known is a user's: it is not trusted."""
    kind = message.type
    if kind in ("chat", "ChatMessageChunk"):
        kind = str(getattr(message, "role", "")).lower()
    return _ROLES.get(kind) or _ROLES.get(kind.removesuffix("MessageChunk").lower(), "user")


def text(content: Any) -> str:
    """Return all text in the content of a message, its blocks joined."""
    if isinstance(content, str):
        return content
    return "".join(part for _, part in strings(content))


def with_text(content: Any, new: str) -> Any:
    """Return `content` with the text `new`, the screened form of its own, in its blocks."""
    if isinstance(content, str):
        return new
    found: list[tuple[Path, str]] = list(strings(content))
    for (path, old), part in zip(found, share([part for _, part in found], new), strict=True):
        if part != old:
            content = replaced(content, path, part)
    return content


def sent(messages: list[BaseMessage], asked: Request, screened: Request) -> list[BaseMessage]:
    """Return the messages with the texts of `screened`; the same list where nothing changed.

    Raises:
        RequestError: a wrapper plugin changed how many messages there are.
    """
    if screened.messages == asked.messages:
        return messages
    if len(screened.messages) != len(messages):
        raise RequestError(
            f"a wrapper turned {len(messages)} messages into {len(screened.messages)}; in "
            "LangChain it may change their texts, not their number"
        )
    return [
        message
        if new.text == old.text
        else message.model_copy(update={"content": with_text(message.content, new.text)})
        for message, old, new in zip(messages, asked.messages, screened.messages, strict=True)
    ]


def model_name(model: Any, kwargs: Mapping[str, Any]) -> str:
    """Return the name by which the provider knows the model, else the name of its class."""
    if isinstance(kwargs.get("model"), str):
        return str(kwargs["model"])
    fields = model.__dict__
    for name in _MODEL_NAMES:
        if isinstance(fields.get(name), str):
            return str(fields[name])
    return type(model).__name__


def asks_json(model: Any, kwargs: Mapping[str, Any]) -> bool:
    """Return whether the call, or the model itself, is set to answer with JSON."""
    fields = model.__dict__
    more = fields.get("model_kwargs")
    return _is_json(kwargs) or _is_json(fields) or bool(more and _is_json(more))


def _is_json(options: Mapping[str, Any]) -> bool:
    for name in _FORMATS:
        if name in options and _names_json(options[name]):
            return True
    if options.get("response_mime_type") == "application/json":
        return True
    for name in ("text", "output_config"):  # OpenAI's Responses, Anthropic
        value = options.get(name)
        if isinstance(value, dict) and isinstance(value.get("format"), dict):
            return bool(value["format"].get("type") != "text")
    return False


def _names_json(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value.get("type") != "text")
    return isinstance(value, type) or value in ("json", "json_object")
