"""The shape of a chat model's stream: chunks of one message, with core's last-chunk rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from chopmark import Chunk, Kind, PolicyBlocked, Response, Usage

from ._blocked import KEY, refusal_fields
from ._bypass import blocked
from ._messages import labelled, put, without_logprobs
from ._places import Place, Places, fragment
from ._usage import Count

Channel = tuple[Kind, int]
_ANSWER: Channel = ("answer", 0)


class ChunkShape:
    """The chunks of one streamed answer.

    Core ends a stream with an empty chunk that says `chunk_position="last"`, unless the model
    said so itself. The response's metadata rides on the model's own last chunk, or on one that
    is made here, and then core makes none: the number of chunks stays what it was. It stands on
    one chunk alone, because core adds up what has the same key on several.
    """

    def __init__(self, *, structured: bool = False) -> None:
        self._places = Places(structured=structured)
        self._prose: Channel = (self._places.prose, 0)
        self._origin: dict[Channel, tuple[Place, BaseMessageChunk]] = {}
        self._found: list[Place] = []
        self._count = Count()
        self._blocks = False
        self._begun = False
        self._thinking = False
        self._ended = False

    def text(self, raw: ChatGenerationChunk) -> str | None:
        """Return the text of a chunk that goes on with the answer and says nothing else."""
        message = raw.message
        if type(message) is not AIMessageChunk or self._thinking or self._prose != _ANSWER:
            return None
        more = message.additional_kwargs or message.tool_call_chunks or message.usage_metadata
        if type(message.content) is not str or more or message.chunk_position is not None:
            return None
        self._begin(raw)
        self._found = []
        return message.content

    def _begin(self, raw: ChatGenerationChunk) -> None:
        self._begun = True
        if raw.generation_info or raw.message.response_metadata:
            self._ended = self._ended or _says_why(raw)

    def read(self, raw: ChatGenerationChunk) -> Sequence[Chunk]:
        """Return the texts of one chunk; the model's own last one ends every channel."""
        message = raw.message
        content = message.content
        self._begin(raw)
        last = getattr(message, "chunk_position", None) == "last"
        plain = type(content) is str and not message.additional_kwargs
        if plain and not last and not self._thinking and not _calls(message):
            self._found = []
            return (Chunk(content, self._prose[0]),) if content else ()  # type: ignore[arg-type]
        self._blocks = self._blocks or not isinstance(content, str)
        self._found = self._places.of(message)
        chunks = [Chunk(p.text, p.kind, p.index, p.closes) for p in self._found]
        for place in self._found:
            if not place.closes:
                self._origin.setdefault((place.kind, place.index), (place, message))
        kinds = {place.kind for place in self._found if not place.closes}
        if self._thinking and self._prose[0] in kinds and "reasoning" not in kinds:
            chunks.append(Chunk("", "reasoning", 0, last=True))  # what was held of it comes now
        self._thinking = "reasoning" in kinds or (self._thinking and self._prose[0] not in kinds)
        if last:
            ends = {self._prose, *self._origin}
            chunks += [Chunk("", kind, index, last=True) for kind, index in sorted(ends)]
        return chunks

    def write(
        self, raw: ChatGenerationChunk, texts: Sequence[str], tails: Sequence[Chunk]
    ) -> Sequence[ChatGenerationChunk]:
        """Return the chunk with its new texts; a tail without a place in it comes before it."""
        message = raw.message
        if not self._found and texts and raw.message.content:
            text = texts[0] + "".join(tail.text for tail in tails) if tails else texts[0]
            update: dict[str, Any] = {"content": text}
            if "logprobs" in message.response_metadata:
                update["response_metadata"] = without_logprobs(message.response_metadata)
            return (_with(raw, message.model_copy(update=update), text),)
        rest = {(tail.kind, tail.index): tail.text for tail in tails}
        new = list(texts[: len(self._found)])
        for n in range(len(self._found) - 1, -1, -1):
            place = self._found[n]
            new[n] += rest.pop((place.kind, place.index), "")
        out = _with(raw, put(message, self._found, new))
        return (*self._pieces(rest), out)

    def tail(self, tails: Sequence[Chunk]) -> Sequence[ChatGenerationChunk]:
        """Return a chunk for every tail."""
        return self._pieces({(tail.kind, tail.index): tail.text for tail in tails})

    def seal(
        self, held: Sequence[ChatGenerationChunk], response: Response
    ) -> Sequence[ChatGenerationChunk]:
        """Return the last chunks with the metadata; nothing where the model gave no chunk."""
        for n, piece in enumerate(held):
            if getattr(piece.message, "chunk_position", None) == "last":
                sealed = piece.model_copy(update={"message": labelled(piece.message, response)})
                return (*held[:n], sealed, *held[n + 1 :])
        if not self._begun:
            return held
        metadata = response.carried(KEY)
        return (*held, _last([] if self._blocks else "", response_metadata=metadata))

    def usage(self, raw: ChatGenerationChunk) -> Usage | None:
        """Return the token counts so far."""
        return self._count.add(getattr(raw.message, "usage_metadata", None))

    def refuse(self, response: Response) -> Sequence[ChatGenerationChunk]:
        """Return the last chunk with the refusal text."""
        fields = refusal_fields(response)
        if self._ended:  # core would add the two reasons up to one word
            del fields["response_metadata"]["finish_reason"]
        return (_last(**fields),)

    def error(self, response: Response) -> PolicyBlocked:
        """Return the block as an error of LangChain's too."""
        return blocked(response)

    def _pieces(self, tails: dict[Channel, str]) -> list[ChatGenerationChunk]:
        pieces = []
        for channel, text in tails.items():
            origin = self._origin.get(channel)
            fields: Any = fragment(*origin, text) if origin else {"content": text}
            pieces.append(ChatGenerationChunk(message=AIMessageChunk(**fields)))
        return pieces


def _calls(message: Any) -> bool:
    return bool(getattr(message, "tool_call_chunks", None))


def _says_why(raw: ChatGenerationChunk) -> bool:
    return "finish_reason" in {**(raw.generation_info or {}), **raw.message.response_metadata}


def _last(content: Any, **fields: Any) -> ChatGenerationChunk:
    message = AIMessageChunk(content=content, chunk_position="last", **fields)
    return ChatGenerationChunk(message=message)


def _with(
    raw: ChatGenerationChunk, message: BaseMessageChunk, text: str | None = None
) -> ChatGenerationChunk:
    """Return `raw` around another message, whose text is `text` where that is known."""
    if message is raw.message:
        return raw
    update: dict[str, Any] = {"message": message}
    update["text"] = ChatGenerationChunk(message=message).text if text is None else text
    if raw.generation_info and "logprobs" in raw.generation_info:
        update["generation_info"] = without_logprobs(raw.generation_info)
    return raw.model_copy(update=update)
