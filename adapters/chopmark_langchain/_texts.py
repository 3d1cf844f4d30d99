"""The shapes of what passes a step in a chain: text, or messages and their chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, BaseMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from chopmark import Chunk, PolicyBlocked, RequestError, Response, Usage

from ._blocked import refusal_fields
from ._bypass import blocked
from ._chunks import ChunkShape
from ._results import ResultShape


class PassedShape:
    """Something that is no answer: it passes as it is."""

    def read(self, raw: Any) -> Sequence[Chunk]:
        """Return nothing."""
        return ()

    def write(self, raw: Any, texts: Sequence[str], tails: Sequence[Chunk]) -> Sequence[Any]:
        """Return what came."""
        return (raw,)

    def tail(self, tails: Sequence[Chunk]) -> Sequence[Any]:
        """Return nothing."""
        return ()

    def seal(self, held: Sequence[Any], response: Response) -> Sequence[Any]:
        """Return what was held."""
        return held

    def usage(self, raw: Any) -> Usage | None:
        """Return None."""
        return None

    def refuse(self, response: Response) -> Sequence[Any]:
        """Return the refusal text."""
        return (response.refusal,)

    def error(self, response: Response) -> PolicyBlocked:
        """Return the block as an error of LangChain's too."""
        return blocked(response)


class TextPieces(PassedShape):
    """Text, whole or in pieces. It carries no metadata."""

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole

    def read(self, raw: str) -> Sequence[Chunk]:
        return (Chunk(raw, last=self._whole),)

    def write(self, raw: str, texts: Sequence[str], tails: Sequence[Chunk]) -> Sequence[str]:
        return (texts[0] + "".join(tail.text for tail in tails),)

    def tail(self, tails: Sequence[Chunk]) -> Sequence[str]:
        return [tail.text for tail in tails]


class TextOrMessageShape:
    """Text or messages, as the first piece shows.

    `message` says that a refusal is a message where no piece came before it.
    """

    def __init__(self, *, whole: bool, message: bool = False) -> None:
        self._whole, self._message = whole, message
        self._inner: Any = None
        self._seen: Any = str
        self._wrapped: Any = None

    def read(self, raw: Any) -> Sequence[Chunk]:
        """Return the texts of one piece.

        Raises:
            RequestError: it is neither text nor a message.
        """
        if self._inner is None:
            self._begin(raw)
        self._wrapped = self._wrap(raw)
        return self._inner.read(self._wrapped)  # type: ignore[no-any-return]

    def write(self, raw: Any, texts: Sequence[str], tails: Sequence[Chunk]) -> Sequence[Any]:
        """Return the piece with its new texts."""
        return self._unwrapped(self._inner.write(self._wrapped, texts, tails))

    def tail(self, tails: Sequence[Chunk]) -> Sequence[Any]:
        """Return the tails as pieces."""
        return self._unwrapped(self._inner.tail(tails))

    def seal(self, held: Sequence[Any], response: Response) -> Sequence[Any]:
        """Return the last pieces, with the metadata where they are messages."""
        if self._inner is None:
            return held
        return self._unwrapped(self._inner.seal([self._wrap(raw) for raw in held], response))

    def usage(self, raw: Any) -> Usage | None:
        """Return the token counts of messages."""
        if self._inner is None:
            self._begin(raw)
        return self._inner.usage(self._wrap(raw))  # type: ignore[no-any-return]

    def refuse(self, response: Response) -> Sequence[Any]:
        """Return the refusal in the form of what came before it."""
        if self._inner is not None:
            return self._unwrapped(self._inner.refuse(response))
        if not self._message:
            return (response.refusal,)
        fields = refusal_fields(response)
        if self._whole:
            return (AIMessage(**fields),)
        return (AIMessageChunk(chunk_position="last", **fields),)

    def error(self, response: Response) -> PolicyBlocked:
        """Return the block as an error of LangChain's too."""
        return blocked(response)

    def _begin(self, raw: Any) -> None:
        if isinstance(raw, str):
            self._inner = TextPieces(whole=self._whole)
        elif isinstance(raw, BaseMessageChunk):
            self._inner, self._seen = ChunkShape(), BaseMessageChunk
        elif isinstance(raw, BaseMessage):
            self._inner, self._seen = ResultShape(), BaseMessage
        else:
            raise RequestError(
                f"a guarded step of a chain got {type(raw).__name__}, not text or a message; put "
                "it before the parser, or guard the model: guard(model, chop)"
            )

    def _wrap(self, raw: Any) -> Any:
        if not isinstance(raw, self._seen):
            raise RequestError(
                f"a guarded step of a chain got {type(raw).__name__} after {self._seen.__name__}; "
                "its pieces must be of one kind"
            )
        if self._seen is BaseMessageChunk:
            return ChatGenerationChunk(message=raw)
        if self._seen is BaseMessage:
            return ChatResult(generations=[ChatGeneration(message=raw)])
        return raw

    def _unwrapped(self, pieces: Sequence[Any]) -> Sequence[Any]:
        if self._seen is BaseMessageChunk:
            return [piece.message for piece in pieces]
        if self._seen is BaseMessage:
            return [piece.generations[0].message for piece in pieces]
        return pieces
