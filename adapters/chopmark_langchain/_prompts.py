"""Makes a request of whatever a chain is asked with, and puts the screened texts back into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.prompt_values import ChatPromptValue, PromptValue, StringPromptValue

from chopmark import Message, Request, RequestError

from ._request import role, text, with_text
from ._strings import Path

_Part = tuple[Path, str, str]  # where, role, text


def prompt_request(value: Any, **fields: Any) -> Request:
    """Return the request for a text, a prompt, messages, or a mapping of such.

    Every text in a mapping is a user's, whatever its key; documents are from outside, like the
    results of tools.
    """
    parts = _parts(_opened(value))
    asked = tuple(Message(role=role, text=text) for _, role, text in parts)
    return Request(messages=asked, **fields)


def prompt_sent(value: Any, asked: Request, sent: Request) -> Any:
    """Return `value` with the texts of `sent`; the same object where nothing changed.

    Raises:
        RequestError: a wrapper plugin changed how many messages there are.
    """
    if sent.messages == asked.messages:
        return value
    if len(sent.messages) != len(asked.messages):
        raise RequestError(
            f"a wrapper turned {len(asked.messages)} messages into {len(sent.messages)}; in a "
            "chain it may change their texts, not their number"
        )
    opened = _opened(value)
    for (path, _, old), new in zip(_parts(opened), sent.messages, strict=True):
        if new.text != old:
            opened = _put(opened, path, new.text)
    if isinstance(value, StringPromptValue):
        return StringPromptValue(text=opened)
    return ChatPromptValue(messages=opened) if isinstance(value, PromptValue) else opened


def _opened(value: Any) -> Any:
    if isinstance(value, StringPromptValue):
        return value.text
    if isinstance(value, PromptValue):
        return value.to_messages()
    if isinstance(value, list | tuple):
        try:
            return convert_to_messages(value)
        except (ValueError, NotImplementedError, TypeError, AttributeError):
            return value  # a list of something else
    return value


def _parts(value: Any) -> list[_Part]:
    return list(_walk(value, ()))


def _walk(value: Any, path: Path) -> Iterator[_Part]:
    if isinstance(value, str):
        yield path, "user", value
    elif isinstance(value, BaseMessage):
        yield path, role(value), text(value.content)
    elif isinstance(value, Document):
        yield path, "tool", value.page_content
    elif isinstance(value, PromptValue):
        for n, message in enumerate(value.to_messages()):
            yield (*path, n), role(message), text(message.content)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(inner, (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        for n, inner in enumerate(value):
            yield from _walk(inner, (*path, n))


def _put(value: Any, path: Path, new: str) -> Any:
    if isinstance(value, BaseMessage):
        return value.model_copy(update={"content": with_text(value.content, new)})
    if isinstance(value, Document):
        return value.model_copy(update={"page_content": new})
    if isinstance(value, PromptValue):
        return ChatPromptValue(messages=_put(value.to_messages(), path, new))
    if not path:
        return new
    inner = _put(value[path[0]], path[1:], new)
    if isinstance(value, Mapping):
        return {**value, path[0]: inner}
    items = [inner if n == path[0] else item for n, item in enumerate(value)]
    return tuple(items) if isinstance(value, tuple) else items
