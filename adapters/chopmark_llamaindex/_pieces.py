"""Where the texts of an answer stand in LlamaIndex's own objects, and how others get there.

`read` gives the texts of a piece, `rebuilt` a copy with other texts in the same places. Neither
changes the piece. What a piece has of a kind is listed in the order in which it stands there, and
`rebuilt` takes the replacements in that order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeVar

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    TextBlock,
    ThinkingBlock,
)

from ._calls import with_arguments
from ._raw import without_text

Piece = TypeVar("Piece", ChatResponse, CompletionResponse)
KEY = "chopmark"
"""The key of the metadata in `additional_kwargs`; what labels the answer (`Response.labels`) stands
beside it, under keys of its own."""
ASIS: Any = object()
"""Stands for a tool call that may be shown as it is."""
_SIDES = ("reasoning_content", "reasoning", "thinking", "refusal")


class Parts:
    """The texts of one piece.

    `texts` are of the answer, `thoughts` of its reasoning, both block by block. `calls` are tool
    calls in blocks and, from `outside` on, in `additional_kwargs`, where `sides` are too: texts
    that integrations put there or quote from a source, each with a name. A delta is None where
    the piece has none.
    """

    __slots__ = ("calls", "delta", "outside", "sides", "texts", "thought_delta", "thoughts")

    def __init__(self, delta: str | None) -> None:
        self.delta = delta
        self.thought_delta: str | None = None
        self.texts: list[str] = []
        self.thoughts: list[str] = []
        self.calls: list[Any] = []
        self.outside = 0
        self.sides: list[tuple[str, str]] = []


class Shown:
    """What goes into the places of `Parts`.

    `calls` are `ASIS`, or what may be shown of the arguments; `extra` are blocks to append.
    `metadata` goes into `additional_kwargs`. With `raw` the provider's own object stays.
    """

    __slots__ = (
        "calls", "delta", "extra", "metadata", "raw", "sides", "texts", "thought_delta", "thoughts",
    )  # fmt: skip

    def __init__(self, texts: Sequence[str], thoughts: Sequence[str]) -> None:
        self.texts, self.thoughts = texts, thoughts
        self.calls: Sequence[Any] = ()
        self.sides: Sequence[str] = ()
        self.delta: str | None = None
        self.thought_delta: str | None = None
        self.extra: list[Any] = []
        self.metadata: dict[str, object] | None = None
        self.raw = False


class PieceForm(Protocol):
    """What the shape must know of the framework's class of pieces."""

    def read(self, raw: Any) -> Parts:
        """Return the texts of `raw`."""
        ...

    def rebuilt(self, raw: Any, shown: Shown) -> Any:
        """Return a copy of `raw` with `shown` in the place of its texts."""
        ...

    def lone(self, raw: Any) -> str | None:
        """Return the text of `raw` where it is a text of the answer and nothing else."""
        ...

    def retold(self, raw: Any, text: str, delta: str | None, *, raw_stays: bool) -> Any:
        """Return a copy of such a piece with another text, as `rebuilt` does."""
        ...

    def refusal(
        self, text: str, delta: str | None, metadata: dict[str, object]
    ) -> ChatResponse | CompletionResponse:
        """Return a piece that says `text`."""
        ...


class ChatForm:
    """Pieces that are `ChatResponse`."""

    def read(self, raw: ChatResponse) -> Parts:
        """Return the texts of `raw`."""
        parts = Parts(raw.delta)
        message = raw.message
        block: Any
        for block in message.blocks:
            kind = block.block_type
            if kind == "text":
                parts.texts.append(block.text)
            elif kind == "thinking":
                parts.thoughts.append(block.content or "")
            elif kind == "tool_call":
                parts.calls.append(block)
            elif kind == "citation" and (quote := _quote(block)) is not None:
                parts.sides.append((f"quote{len(parts.sides)}", quote))
        parts.outside = len(parts.calls)
        if message.additional_kwargs:
            _read_kwargs(message.additional_kwargs, parts)
        if raw.additional_kwargs:
            _read_kwargs(raw.additional_kwargs, parts)
        return parts

    def rebuilt(self, raw: ChatResponse, shown: Shown) -> ChatResponse:
        """Return a copy of `raw` with `shown` in the place of its texts."""
        message = raw.message
        texts, thoughts, calls = iter(shown.texts), iter(shown.thoughts), iter(shown.calls)
        sides = iter(shown.sides)
        blocks: list[Any] = []
        block: Any
        for block in message.blocks:
            kind = block.block_type
            if kind == "text":
                blocks.append(_with(block, "text", block.text, next(texts)))
            elif kind == "thinking":
                blocks.append(_with(block, "content", block.content or "", next(thoughts)))
            elif kind == "tool_call":
                blocks.append(_call(block, next(calls)))
            elif kind == "citation" and _quote(block) is not None:
                cited = block.cited_content
                cited = _with(cited, "text", cited.text, next(sides))
                blocks.append(block.model_copy(update={"cited_content": cited}))
            else:
                blocks.append(block)
        blocks += shown.extra
        inner = _rebuilt_kwargs(message.additional_kwargs, shown, calls, sides)
        outer = _rebuilt_kwargs(raw.additional_kwargs, shown, calls, sides)
        if shown.thought_delta and "thinking_delta" not in {**inner, **outer}:
            outer = {**outer, "thinking_delta": shown.thought_delta}
        if shown.metadata is not None:
            inner = {**inner, **shown.metadata}
        update: dict[str, Any] = {
            "message": message.model_copy(update={"blocks": blocks, "additional_kwargs": inner}),
            "delta": shown.delta,
        }
        if outer is not raw.additional_kwargs:
            update["additional_kwargs"] = outer
        return _with_texts(raw, update, raw_stays=shown.raw)

    def lone(self, raw: ChatResponse) -> str | None:
        """Return the text of `raw` where it is a text of the answer and nothing else."""
        message = raw.message
        blocks = message.blocks
        if len(blocks) != 1 or message.additional_kwargs or raw.additional_kwargs:
            return None
        return blocks[0].text if isinstance(blocks[0], TextBlock) else None

    def retold(
        self, raw: ChatResponse, text: str, delta: str | None, *, raw_stays: bool
    ) -> ChatResponse:
        """Return a copy of such a piece with another text."""
        block: Any = raw.message.blocks[0]
        blocks = [_with(block, "text", block.text, text)]
        message = raw.message.model_copy(update={"blocks": blocks})
        return _with_texts(raw, {"message": message, "delta": delta}, raw_stays=raw_stays)

    def refusal(self, text: str, delta: str | None, metadata: dict[str, object]) -> ChatResponse:
        """Return a piece that says `text`."""
        return ChatResponse(
            message=ChatMessage(role="assistant", content=text, additional_kwargs=metadata),
            delta=delta,
        )


