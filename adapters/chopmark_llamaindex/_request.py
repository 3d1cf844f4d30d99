"""Finds the prompt of a call in its arguments, and puts a screened one in its place.

The parameters are never named: a call with too many or too few arguments must fail as it does
without a guard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, CitableBlock, TextBlock

from chopmark import Chopmark, Message, Request, RequestError
from chopmark.adapting import parameters

from ._json_asked import asks_for_json
from ._pieces import KEY
from ._tool_calls import without_marks

ADAPTER = "llamaindex"
_ASSISTANT = ("chatbot", "model")


class Prompt:
    """The arguments of one call, and the prompt among them: a text, or chat messages."""

    __slots__ = ("_args", "_given", "_kwargs", "_name", "_texts", "_value")

    def __init__(
        self,
        chop: Chopmark,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        name: str,
        value: Any,
    ) -> None:
        self._args, self._kwargs, self._name, self._given = args, kwargs, name, value
        if isinstance(value, str):
            self._value: Any = value
            self._texts: tuple[Message, ...] = (Message(role="user", text=value),)
            return
        given = value if isinstance(value, list | tuple) else _listed(value)
        self._value = without_marks(chop, given)
        self._texts = tuple(messages_of(self._value))

    @classmethod
    def find(
        cls, chop: Chopmark, args: tuple[Any, ...], kwargs: Mapping[str, Any], name: str
    ) -> Prompt | None:
        """Return the prompt, the first argument or the one called `name`.

        None means that it is missing, or there twice: the framework says so in its own way.

        Raises:
            RequestError: it is nothing that could be screened.
        """
        if bool(args) == (name in kwargs):
            return None
        return cls(chop, args, kwargs, name, args[0] if args else kwargs[name])

    def request(self, llm: Any, *, stream: bool) -> Request:
        """Return the request that the policy judges."""
        return Request(
            messages=self._texts,
            model=model_name(llm),
            adapter=ADAPTER,
            stream=stream,
            structured=asks_for_json(llm, self._kwargs),
            parameters=parameters(llm.__dict__, self._kwargs),
        )

    def put(self, sent: Request) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
        """Return the arguments with the texts of `sent`; the same ones where nothing changed."""
        value: Any = self._value
        if isinstance(value, str):
            value = same_number(self._texts, sent)[0].text
        else:
            value = put_texts(value, self._texts, sent)
        if value is self._given:
            return self._args, self._kwargs
        if self._args:
            return (value, *self._args[1:]), self._kwargs
        return self._args, {**self._kwargs, self._name: value}


def model_name(llm: Any) -> str:
    """Return the name of the model, without asking for `metadata` where a field has it."""
    for name in ("model", "model_name"):
        found = llm.__dict__.get(name)
        if found and isinstance(found, str):
            return found
    return str(llm.metadata.model_name)


def messages_of(messages: Sequence[ChatMessage]) -> Iterator[Message]:
    """Yield every text in `messages` with its role: a message with two texts gives two.

    Raises:
        RequestError: one of them is no `ChatMessage`.
    """
    for message in messages:
        if not isinstance(message, ChatMessage):
            raise RequestError(
                f"a message of a guarded call is {type(message).__name__}; give ChatMessage objects"
            )
        role = str(getattr(message.role, "value", message.role))
        texts = list(_texts(message))
        for text in texts or [""]:
            yield Message(role="assistant" if role in _ASSISTANT else role, text=text)


def put_texts(
    messages: Sequence[ChatMessage], before: Sequence[Message], sent: Request
) -> Sequence[ChatMessage]:
    """Return `messages` with the texts of `sent`.

    What did not change stays the same object. The metadata of earlier answers is taken out:
    some integrations send all of `additional_kwargs` to the model.
    """
    after = iter(same_number(before, sent))
    out: list[ChatMessage] = []
    changed = False
    for message in messages:
        texts = list(_texts(message))
        new = [next(after).text for _ in texts or [""]]
        update: dict[str, Any] = {}
        if texts and texts != new:
            update["blocks"] = list(_blocks(message, iter(new)))
        if KEY in message.additional_kwargs:
            ours = _keys(message.additional_kwargs[KEY])
            kept = {k: v for k, v in message.additional_kwargs.items() if k not in ours}
            update["additional_kwargs"] = kept
        out.append(message.model_copy(update=update) if update else message)
        changed = changed or bool(update)
    return out if changed else messages


def _keys(metadata: Any) -> set[str]:
    """Return the keys under which an earlier answer carries our metadata and labels."""
    marks = metadata.get("marks") if isinstance(metadata, Mapping) else None
    listed = marks if isinstance(marks, list | tuple) else ()
    found = [mark for mark in listed if isinstance(mark, Mapping)]
    return {KEY, *(str(mark.get("where")) for mark in found if mark.get("kind") == "metadata")}


def same_number(before: Sequence[Message], sent: Request) -> Sequence[Message]:
    """Return the messages of `sent`.

    Raises:
        RequestError: a wrapper added or took away some.
    """
    if len(before) != len(sent.messages):
        raise RequestError(
            f"a wrapper made {len(sent.messages)} messages of {len(before)}; a wrapper around "
            "LlamaIndex calls may change their texts, not their number"
        )
    return sent.messages


def _listed(value: Any) -> list[Any]:
    try:
        return list(value)
    except TypeError:
        raise RequestError(
            f"the prompt of a guarded call is {type(value).__name__}; give a string, or a list of "
            "ChatMessage objects"
        ) from None


def _texts(message: ChatMessage) -> Iterator[str]:
    for block in message.blocks:
        if isinstance(block, TextBlock):
            yield block.text
        elif isinstance(block, CitableBlock):
            for inner in block.content:
                if isinstance(inner, TextBlock):
                    yield inner.text


def _blocks(message: ChatMessage, texts: Iterator[str]) -> Iterator[Any]:
    for block in message.blocks:
        if isinstance(block, TextBlock):
            yield _with(block, next(texts))
        elif isinstance(block, CitableBlock):
            inner = [
                _with(b, next(texts)) if isinstance(b, TextBlock) else b for b in block.content
            ]
            yield block.model_copy(update={"content": inner})
        else:
            yield block


def _with(block: TextBlock, text: str) -> TextBlock:
    return block if block.text == text else block.model_copy(update={"text": text})