class CompletionForm:
    """Pieces that are `CompletionResponse`."""

    def read(self, raw: CompletionResponse) -> Parts:
        """Return the texts of `raw`."""
        parts = Parts(raw.delta)
        parts.texts.append(raw.text)
        if raw.additional_kwargs:
            _read_kwargs(raw.additional_kwargs, parts)
        return parts

    def rebuilt(self, raw: CompletionResponse, shown: Shown) -> CompletionResponse:
        """Return a copy of `raw` with `shown` in the place of its texts."""
        kwargs = _rebuilt_kwargs(raw.additional_kwargs, shown, iter(shown.calls), iter(shown.sides))
        if shown.metadata is not None:
            kwargs = {**kwargs, **shown.metadata}
        update: dict[str, Any] = {
            "text": shown.texts[0],
            "delta": shown.delta,
            "additional_kwargs": kwargs,
        }
        return _with_texts(raw, update, raw_stays=shown.raw)

    def lone(self, raw: CompletionResponse) -> str | None:
        """Return the text of `raw` where it is a text of the answer and nothing else."""
        return None if raw.additional_kwargs else raw.text

    def retold(
        self, raw: CompletionResponse, text: str, delta: str | None, *, raw_stays: bool
    ) -> CompletionResponse:
        """Return a copy of such a piece with another text."""
        return _with_texts(raw, {"text": text, "delta": delta}, raw_stays=raw_stays)

    def refusal(
        self, text: str, delta: str | None, metadata: dict[str, object]
    ) -> CompletionResponse:
        """Return a piece that says `text`."""
        return CompletionResponse(text=text, delta=delta, additional_kwargs=metadata)


def block_of(kind: str, text: str) -> TextBlock | ThinkingBlock:
    """Return a new block for a text that the piece has no place for."""
    return ThinkingBlock(content=text) if kind == "reasoning" else TextBlock(text=text)


def _with_texts(raw: Piece, update: dict[str, Any], *, raw_stays: bool) -> Piece:
    """Return `raw` with other texts; the provider's own object, which has them too, may go."""
    if not raw_stays:
        update["raw"], update["logprobs"] = without_text(raw.raw), None
    return raw.model_copy(update=update)


def _quote(block: Any) -> str | None:
    """Return the words that a citation quotes; None where it quotes an image."""
    cited = block.cited_content
    return cited.text if cited.block_type == "text" else None


def _with(block: Any, name: str, before: str, text: str) -> Any:
    return block if text == before else block.model_copy(update={name: text})


def _call(call: Any, shown: Any) -> Any:
    return call if shown is ASIS else with_arguments(call, shown)


def _read_kwargs(kwargs: dict[str, Any], parts: Parts) -> None:
    calls = kwargs.get("tool_calls")
    if isinstance(calls, list):
        parts.calls += calls
    if kwargs.get("function_call"):
        parts.calls.append(kwargs["function_call"])
    parts.sides += [(key, kwargs[key]) for key in _SIDES if isinstance(kwargs.get(key), str)]
    delta = kwargs.get("thinking_delta")
    if isinstance(delta, str):
        parts.thought_delta = delta


def _rebuilt_kwargs(
    kwargs: dict[str, Any], shown: Shown, calls: Iterator[Any], sides: Iterator[str]
) -> dict[str, Any]:
    if not kwargs:
        return kwargs
    out = dict(kwargs)
    found = kwargs.get("tool_calls")
    if isinstance(found, list):
        rebuilt = [_call(call, next(calls)) for call in found]
        out["tool_calls"] = [call for call in rebuilt if call is not None]
    if kwargs.get("function_call"):
        out["function_call"] = _call(kwargs["function_call"], next(calls))
    for key in _SIDES:
        if isinstance(kwargs.get(key), str):
            out[key] = next(sides)
    if isinstance(kwargs.get("thinking_delta"), str):
        out["thinking_delta"] = shown.thought_delta or ""
    return out
